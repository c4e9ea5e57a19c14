//! A small world: a real engine, a model of a kernel, and the answers that are on their way between them.
//!
//! It does one [`Action`] at a time and checks the rules of the engine after each. It drives the engine by its
//! public face, and reads what the engine writes from the bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::time::Instant;

use bytes::BytesMut;
use ksync_runtime::declare::{ErrorClass, IndexSource, OperationError, Progress, Verb};
use ksync_runtime::engine::machine::{Event, State};
use ksync_runtime::engine::{Action as Asked, Engine, Failure, Operation, Outcome, RetryPolicy};
use ksync_runtime::wire::{AttributeList, Messages, Request};

use super::kinds::{Kind, NOT_IN_PLACE, Wish};

const ENOENT: i32 = 2;
const EBUSY: i32 = 16;
const EEXIST: i32 = 17;
const ENODEV: i32 = 19;
const EINVAL: i32 = 22;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// The user declares an entry, or gives it another value.
    Set(u32, Wish),
    /// The user takes an entry back.
    Remove(u32),
    /// The engine hands out an operation, and the kernel acts on it.
    HandOut(Manner),
    /// The answer to the operation on that entry arrives.
    Answer(u32),
    /// The answer to the operation on that entry is lost.
    Mislay(u32),
    /// The kernel drops an object by itself, and says so.
    Drop(u32),
    /// Time passes until the next timer runs out.
    Wait,
}

/// How the kernel takes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Good,
    /// It is busy: `EBUSY`.
    Busy,
    /// It does not want it: `EINVAL`.
    Refuse,
}

impl Action {
    /// Whether it is something that goes wrong.
    #[must_use]
    pub fn is_fault(self) -> bool {
        matches!(self, Action::HandOut(Manner::Busy | Manner::Refuse) | Action::Mislay(_) | Action::Drop(_))
    }

    /// Whether it is something that the user does.
    #[must_use]
    pub fn is_users(self) -> bool {
        matches!(self, Action::Set(..) | Action::Remove(_))
    }
}

/// An object of the model kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Object {
    index: u32,
    value: u32,
    fixed: u32,
    /// Indexes.
    refers_to: [Option<u32>; 2],
}

/// An operation that left the engine. The kernel acted on it; the answer is on its way.
#[derive(Clone, Debug)]
struct InFlight {
    operation: Operation,
    answer: Result<Option<u32>, i32>,
}

/// What the engine wrote.
struct Written {
    key: u32,
    flags: u16,
    index: Option<u32>,
    value: u32,
    fixed: u32,
    refers_to: [Option<u32>; 2],
}

/// What the engine knows of an entry and shows to nobody, as far as it matters for what comes next: a digest of
/// what it follows from. As long as no answer was lost and none is awaited, it follows from what can be seen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Trail {
    /// All that happened since the kernel's object was last beyond doubt.
    digest: u64,
    /// Since then an answer was lost, or something was lost while an answer was on its way.
    doubtful: bool,
    /// Something was lost while the answer that is awaited is on its way.
    shaken: bool,
    /// Which of the entry's dependencies came into step while it waited.
    came: BTreeSet<u32>,
}

fn digest(of: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

impl Trail {
    fn note(&mut self, what: impl Hash) {
        self.digest = digest((self.digest, what));
    }
}

/// A small world of entries of one kind.
pub struct World<T> {
    engine: Engine,
    now: Instant,
    kernel: BTreeMap<u32, Object>,
    /// The last number that the kernel gave out, where it does.
    last_index: u32,
    declared: BTreeMap<u32, Wish>,
    in_flight: BTreeMap<u32, InFlight>,
    /// What the engine was told that the kernel accepted, and was not told that it is gone.
    accepted: BTreeSet<u32>,
    /// What went with a deleted object → which object that was. Nobody told the engine yet.
    flushed: BTreeMap<u32, u32>,
    trails: BTreeMap<u32, Trail>,
    /// Whose delete is sent again, because its answer was lost.
    resent: BTreeSet<u32>,
    /// The order in which operations were queued, first fresh ones, then retries.
    lanes: [Vec<u32>; 2],
    story: Option<String>,
    kind: PhantomData<T>,
}

impl<T: Kind> World<T> {
    /// An empty world.
    ///
    /// # Panics
    /// Never: there is room for one kind.
    #[must_use]
    pub fn new(begin: Instant) -> Self {
        let mut engine = Engine::new(RetryPolicy::default());
        engine.register::<T>().expect("room for one kind");
        engine.watch(true);
        World {
            engine,
            now: begin,
            kernel: BTreeMap::new(),
            last_index: 0,
            declared: BTreeMap::new(),
            in_flight: BTreeMap::new(),
            accepted: BTreeSet::new(),
            flushed: BTreeMap::new(),
            trails: BTreeMap::new(),
            resent: BTreeSet::new(),
            lanes: [Vec::new(), Vec::new()],
            story: None,
            kind: PhantomData,
        }
    }

    /// From now on all that happens is written down.
    pub fn tell_story(&mut self) {
        self.story = Some(String::new());
    }

    /// What happened since [`tell_story`](Self::tell_story), and how things stand.
    #[must_use]
    pub fn story(&self) -> String {
        let mut text = self.story.clone().unwrap_or_default();
        let _ = writeln!(text, "{self:?}");
        text
    }

    /// What is declared.
    #[must_use]
    pub fn declared(&self) -> &BTreeMap<u32, Wish> {
        &self.declared
    }

    /// What can happen next without the user: `faults` says whether things may go wrong.
    #[must_use]
    pub fn possible(&self, faults: bool) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.engine.queued() > 0 {
            actions.push(Action::HandOut(Manner::Good));
            if faults {
                actions.extend([Action::HandOut(Manner::Busy), Action::HandOut(Manner::Refuse)]);
            }
        }
        for key in self.in_flight.keys() {
            actions.push(Action::Answer(*key));
            if faults {
                actions.push(Action::Mislay(*key));
            }
        }
        if faults {
            actions.extend(self.kernel.keys().copied().map(Action::Drop));
        }
        if self.engine.next_timeout().is_some() {
            actions.push(Action::Wait);
        }
        actions
    }

    /// Does something, lets the engine do what follows, and checks the rules.
    ///
    /// # Errors
    /// The rule that was broken.
    pub fn act(&mut self, action: Action) -> Result<(), String> {
        self.act_unchecked(action)?;
        self.check()
    }

    /// As [`act`](Self::act), for what was lived through, and checked, before.
    ///
    /// # Errors
    /// What the engine should not have handed out.
    pub fn act_unchecked(&mut self, action: Action) -> Result<(), String> {
        self.tell(|| format!("{action:?}"));
        match action {
            Action::Set(key, wish) => {
                self.declared.insert(key, wish);
                self.note(key, wish);
                self.engine.set(T::make(key, wish), self.now).map_err(|error| error.to_string())?;
            }
            Action::Remove(key) => {
                let was_declared = self.declared.remove(&key).is_some();
                self.note(key, "removed");
                if self.engine.remove::<T>(&key, self.now) != was_declared {
                    return Err(format!("{key}: declared or not?"));
                }
            }
            Action::HandOut(manner) => self.hand_out(manner)?,
            Action::Answer(key) => self.answer(key, false),
            Action::Mislay(key) => self.answer(key, true),
            Action::Drop(key) => {
                let victims = self.remove_object(key);
                for victim in std::iter::once(key).chain(victims) {
                    // What goes with it while an operation is on its way may come back by that.
                    if victim == key || !self.in_flight.contains_key(&victim) {
                        self.accepted.remove(&victim);
                    }
                    self.flushed.remove(&victim);
                }
                self.shake(key);
                self.engine.handle_lost::<T>(&key, self.now);
            }
            Action::Wait => {
                self.now = self.engine.next_timeout().unwrap_or(self.now).max(self.now);
                self.engine.handle_timeout(self.now);
            }
        }
        let mut slices = 0;
        while self.engine.work(16, self.now) {
            slices += 1;
            if slices > 1000 {
                return Err("the work does not end".to_owned());
            }
        }
        self.follow();
        Ok(())
    }

    /// The engine hands out an operation, and the kernel acts on it.
    fn hand_out(&mut self, manner: Manner) -> Result<(), String> {
        let Some(operation) = self.engine.next_operation(self.now) else {
            return Ok(());
        };
        let mut bytes = BytesMut::new();
        let progress = self.engine.write(operation, Request::new(&mut bytes, 1, 1));
        if progress != Ok(Progress::Pending) {
            return Err(format!("{operation:?} was not written: {progress:?}"));
        }
        let written = decode(&bytes).ok_or("an unreadable message")?;
        let key = written.key;
        self.tell(|| format!("   {:?} {key}, index {:?}", operation.action, written.index));
        let sent = (format!("{:?}", operation.action), self.declared.get(&key).copied());
        let trail = self.trails.entry(key).or_default();
        trail.shaken = false;
        trail.note(sent);
        for lane in &mut self.lanes {
            if let Some(at) = lane.iter().position(|queued| *queued == key) {
                lane.drain(..=at);
                break;
            }
        }
        if self.in_flight.values().any(|other| other.operation.entry == operation.entry) {
            return Err(format!("{key}: two operations are outstanding"));
        }
        self.check_order(operation, &written)?;
        let answer = match manner {
            Manner::Good => self.kernel_acts(operation, &written)?,
            Manner::Busy => Err(EBUSY),
            Manner::Refuse => Err(EINVAL),
        };
        self.in_flight.insert(key, InFlight { operation, answer });
        Ok(())
    }

    /// Nothing is sent before what it needs is there, or deleted while it is needed.
    fn check_order(&self, operation: Operation, written: &Written) -> Result<(), String> {
        let key = written.key;
        match operation.action {
            Asked::Write(Verb::Add | Verb::Change) => {
                let wish = self.declared.get(&key);
                let needs: Vec<u32> = wish.into_iter().flat_map(Wish::needs).collect();
                let numbers: Vec<u32> = written.refers_to.into_iter().flatten().collect();
                if wish.is_none() || needs.len() != numbers.len() {
                    return Err(format!("{key} is sent with {numbers:?}, and declared is {wish:?}"));
                }
                for (need, number) in needs.into_iter().zip(numbers) {
                    if !self.accepted.contains(&need) {
                        return Err(format!("{key} is sent before {need} is accepted"));
                    }
                    if self.engine.index::<T>(&need) != Some(number) {
                        return Err(format!("{key} is sent with {number}, which is not {need}"));
                    }
                }
            }
            Asked::Write(Verb::Delete) => {
                // A delete that an add follows is sent whoever refers to it, and again, as it was, if its answer
                // was lost.
                let renewal =
                    self.engine.state::<T>(&key) == Some(State::RenewWait) || self.resent.contains(&key);
                let index = self.kernel.get(&key).map(|object| object.index);
                let user = self
                    .kernel
                    .iter()
                    .find(|(_, object)| index.is_some() && object.refers_to.contains(&index))
                    .map(|(user, _)| *user);
                if let Some(user) = user
                    && !renewal
                {
                    return Err(format!("{key} is deleted, and {user} in the kernel refers to it"));
                }
            }
            Asked::Lookup => {}
        }
        Ok(())
    }

    /// What the kernel does.
    fn kernel_acts(
        &mut self,
        operation: Operation,
        written: &Written,
    ) -> Result<Result<Option<u32>, i32>, String> {
        let key = written.key;
        let held = self.kernel.get(&key).copied();
        let verb = match operation.action {
            Asked::Write(verb) => verb,
            Asked::Lookup => return Ok(held.map(|object| Some(object.index)).ok_or(ENOENT)),
        };
        if verb == Verb::Delete {
            if held.is_none() {
                return Ok(Err(ENOENT));
            }
            for victim in self.remove_object(key) {
                self.tell(|| format!("   {victim} goes with it"));
                self.flushed.insert(victim, key);
            }
            return Ok(Ok(None));
        }
        let known = |index: &u32| self.kernel.values().any(|object| object.index == *index);
        if !written.refers_to.iter().flatten().all(known) {
            return Ok(Err(ENODEV));
        }
        const EXCL: u16 = 0x200;
        match (verb, held) {
            (Verb::Add, Some(_)) if written.flags & EXCL != 0 => return Ok(Err(EEXIST)),
            (Verb::Change, None) => return Ok(Err(ENOENT)),
            (Verb::Change, Some(object)) if object.fixed != written.fixed => {
                return Ok(Err(NOT_IN_PLACE));
            }
            _ => {}
        }
        let index = match (T::SCHEMA.index, held) {
            (IndexSource::Kernel, Some(object)) => object.index,
            (IndexSource::Kernel, None) => {
                self.last_index += 1;
                self.last_index
            }
            _ => written.index.ok_or_else(|| format!("{key} is sent without an index"))?,
        };
        if self.kernel.iter().any(|(other, object)| *other != key && object.index == index) {
            return Err(format!("{key} is sent with index {index}, which another one has"));
        }
        let Written { value, fixed, refers_to, .. } = *written;
        self.kernel.insert(key, Object { index, value, fixed, refers_to });
        // Which number it has is told to those who ask for it.
        Ok(Ok(None))
    }

    /// Takes an object out of the kernel, and what goes with it.
    fn remove_object(&mut self, key: u32) -> Vec<u32> {
        let mut victims = Vec::new();
        let mut gone: Vec<u32> = self.kernel.remove(&key).map(|object| object.index).into_iter().collect();
        while T::SCHEMA.flushes_dependents
            && let Some(index) = gone.pop()
        {
            self.kernel.retain(|user, object| {
                let refers = object.refers_to.contains(&Some(index));
                if refers {
                    victims.push(*user);
                    gone.push(object.index);
                }
                !refers
            });
        }
        victims
    }

    /// An answer reaches the engine, or is lost.
    fn answer(&mut self, key: u32, lost: bool) {
        let Some(InFlight { operation, answer }) = self.in_flight.remove(&key) else {
            return;
        };
        let outcome = match answer {
            _ if lost => Outcome::Unknown,
            Ok(index) => Outcome::Done { index },
            Err(errno) => Outcome::Failed(OperationError::kernel(errno, None, None)),
        };
        self.tell(|| format!("   {:?} {key}: {outcome:?}", operation.action));
        let trail = self.trails.entry(key).or_default();
        let known = match outcome {
            Outcome::Unknown => false,
            Outcome::Failed(_) => !trail.doubtful && !trail.shaken,
            Outcome::Done { .. } => !trail.shaken,
        };
        trail.doubtful = !known;
        if known {
            trail.digest = 0;
        }
        let lookup_follows =
            T::SCHEMA.index == IndexSource::Kernel && outcome == Outcome::Done { index: None };
        if !known || lookup_follows {
            trail.note(format!("{outcome:?}"));
        }
        match (operation.action, &outcome) {
            (Asked::Write(Verb::Add | Verb::Change), Outcome::Done { .. }) => {
                self.accepted.insert(key);
            }
            (Asked::Write(Verb::Delete), Outcome::Done { .. }) => self.told_gone(key),
            (Asked::Write(Verb::Add), Outcome::Failed(_)) => {
                self.accepted.remove(&key);
            }
            (_, Outcome::Failed(error)) if error.errno == ENOENT => self.told_gone(key),
            (Asked::Write(Verb::Delete), Outcome::Unknown) => {
                self.resent.insert(key);
                self.push(key, true);
            }
            _ => {}
        }
        if outcome != Outcome::Unknown {
            self.resent.remove(&key);
        }
        self.engine.handle_outcome(operation, outcome, self.now);
    }

    /// The engine learns that an object is gone, and can know what went with it.
    fn told_gone(&mut self, key: u32) {
        self.accepted.remove(&key);
        let (accepted, in_flight) = (&mut self.accepted, &self.in_flight);
        self.flushed.retain(|victim, with| {
            if *with == key && !in_flight.contains_key(victim) {
                accepted.remove(victim);
            }
            *with != key
        });
        self.shake(key);
    }

    /// News of a loss: what is not settled at that moment is touched by it in ways that nobody is told of.
    fn shake(&mut self, lost: u32) {
        for (key, trail) in &mut self.trails {
            trail.shaken |= self.in_flight.contains_key(key);
            if trail.shaken || trail.doubtful {
                trail.note(("lost", lost));
            }
        }
    }

    /// Notes what happened to an entry, if that leaves a trace that can't be seen.
    fn note(&mut self, key: u32, what: impl Hash) {
        let in_flight = self.in_flight.contains_key(&key);
        let trail = self.trails.entry(key).or_default();
        if in_flight || trail.doubtful {
            trail.note(what);
        }
    }

    fn push(&mut self, key: u32, retry: bool) {
        if !self.lanes.iter().any(|lane| lane.contains(&key)) {
            self.lanes[usize::from(retry)].push(key);
        }
    }

    /// Reads what the engine tells of its steps.
    fn follow(&mut self) {
        while let Some(transition) = self.engine.poll_transition() {
            self.tell(|| format!("   {transition}"));
            let key: u32 = transition.key.parse().unwrap_or(0);
            self.note(key, (transition.from, transition.event, transition.to));
            if transition.calls.last().is_some() {
                self.push(key, transition.event == Event::Retry);
            }
            for (user, wish) in &self.declared {
                if transition.to == State::InSync && wish.needs().any(|need| need == key) {
                    self.trails.entry(*user).or_default().came.insert(key);
                }
            }
        }
        for (key, trail) in &mut self.trails {
            match self.engine.state::<T>(key) {
                None => *trail = Trail::default(),
                Some(State::AddDefer | State::ChangeDefer) => {}
                Some(_) => trail.came.clear(),
            }
        }
    }

    /// The rules that hold at any time.
    fn check(&self) -> Result<(), String> {
        if self.engine.rejected() > 0 {
            return Err("an event came where it can't".to_owned());
        }
        // A delete whose answer was lost is sent again, and counts as outstanding all the while.
        let outstanding = self.in_flight.len()..=self.in_flight.len() + self.engine.queued();
        if !outstanding.contains(&self.engine.outstanding()) {
            return Err(format!("{} operations are said to be outstanding", self.engine.outstanding()));
        }
        for (key, wish) in &self.declared {
            let state = self.engine.state::<T>(key);
            if state.is_none_or(State::is_deleting) || state == Some(State::Temp) {
                return Err(format!("{key} is declared, and its state is {state:?}"));
            }
            let excused = self.flushed.contains_key(key) || self.rests_on_doubt(wish, self.declared.len());
            if state == Some(State::InSync) && !excused && !self.holds(*key, wish) {
                return Err(format!("{key} is said to be in sync, and the kernel holds something else"));
            }
        }
        let all = self.engine.counts::<T>();
        if all.in_state(State::Init) + all.in_state(State::Free) > 0 {
            return Err("an entry is left at its beginning or end".to_owned());
        }
        Ok(())
    }

    /// Whether something that the wish needs, at most `depth` steps away, is in doubt: with it, its users may
    /// be gone, and nobody can know before it was sent again.
    fn rests_on_doubt(&self, wish: &Wish, depth: usize) -> bool {
        depth > 0
            && wish.needs().any(|need| {
                let doubtful = self.trails.get(&need).is_some_and(|trail| trail.doubtful)
                    && self.engine.state::<T>(&need) != Some(State::InSync);
                let needed = self.declared.get(&need);
                doubtful || needed.is_some_and(|wish| self.rests_on_doubt(wish, depth - 1))
            })
    }

    /// Whether the kernel holds just this.
    fn holds(&self, key: u32, wish: &Wish) -> bool {
        let index = |key: &u32| self.kernel.get(key).map(|object| object.index);
        let known = |key: u32| {
            // A kernel that leaves users alone leaves them with the number of what is being renewed.
            index(&key).or_else(|| self.engine.index::<T>(&key))
        };
        self.kernel.get(&key).is_some_and(|object| {
            object.value == wish.value
                && object.fixed == wish.fixed
                && object.refers_to == [wish.first.map(known), wish.second.map(known)].map(Option::flatten)
                && self.engine.index::<T>(&key) == Some(object.index)
        })
    }

    /// Whether nothing will happen any more by itself.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.engine.is_idle() && self.engine.next_timeout().is_none()
    }

    /// Lets everything come to rest, with nothing going wrong.
    ///
    /// # Errors
    /// The rule that was broken, or that it does not come to rest.
    pub fn rest(&mut self) -> Result<(), String> {
        for _ in 0..500 {
            let Some(action) = self.possible(false).first().copied() else {
                return if self.is_at_rest() { Ok(()) } else { Err("it rests and is not idle".to_owned()) };
            };
            self.act(action)?;
        }
        Err("it does not come to rest".to_owned())
    }

    fn failure(&self, key: u32) -> Option<Failure> {
        self.engine.why::<T>(&key)?.chain.into_iter().next()?.failure
    }

    /// Whether nothing keeps the entry from the kernel: all that it needs is declared, in no circle, has a
    /// number, and was not refused for good.
    fn can_be_there(&self, key: u32, on_the_way: &mut Vec<u32>) -> bool {
        let Some(wish) = self.declared.get(&key) else { return false };
        if on_the_way.contains(&key) || self.failure(key).is_some() {
            return false;
        }
        if T::SCHEMA.index != IndexSource::Kernel && self.engine.index::<T>(&key).is_none() {
            return false;
        }
        on_the_way.push(key);
        let all = wish.needs().all(|need| self.can_be_there(need, on_the_way));
        on_the_way.pop();
        all
    }

    /// At rest the kernel holds what is declared and can be there, and nothing that nobody needs.
    ///
    /// # Errors
    /// What is missing, or left over.
    pub fn check_at_rest(&self) -> Result<(), String> {
        if self.kernel_has_circle() {
            // Nobody can take that apart without deleting something that is referred to.
            return Ok(());
        }
        for (key, wish) in &self.declared {
            let state = self.engine.state::<T>(key);
            if self.can_be_there(*key, &mut Vec::new())
                && (state != Some(State::InSync) || !self.holds(*key, wish))
            {
                return Err(format!("at rest {key} is {state:?} and not as declared"));
            }
            if let Some(failure) = self.failure(*key)
                && wish.needs().all(|need| self.can_be_there(need, &mut vec![*key]))
                && failure.class != ErrorClass::Refused
                && failure.class != ErrorClass::AlreadyThere
            {
                return Err(format!("at rest {key} has a failure that time would heal: {failure}"));
            }
        }
        // What is declared, what that names, and what these refer to in the kernel.
        let mut needed: BTreeSet<u32> = self.declared.keys().copied().collect();
        needed.extend(self.declared.values().flat_map(Wish::needs));
        loop {
            let known = needed.len();
            let objects = needed.iter().filter_map(|key| self.kernel.get(key));
            let indexes: BTreeSet<u32> = objects.flat_map(|object| object.refers_to).flatten().collect();
            let more = self.kernel.iter().filter(|(_, object)| indexes.contains(&object.index));
            needed.extend(more.map(|(key, _)| *key).collect::<Vec<_>>());
            if needed.len() == known {
                break;
            }
        }
        for key in self.kernel.keys().filter(|key| !needed.contains(key)) {
            // Somebody who is wanted and was refused may still refer to it, for all that the engine knows.
            let in_doubt = self.declared.keys().any(|user| self.failure(*user).is_some());
            if !in_doubt {
                return Err(format!("at rest {key} is left in the kernel, and nobody needs it"));
            }
        }
        Ok(())
    }

    /// Nothing goes wrong any more and what was refused is changed: all that can be there is there. Then
    /// everything is removed: nothing is left anywhere.
    ///
    /// # Errors
    /// What is not as it has to be.
    pub fn end(&mut self) -> Result<(), String> {
        for (key, wish) in self.declared.clone() {
            if self.failure(key).is_some() {
                self.act(Action::Set(key, Wish { value: wish.value + 10, ..wish }))?;
                self.act(Action::Set(key, wish))?;
            }
        }
        self.rest()?;
        self.check_at_rest()?;
        for (key, wish) in &self.declared {
            let complete = wish.needs().all(|need| self.can_be_there(need, &mut vec![*key]));
            if complete && self.failure(*key).is_some() {
                return Err(format!("{key} was changed, nothing goes wrong any more, and still it fails"));
            }
        }
        if self.kernel_has_circle() {
            return Ok(());
        }
        for key in self.declared.keys().copied().collect::<Vec<_>>() {
            self.act(Action::Remove(key))?;
        }
        self.rest()?;
        let left = self.engine.counts::<T>().total();
        if !self.kernel.is_empty() || left > 0 || self.engine.references() > 0 {
            return Err(format!(
                "in the end {left} entries and {} references are left",
                self.engine.references()
            ));
        }
        Ok(())
    }

    /// Whether objects in the kernel refer to each other in a circle: a change of one that is there can close it.
    fn kernel_has_circle(&self) -> bool {
        let mut left: Vec<Object> = self.kernel.values().copied().collect();
        loop {
            let before = left.len();
            let used: BTreeSet<u32> = left.iter().flat_map(|object| object.refers_to).flatten().collect();
            left.retain(|object| used.contains(&object.index));
            if left.len() == before {
                return before > 0;
            }
        }
    }

    /// A number that differs for worlds that can go on differently.
    #[must_use]
    pub fn fingerprint(&self, keys: &[u32]) -> u64 {
        let mut hasher = DefaultHasher::new();
        let failures: BTreeMap<u32, Failure> =
            keys.iter().filter_map(|key| Some((*key, self.failure(*key)?))).collect();
        let mut timers: Vec<(Instant, u32)> =
            failures.iter().filter_map(|(key, failure)| Some((failure.retry_at?, *key))).collect();
        timers.sort_unstable();
        for (_, key) in timers {
            key.hash(&mut hasher);
        }
        // A number that the kernel gives out matters by who has it, not by how great it is.
        let relative = |index: u32| match T::SCHEMA.index {
            IndexSource::Kernel => {
                self.kernel.iter().find(|(_, object)| object.index == index).map_or(0, |(key, _)| *key)
            }
            _ => index,
        };
        for key in keys {
            (key, self.engine.state::<T>(key)).hash(&mut hasher);
            self.engine.index::<T>(key).map(relative).hash(&mut hasher);
            self.trails.get(key).hash(&mut hasher);
            failures.get(key).map(|failure| (failure.verb, failure.error.errno)).hash(&mut hasher);
            self.declared.get(key).hash(&mut hasher);
            self.kernel
                .get(key)
                .map(|object| Object {
                    index: relative(object.index),
                    refers_to: object.refers_to.map(|index| index.map(relative)),
                    ..*object
                })
                .hash(&mut hasher);
            self.in_flight
                .get(key)
                .map(|flight| {
                    let action = match flight.operation.action {
                        Asked::Write(verb) => Some(verb),
                        Asked::Lookup => None,
                    };
                    (action, flight.answer.map(|index| index.map(relative)))
                })
                .hash(&mut hasher);
        }
        (&self.accepted, &self.flushed, &self.resent, &self.lanes, self.engine.queued()).hash(&mut hasher);
        self.engine.references().hash(&mut hasher);
        hasher.finish()
    }

    fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            let _ = writeln!(story, "{}", line());
        }
    }
}

impl<T: Kind> fmt::Debug for World<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "kernel    {:?}", self.kernel)?;
        writeln!(out, "declared  {:?}", self.declared)?;
        writeln!(out, "in flight {:?}", self.in_flight)?;
        for why in self.engine.unsettled(10).0 {
            writeln!(out, "{why}")?;
        }
        Ok(())
    }
}

fn decode(bytes: &[u8]) -> Option<Written> {
    let message = Messages::new(bytes).next()?.ok()?;
    let list = AttributeList::parse(message.body).ok()?;
    let number = |nla| Some(u32::from_ne_bytes(list.get(nla)?.try_into().ok()?));
    Some(Written {
        key: number(1)?,
        flags: message.flags,
        index: number(9),
        value: number(2).unwrap_or(0),
        fixed: number(3).unwrap_or(0),
        refers_to: [number(4), number(5)],
    })
}
