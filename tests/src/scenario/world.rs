//! The world of one scenario: an engine, and a kernel that answers what the script says.
//!
//! After every command the engine's work is done and what it hands out is taken, as a driver does it. It
//! drives the engine by its public face only, and judges nothing: that is
//! `check`'s part. Answers are in `answers`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use ksync_runtime::database::Verdict;
use ksync_runtime::declare::{OperationError, Progress};
use ksync_runtime::engine::machine::{Event, State};
use ksync_runtime::engine::{Action, Engine, Operation, Outcome, Sweep};
use ksync_runtime::wire::Request;

use super::kind::{Asked, Desk, NAMES, Need, Written, with_kind};
use super::rows::{self, Feed, Row};
use super::script::{Command, Entry, Needed, RowName, Script, Wish};

/// How many steps of an entry are remembered between two looks.
const DEPTH: usize = 64;

/// Why a command did not do what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The engine refused it. `expect refused` may follow.
    Refused(String),
    /// It makes no sense here.
    Senseless(String),
}

/// A step of the state machine.
pub type Transition = (State, Event, State);

/// An operation that was handed out, and what it wrote.
#[derive(Clone, Debug)]
pub(super) struct Handed {
    pub(super) operation: Operation,
    pub(super) written: Written,
}

impl Handed {
    pub(super) fn is_of(&self, entry: &Entry) -> bool {
        self.written.kind == entry.kind && self.written.key == entry.key
    }
}

/// The world of one scenario.
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Instant,
    pub(super) desk: Arc<Desk>,
    /// The database rows of every kind, by number.
    pub(super) feeds: Vec<Box<dyn Feed>>,
    output_held: bool,
    /// Handed out and not answered, the oldest first.
    pub(super) outstanding: Vec<Handed>,
    /// Answered, the oldest first.
    pub(super) answered: Vec<Handed>,
    /// Sent since the last `expect sent`.
    pub(super) sent: Vec<Written>,
    /// Tables told to be empty since the last `expect empty`.
    pub(super) emptied: Vec<String>,
    /// How many rejected events were expected so far.
    pub(super) rejected_before: u64,
    /// The next index that the kernel gives by itself, by kind.
    pub(super) next_index: BTreeMap<usize, u32>,
    /// All entries that the script named.
    named: BTreeSet<Entry>,
    /// What happened since the trace was taken last.
    happened: Vec<String>,
    /// The steps that the state machine made.
    pub(super) transitions: BTreeSet<Transition>,
}

pub(super) type Done = Result<(), Trouble>;

impl World {
    pub(super) fn new(script: &Script, begin: Instant) -> Result<Self, String> {
        let mut engine = Engine::new(script.policy);
        engine.watch(true);
        engine.keep_history(DEPTH);
        for (number, kind) in script.kinds.iter().enumerate() {
            with_kind!(number, K => engine.register_as::<K>(kind.schema()))
                .map_err(|error| error.to_string())?;
        }
        engine.check_dependencies().map_err(|error| error.to_string())?;
        Ok(World {
            engine,
            now: begin,
            feeds: (0..script.kinds.len()).map(rows::feed).collect(),
            desk: Arc::new(Desk::new(script.kinds.clone())),
            output_held: false,
            outstanding: Vec::new(),
            answered: Vec::new(),
            sent: Vec::new(),
            emptied: Vec::new(),
            rejected_before: 0,
            next_index: BTreeMap::new(),
            named: BTreeSet::new(),
            happened: Vec::new(),
            transitions: BTreeSet::new(),
        })
    }

    /// `Route r1`.
    pub(super) fn name(&self, entry: &Entry) -> String {
        format!("{} {}", self.desk.kinds[entry.kind].name, entry.key)
    }

    pub(super) fn name_of_kind(&self, kind: usize) -> &str {
        &self.desk.kinds[kind].name
    }

    /// A text of the runtime, with the names that the script gave.
    pub(super) fn in_words_of_script(&self, text: &str) -> String {
        NAMES
            .iter()
            .zip(&self.desk.kinds)
            .fold(text.to_owned(), |text, (name, kind)| text.replace(name, &kind.name))
    }

    fn refused(&self, error: &impl Display) -> Trouble {
        Trouble::Refused(self.in_words_of_script(&error.to_string()))
    }

    /// What happened since this was asked last, a line each.
    pub(super) fn take_happened(&mut self) -> Vec<String> {
        std::mem::take(&mut self.happened)
    }

    /// Does what a command says, and all that follows from it.
    pub(super) fn run(&mut self, command: &Command) -> Done {
        let done = self.act(command);
        self.drain();
        done
    }

    fn act(&mut self, command: &Command) -> Done {
        match command {
            Command::Set { entries, wish, change } => {
                self.each(entries, |world, entry| world.set(entry, wish, *change, false))
            }
            Command::Stale { entries, wish } => {
                self.each(entries, |world, entry| world.set(entry, wish, false, true))
            }
            Command::Remove(entries) => self.each(entries, Self::remove),
            Command::Renew(entries) => self.each(entries, Self::renew),
            Command::Hold(entries) => self.each(entries, |world, entry| {
                with_kind!(entry.kind, K => world.engine.hold::<K>(&entry.key))
                    .map_err(|error| world.refused(&error))
            }),
            Command::Release(entries) => self.each(entries, |world, entry| {
                let held = with_kind!(entry.kind, K => world.engine.release::<K>(&entry.key));
                world.refused_unless(held, || format!("{} is not held", world.name(entry)))
            }),
            Command::HoldOutput(hold) => {
                self.output_held = *hold;
                Ok(())
            }
            Command::Answer { which, answer } => which.iter().try_for_each(|which| {
                self.answer(which, answer)?;
                self.drain();
                Ok(())
            }),
            Command::AckAll => {
                for handed in std::mem::take(&mut self.outstanding) {
                    self.carry_out(handed);
                    self.drain();
                }
                Ok(())
            }
            Command::Settle => self.settle(),
            Command::FailNext { entry, error } => {
                self.desk.plan(entry.kind, &entry.key, error.clone());
                Ok(())
            }
            Command::Lost(entries) => self.each(entries, |world, entry| {
                with_kind!(entry.kind, K => world.engine.handle_lost::<K>(&entry.key, world.now));
                Ok(())
            }),
            Command::Drifted(entries) => self.each(entries, |world, entry| {
                with_kind!(entry.kind, K => world.engine.handle_drifted::<K>(&entry.key, world.now));
                Ok(())
            }),
            Command::Advance(duration) => {
                self.advance(*duration);
                Ok(())
            }
            Command::NextTimer => match self.engine.next_timeout() {
                Some(at) => {
                    self.advance(at.saturating_duration_since(self.now));
                    Ok(())
                }
                None => {
                    Err(Trouble::Senseless("no timer is set, so there is nothing to wait for".to_owned()))
                }
            },
            Command::Sweep { most, every: None } => {
                self.engine.sweep(*most, self.now);
                Ok(())
            }
            Command::Sweep { most, every: Some(every) } => {
                self.engine.sweep_every(Sweep { every: *every, per_tick: *most }, self.now);
                Ok(())
            }
            Command::DeleteAll(kinds) => kinds.iter().try_for_each(|kind| {
                let there = with_kind!(*kind, K => self.engine.delete_all::<K>());
                self.refused_unless(there, || format!("{} is not registered", self.name_of_kind(*kind)))
            }),
            Command::Unregister(kinds) => kinds.iter().try_for_each(|kind| {
                with_kind!(*kind, K => self.engine.unregister::<K>()).map_err(|error| self.refused(&error))
            }),
            Command::Register(kinds) => kinds.iter().try_for_each(|kind| {
                let schema = self.desk.kinds[*kind].schema();
                with_kind!(*kind, K => self.engine.register_as::<K>(schema))
                    .map_err(|error| self.refused(&error))
            }),
            Command::Reserve { kind, indexes } => indexes.iter().try_for_each(|index| {
                let taken = with_kind!(*kind, K => self.engine.reserve_index::<K>(*index));
                self.refused_unless(taken, || {
                    format!("index {index} of {} is out of range or in use", self.name_of_kind(*kind))
                })
            }),
            Command::Row { row, entry, wish, verdict, change } => {
                self.write_row(row, entry.as_ref(), wish, *verdict, *change)
            }
            Command::DeleteRow(rows) => rows.iter().try_for_each(|row| {
                let there = self.feeds[row.kind].delete(&row.key);
                self.refused_unless(there, || format!("the row {} is not there", row.key))
            }),
            Command::Deliver { most, kind } => {
                for feed in 0..self.feeds.len() {
                    if kind.is_none_or(|kind| kind == feed) {
                        self.feeds[feed].deliver(&mut self.engine, *most, self.now);
                        self.drain();
                    }
                }
                Ok(())
            }
            Command::Expect(_) => Ok(()),
        }
    }

    fn write_row(
        &mut self,
        row: &RowName,
        entry: Option<&Entry>,
        wish: &Wish,
        verdict: Option<Verdict>,
        change: bool,
    ) -> Done {
        let known = self.feeds[row.kind].get(&row.key).filter(|_| change);
        if change && known.is_none() {
            return Err(Trouble::Refused(format!("the row {} is not there", row.key)));
        }
        let mut data = known.unwrap_or_else(|| Row {
            key: row.key.clone(),
            entry: row.key.clone(),
            value: "0".to_owned(),
            fixed: "0".to_owned(),
            needs: Vec::new(),
            verdict: Verdict::Accept,
            desk: Arc::clone(&self.desk),
        });
        if let Some(entry) = entry {
            self.named.insert(entry.clone());
            data.entry.clone_from(&entry.key);
        }
        if let Some(value) = &wish.value {
            data.value.clone_from(value);
        }
        if let Some(fixed) = &wish.fixed {
            data.fixed.clone_from(fixed);
        }
        if let Some(needs) = &wish.needs {
            data.needs = needs.iter().map(|need| self.need(need)).collect();
        }
        data.verdict = verdict.unwrap_or(data.verdict);
        self.feeds[row.kind].notify(data).map_err(Trouble::Refused)
    }

    fn each(&mut self, entries: &[Entry], act: impl Fn(&mut Self, &Entry) -> Done) -> Done {
        for entry in entries {
            self.named.insert(entry.clone());
            act(self, entry)?;
            self.drain();
        }
        Ok(())
    }

    fn refused_unless(&self, done: bool, reason: impl FnOnce() -> String) -> Done {
        if done { Ok(()) } else { Err(Trouble::Refused(reason())) }
    }

    fn set(&mut self, entry: &Entry, wish: &Wish, change: bool, stale: bool) -> Done {
        let now = self.now;
        let desk = Arc::clone(&self.desk);
        with_kind!(entry.kind, K => {
            let mut object = K {
                key: entry.key.clone(),
                value: "0".to_owned(),
                fixed: "0".to_owned(),
                needs: Vec::new(),
                desk,
            };
            if change {
                let Some(declared) = self.engine.get::<K>(&entry.key) else {
                    return Err(Trouble::Refused(format!("{} is not declared", self.name(entry))));
                };
                object = declared.clone();
            }
            if let Some(value) = &wish.value {
                object.value.clone_from(value);
            }
            if let Some(fixed) = &wish.fixed {
                object.fixed.clone_from(fixed);
            }
            if let Some(needs) = &wish.needs {
                object.needs = needs.iter().map(|need| self.need(need)).collect();
            }
            let taken = if stale { self.engine.set_stale(object, now) } else { self.engine.set(object, now) };
            taken.map_err(|error| self.refused(&error))
        })
    }

    fn need(&mut self, need: &Needed) -> Need {
        match need {
            Needed::Entry(entry) => {
                self.named.insert(entry.clone());
                Need::to(entry.kind, &entry.key)
            }
            Needed::Lacking(reason) => Need::lacking(reason),
        }
    }

    fn remove(&mut self, entry: &Entry) -> Done {
        let declared = with_kind!(entry.kind, K => self.engine.remove::<K>(&entry.key, self.now));
        self.refused_unless(declared, || format!("{} is not declared", self.name(entry)))
    }

    fn renew(&mut self, entry: &Entry) -> Done {
        let declared = with_kind!(entry.kind, K => self.engine.renew::<K>(&entry.key, self.now));
        self.refused_unless(declared, || format!("{} is not declared", self.name(entry)))
    }

    /// Time passes, with a stop at every timer that runs out on the way.
    fn advance(&mut self, duration: Duration) {
        let end = self.now + duration;
        while let Some(at) = self.engine.next_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.engine.handle_timeout(self.now);
            self.drain();
        }
        self.now = end;
        self.engine.handle_timeout(self.now);
    }

    /// Does all work, and takes what the engine hands out.
    pub(super) fn drain(&mut self) {
        loop {
            while self.engine.work(64, self.now) {}
            self.look();
            while let Some(kind) = self.engine.poll_empty() {
                self.happened.push(format!("empty {kind}"));
                self.emptied.push(kind.to_owned());
            }
            for feed in &mut self.feeds {
                feed.clean_up(&self.engine);
            }
            if self.output_held {
                return;
            }
            let Some(operation) = self.engine.next_operation(self.now) else {
                self.look();
                if self.engine.work(64, self.now) {
                    continue;
                }
                self.look();
                return;
            };
            self.send(operation);
        }
    }

    fn send(&mut self, operation: Operation) {
        let mut bytes = BytesMut::new();
        let progress = self.engine.write(operation, Request::new(&mut bytes, 1, 1));
        let Some(written) = self.desk.take() else {
            // There was no value to write: nothing left, and that is how it failed.
            let error = progress.err().unwrap_or_else(|| OperationError::local(None, "nothing was written"));
            self.happened.push(format!("{}: {error}", self.engine.describe(operation)));
            return self.engine.handle_outcome(operation, Outcome::Failed(error), self.now);
        };
        debug_assert_eq!(operation.action == Action::Lookup, written.asked == Asked::Lookup);
        self.named.insert(Entry { kind: written.kind, key: written.key.clone() });
        self.sent.push(written.clone());
        let said = self.operation(&written);
        let handed = Handed { operation, written };
        match progress {
            Ok(Progress::Pending) => {
                self.happened.push(format!("sent {said}"));
                self.outstanding.push(handed);
            }
            Ok(progress @ (Progress::Complete | Progress::Kept)) => {
                self.happened.push(format!("sent {said}, done on the spot"));
                self.give(handed, Outcome::of(progress));
            }
            Err(error) => {
                self.happened.push(format!("sent {said}, failed on the spot: {error}"));
                self.give(handed, Outcome::Failed(error));
            }
        }
    }

    /// Notes the steps that the state machine made since the last look.
    fn look(&mut self) {
        let mut changed = false;
        while let Some(step) = self.engine.poll_transition() {
            self.transitions.insert((step.from, step.event, step.to));
            self.happened.push(format!("{step} ({})", step.event));
            changed = true;
        }
        let mut stayed = Vec::new();
        for entry in &self.named {
            let steps = with_kind!(entry.kind, K => self.engine.history::<K>(&entry.key));
            changed |= !steps.is_empty();
            stayed.extend(steps.iter().map(|step| (step.from, step.event, step.to)));
        }
        self.transitions.extend(stayed);
        if changed {
            self.engine.keep_history(0);
            self.engine.keep_history(DEPTH);
        }
    }

    /// `A Route r1 value 5`.
    pub(super) fn operation(&self, written: &Written) -> String {
        let Written { kind, key, asked, .. } = written;
        format!("{asked} {} {key}", self.name_of_kind(*kind))
    }

    pub(super) fn list_outstanding(&self) -> String {
        if self.outstanding.is_empty() {
            return "nothing".to_owned();
        }
        let all: Vec<String> =
            self.outstanding.iter().map(|handed| self.operation(&handed.written)).collect();
        all.join(", ")
    }
}
