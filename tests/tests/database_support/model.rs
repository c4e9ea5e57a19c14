//! A small model of what a binding has to do, and a life in which everything happens in every order.
//!
//! The model must not know how tables and bindings are made: it keeps plain maps and lists, and looks things
//! up by going through all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use ksync_runtime::database::{Change, ListenerId, Verdict, Walk};
use ksync_runtime::engine::machine::State;

use super::{Ground, Row, UNLUCKY};

#[derive(Default)]
struct Model {
    rows: BTreeMap<u32, Row>,
    /// Rows that the binding was told of, and not told that they are gone.
    known: BTreeSet<u32>,
    /// What it is still to be told.
    news: Vec<u32>,
    in_use: BTreeMap<u32, u32>,
    queued: BTreeMap<u32, Vec<u32>>,
    departing: BTreeMap<u32, u32>,
    /// What the engine must hold.
    held: BTreeMap<u32, u32>,
    refused: BTreeSet<u32>,
}

impl Model {
    fn write(&mut self, row: Row) {
        if !self.news.contains(&row.key) {
            self.news.push(row.key);
        }
        self.rows.insert(row.key, row);
    }

    fn delete(&mut self, key: u32) -> bool {
        let was_there = self.rows.remove(&key).is_some();
        if was_there && !self.known.contains(&key) {
            self.news.retain(|other| *other != key);
        } else if was_there && !self.news.contains(&key) {
            self.news.push(key);
        }
        was_there
    }

    fn deliver_one(&mut self) {
        if self.news.is_empty() {
            return;
        }
        let key = self.news.remove(0);
        let Some(row) = self.rows.get(&key).cloned() else {
            self.known.remove(&key);
            return self.leave(key, true);
        };
        self.known.insert(key);
        match row.verdict {
            Verdict::Ignore => {}
            Verdict::Delete => self.leave(key, true),
            Verdict::DeleteAdd => {
                self.leave(key, false);
                self.join(key, row.entry);
            }
            Verdict::Accept => {
                if self.home(key).is_some_and(|home| home != row.entry) {
                    self.leave(key, false);
                }
                self.join(key, row.entry);
            }
        }
    }

    fn home(&self, key: u32) -> Option<u32> {
        let in_use = self.in_use.iter().find(|(_, row)| **row == key).map(|(entry, _)| *entry);
        in_use.or_else(|| self.queued.iter().find(|(_, rows)| rows.contains(&key)).map(|(entry, _)| *entry))
    }

    /// The row belongs to its entry no longer: it is gone, or goes elsewhere.
    fn leave(&mut self, key: u32, gone: bool) {
        if !gone {
            self.departing.retain(|_, row| *row != key);
        }
        let Some(entry) = self.home(key) else {
            return;
        };
        self.queued.entry(entry).or_default().retain(|row| *row != key);
        if self.in_use.get(&entry) != Some(&key) {
            return;
        }
        self.in_use.remove(&entry);
        self.refused.remove(&entry);
        if gone && self.held.contains_key(&entry) {
            self.departing.insert(entry, key);
        }
        let next = self.queued[&entry].iter().copied().find(|row| {
            self.rows.get(row).is_some_and(|row| row.entry == entry && row.verdict != Verdict::Delete)
        });
        match next {
            Some(next) => self.bring_in(next, entry),
            None => drop(self.held.remove(&entry)),
        }
    }

    fn join(&mut self, key: u32, entry: u32) {
        match self.in_use.get(&entry) {
            Some(other) if *other != key => {
                self.departing.retain(|_, row| *row != key);
                let queue = self.queued.entry(entry).or_default();
                if !queue.contains(&key) {
                    queue.push(key);
                }
            }
            _ => self.bring_in(key, entry),
        }
    }

    fn bring_in(&mut self, key: u32, entry: u32) {
        let takes_over = self.in_use.insert(entry, key) != Some(key);
        self.queued.entry(entry).or_default().retain(|row| *row != key);
        self.departing.retain(|_, row| *row != key);
        let value = self.rows[&key].value;
        if value != UNLUCKY {
            self.held.insert(entry, value);
            self.refused.remove(&entry);
            self.departing.remove(&entry);
        } else {
            self.refused.insert(entry);
            if takes_over {
                self.held.remove(&entry);
            }
        }
    }
}

/// Somebody who listens and keeps a copy.
struct Copyist {
    listener: ListenerId,
    walk: Option<Walk>,
    copy: BTreeMap<u32, Row>,
}

impl Copyist {
    fn new(ground: &mut Ground) -> Self {
        Copyist { listener: ground.rows.listen(), walk: Some(Walk::default()), copy: BTreeMap::new() }
    }

    fn listen(&mut self, ground: &mut Ground, budget: usize) -> bool {
        if let Some(walk) = &mut self.walk
            && !ground.rows.catch_up(self.listener, walk, budget)
        {
            self.walk = None;
        }
        let copy = &mut self.copy;
        let more = ground.rows.deliver(self.listener, budget, |change, row| {
            let known = match change {
                Change::Deleted => copy.remove(&row.key),
                Change::Added | Change::Changed => copy.insert(row.key, row.clone()),
            };
            assert_eq!(known.is_some(), change != Change::Added, "{change:?} of {row:?}");
        });
        more || self.walk.is_some()
    }
}

/// What happens follows from the seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % sides
    }

    fn row(&mut self) -> Row {
        let verdict = match self.roll(10) {
            0 => Verdict::Ignore,
            1 => Verdict::Delete,
            2 => Verdict::DeleteAdd,
            _ => Verdict::Accept,
        };
        let value = if self.roll(8) == 0 { UNLUCKY } else { self.roll(3) };
        Row { key: self.roll(6), entry: self.roll(3), value, verdict }
    }
}

/// Lives through a seed. Any broken rule panics. Returns what was sent to the kernel.
pub(crate) fn live(seed: u64, begin: Instant) -> Vec<String> {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut ground = Ground::at(begin);
    let mut model = Model::default();
    let mut copyist = Copyist::new(&mut ground);
    for _ in 0..80 {
        match dice.roll(10) {
            0..=2 => {
                let row = dice.row();
                ground.notify(row.clone());
                model.write(row);
            }
            3 => {
                let key = dice.roll(6);
                assert_eq!(ground.rows.delete(&key), model.delete(key));
            }
            4..=6 => {
                let budget = dice.roll(4);
                let more =
                    ground.binding.deliver(&mut ground.rows, &mut ground.engine, budget as usize, ground.now);
                (0..budget).for_each(|_| model.deliver_one());
                // The rows from before the binding are looked for in slices too, at the beginning.
                assert!(more || model.news.is_empty());
            }
            7 => drop(ground.send()),
            8 => ground.answer(),
            _ => match dice.roll(4) {
                0 => ground.refers(Some(dice.roll(3))),
                1 => ground.refers(None),
                2 => drop(copyist.listen(&mut ground, 2)),
                _ => {
                    ground.rows.unlisten(copyist.listener);
                    copyist = Copyist::new(&mut ground);
                }
            },
        }
        check(&mut ground, &mut model, &copyist);
    }
    while copyist.listen(&mut ground, 3) {}
    assert_eq!(copyist.copy, model.rows);
    ground.rows.unlisten(copyist.listener);
    if dice.roll(2) == 0 {
        end(&mut ground, &mut model);
    } else {
        go_away(&mut ground, &mut dice);
    }
    ground.sent()
}

fn has_let_go(ground: &Ground, entry: u32) -> bool {
    matches!(ground.state(entry), None | Some(State::Temp))
}

fn check(ground: &mut Ground, model: &mut Model, copyist: &Copyist) {
    ground.clean_up();
    model.departing.retain(|entry, _| !has_let_go(ground, *entry));
    let binding = &ground.binding;
    assert_eq!(binding.pending(&ground.rows), model.news.len());
    for entry in 0..3 {
        assert_eq!(ground.value(entry), model.held.get(&entry).copied(), "value of {entry}");
        assert_eq!(ground.in_use(entry), model.in_use.get(&entry).copied(), "in use for {entry}");
        let queued = model.queued.get(&entry).cloned().unwrap_or_default();
        assert_eq!(ground.queued(entry), queued, "queued for {entry}");
        assert_eq!(ground.departing(entry), model.departing.get(&entry).copied(), "departing from {entry}");
    }
    let refused: BTreeSet<u32> = binding.refused().map(|refused| refused.entry).collect();
    assert_eq!(refused, model.refused);
    let mut kept: BTreeSet<u32> =
        model.known.union(&copyist.copy.keys().copied().collect()).copied().collect();
    kept.extend(model.departing.values());
    kept.retain(|key| !model.rows.contains_key(key));
    assert_eq!(ground.rows.kept(), kept.len(), "rows that are kept");
    assert_eq!((ground.rows.len(), ground.engine.rejected()), (model.rows.len(), 0));
}

/// All rows go, and nothing is left anywhere.
fn end(ground: &mut Ground, model: &mut Model) {
    for key in 0..6 {
        ground.rows.delete(&key);
        model.delete(key);
    }
    ground.refers(None);
    ground.settle();
    assert!((0..3).all(|entry| ground.state(entry).is_none()));
    assert_eq!((ground.binding.entries(), ground.binding.leaving(), ground.rows.kept()), (0, 0, 0));
    assert_eq!(ground.binding.poll_refused(), None);
}

/// The table of entries goes, while rows come and go.
fn go_away(ground: &mut Ground, dice: &mut Dice) {
    ground.engine.delete_all::<super::Thing>();
    for _ in 0..20 {
        match dice.roll(5) {
            0 => ground.notify(dice.row()),
            1 => drop(ground.rows.delete(&dice.roll(6))),
            2 => drop(ground.send()),
            3 => ground.answer(),
            _ => {
                ground.binding.deliver(&mut ground.rows, &mut ground.engine, 1, ground.now);
            }
        }
    }
    ground.refers(None);
    ground.settle();
    assert_eq!(ground.engine.poll_empty(), Some("Thing"));
    assert_eq!((ground.binding.entries(), ground.binding.leaving(), ground.rows.kept()), (0, 0, 0));
}
