//! Small worlds to the end: everything that can happen in them, in every order.
//!
//! The search goes breadth first, so what it finds comes with the shortest story. An engine can't be copied, so
//! a world is reached by living through the actions that lead to it; a fingerprint tells whether it was reached
//! before. Nothing here knows how the engine comes to its decisions.

mod kinds;
mod world;

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

pub use kinds::{Flushing, Kept, Kind, Lone, Numbered, Plain, Scarce, Wish};
pub use world::{Action, Manner, World};

/// A kind of small world, and how far it is explored.
#[derive(Clone, Debug)]
pub struct Plan<T> {
    /// What it is called.
    pub name: &'static str,
    /// Key → what the user may wish for.
    pub wishes: Vec<(u32, Vec<Wish>)>,
    /// The first wishes are there, and in sync, when the story begins. Otherwise it begins with nothing.
    pub settled: bool,
    /// How many things the user does.
    pub users_actions: u32,
    /// How many things go wrong.
    pub faults: u32,
    /// The kind.
    pub kind: PhantomData<T>,
}

/// How much was explored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Explored {
    /// Worlds that differ.
    pub states: usize,
    /// Steps between them.
    pub transitions: usize,
    /// Worlds at rest: from each of them everything was removed, too.
    pub at_rest: usize,
    /// The most steps that lead to a world that was not reached with fewer.
    pub depth: usize,
}

impl fmt::Display for Explored {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explored { states, transitions, at_rest, depth } = self;
        write!(out, "{states} states, {transitions} transitions, {at_rest} at rest, {depth} deep")
    }
}

/// A rule that was broken, and the shortest story that leads there.
#[derive(Clone, Debug)]
pub struct Broken {
    /// The rule.
    pub rule: String,
    /// What happened.
    pub story: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}\nthe story:\n{}", self.rule, self.story)
    }
}

/// A search that is greater than this is a mistake in the bounds.
const MOST_STATES: usize = 3_000_000;

/// How many timers run out before what is on its way is answered: answers are a thousand times faster.
const MOST_WAITS: u32 = 2;

/// How many worlds are kept alive at a time.
const MOST_ALIVE: usize = 2000;

/// A world that was reached.
struct Reached {
    from: u32,
    action: Option<Action>,
    depth: u16,
    users_actions: u32,
    faults: u32,
    waits: u32,
}

impl<T: Kind> Plan<T> {
    fn keys(&self) -> Vec<u32> {
        self.wishes.iter().map(|(key, _)| *key).collect()
    }

    fn begin(&self, begin: Instant, story: bool) -> Result<World<T>, Broken> {
        let mut world = World::new(begin);
        if story {
            world.tell_story();
        }
        let prepared = if self.settled {
            self.wishes
                .iter()
                .filter_map(|(key, wishes)| Some(Action::Set(*key, *wishes.first()?)))
                .try_for_each(|action| world.act(action))
                .and_then(|()| world.rest())
                .and_then(|()| world.check_at_rest())
        } else {
            Ok(())
        };
        match prepared {
            Ok(()) => Ok(world),
            Err(rule) => Err(Broken { rule, story: world.story() }),
        }
    }

    /// The actions that lead to a world.
    fn path(reached: &[Reached], mut at: usize) -> Vec<Action> {
        let mut path = Vec::new();
        while let Some(action) = reached[at].action {
            path.push(action);
            at = reached[at].from as usize;
        }
        path.reverse();
        path
    }

    fn live(&self, begin: Instant, path: &[Action]) -> Result<World<T>, Broken> {
        let mut world = self.begin(begin, false)?;
        for action in path {
            if let Err(rule) = world.act_unchecked(*action) {
                return Err(self.broken(begin, path, rule));
            }
        }
        Ok(world)
    }

    /// Lives through it once more, and tells.
    fn broken(&self, begin: Instant, path: &[Action], rule: String) -> Broken {
        let mut world = match self.begin(begin, true) {
            Ok(world) => world,
            Err(broken) => return broken,
        };
        for action in path {
            if world.act(*action).is_err() {
                break;
            }
        }
        let end = if path.is_empty() || world.is_at_rest() { world.end().err() } else { None };
        let rule = end.filter(|end| *end != rule).map_or(rule.clone(), |end| format!("{rule}; {end}"));
        Broken { rule, story: world.story() }
    }

    fn possible(&self, world: &World<T>, users_actions: u32, faults: u32) -> Vec<Action> {
        let mut actions = world.possible(faults > 0);
        if users_actions > 0 {
            for (key, wishes) in &self.wishes {
                let now = world.declared().get(key);
                let others = wishes.iter().filter(|wish| now != Some(wish));
                actions.extend(others.map(|wish| Action::Set(*key, *wish)));
                if now.is_some() {
                    actions.push(Action::Remove(*key));
                }
            }
        }
        actions
    }

    /// Explores all that can happen.
    ///
    /// # Errors
    /// The rule that was broken first, with the shortest story.
    pub fn explore(&self, begin: Instant) -> Result<Explored, Broken> {
        let keys = self.keys();
        let mut known: HashMap<(u64, u32, u32, u32), u32> = HashMap::new();
        let (users_actions, faults) = (self.users_actions, self.faults);
        let mut reached =
            vec![Reached { from: 0, action: None, depth: 0, users_actions, faults, waits: MOST_WAITS }];
        // World → those that follow when nothing goes wrong and the user does nothing.
        let mut fair: Vec<Vec<u32>> = vec![Vec::new()];
        let mut explored = Explored { states: 1, ..Explored::default() };
        // Worlds that wait for their turn as they are, so that they need not be lived through once more.
        let mut alive: HashMap<usize, World<T>> = HashMap::new();
        let mut at = 0;
        while at < reached.len() {
            if reached.len() > MOST_STATES {
                let rule = format!("more than {MOST_STATES} states: the bounds are too wide");
                return Err(Broken { rule, story: format!("{explored}") });
            }
            let path = Self::path(&reached, at);
            let mut first = match alive.remove(&at) {
                Some(world) => Some(world),
                None => Some(self.live(begin, &path)?),
            };
            let Some(world) = &first else { break };
            let Reached { depth, users_actions, faults, waits, .. } = reached[at];
            let actions = self.possible(world, users_actions, faults);
            let busy = !actions
                .iter()
                .all(|action| action.is_users() || action.is_fault() || *action == Action::Wait);
            if world.is_at_rest() {
                explored.at_rest += 1;
                let mut last = self.live(begin, &path)?;
                if let Err(rule) = last.check_at_rest().and_then(|()| last.end()) {
                    return Err(self.broken(begin, &path, rule));
                }
            }
            for action in &actions {
                let slow = *action == Action::Wait && busy;
                if slow && waits == 0 {
                    continue;
                }
                let mut world = match first.take() {
                    Some(world) => world,
                    None => self.live(begin, &path)?,
                };
                if let Err(rule) = world.act(*action) {
                    let path: Vec<Action> = path.iter().chain([action]).copied().collect();
                    return Err(self.broken(begin, &path, rule));
                }
                explored.transitions += 1;
                let users_actions = users_actions - u32::from(action.is_users());
                let faults = faults - u32::from(action.is_fault());
                let waits = waits - u32::from(slow);
                let known_before = reached.len();
                let mark = (world.fingerprint(&keys), users_actions, faults, waits);
                let next = *known.entry(mark).or_insert_with(|| {
                    let action = Some(*action);
                    explored.states += 1;
                    explored.depth = explored.depth.max(usize::from(depth) + 1);
                    reached.push(Reached {
                        from: at as u32,
                        action,
                        depth: depth + 1,
                        users_actions,
                        faults,
                        waits,
                    });
                    fair.push(Vec::new());
                    reached.len() as u32 - 1
                });
                if next as usize == known_before && alive.len() < MOST_ALIVE {
                    alive.insert(next as usize, world);
                }
                if !action.is_users() && !action.is_fault() && !slow {
                    fair[at].push(next);
                }
            }
            at += 1;
        }
        if let Some(at) = circle(&fair) {
            let rule = "it goes round in circles and never comes to rest".to_owned();
            return Err(self.broken(begin, &Self::path(&reached, at), rule));
        }
        Ok(explored)
    }
}

/// A world that leads back to itself.
fn circle(next: &[Vec<u32>]) -> Option<usize> {
    let mut incoming = vec![0u32; next.len()];
    for to in next.iter().flatten() {
        incoming[*to as usize] += 1;
    }
    let mut free: Vec<usize> = (0..next.len()).filter(|at| incoming[*at] == 0).collect();
    while let Some(at) = free.pop() {
        for to in &next[at] {
            incoming[*to as usize] -= 1;
            if incoming[*to as usize] == 0 {
                free.push(*to as usize);
            }
        }
    }
    incoming.iter().position(|count| *count > 0)
}
