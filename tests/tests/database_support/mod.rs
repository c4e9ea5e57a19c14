//! A database table, an engine, and a kernel that does what it is told when it is told to.
//!
//! It must not know what is tested: it only makes the tests read as what happens.

pub(crate) mod model;

use std::time::Instant;

use ksync_runtime::database::{Binding, DbRow, DbTable, FromRow, Verdict};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Action, Engine, Operation, Outcome, RetryPolicy};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::NoHeader;

/// A row. It says by itself what the filter is to answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) key: u32,
    /// The entry that it maps to.
    pub(crate) entry: u32,
    pub(crate) value: u32,
    pub(crate) verdict: Verdict,
}

impl DbRow for Row {
    type Key = u32;

    fn key(&self) -> u32 {
        self.key
    }
}

/// A row that is accepted.
pub(crate) fn row(key: u32, entry: u32, value: u32) -> Row {
    Row { key, entry, value, verdict: Verdict::Accept }
}

/// A value that no entry may have.
pub(crate) const UNLUCKY: u32 = 13;

fn lucky(value: &u32) -> Result<(), &'static str> {
    if *value == UNLUCKY { Err("13 is unlucky") } else { Ok(()) }
}

/// What the rows become.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 16, change = 18, delete = 17)]
pub(crate) struct Thing {
    #[ksync(key, nla = 1)]
    pub(crate) id: u32,
    #[ksync(nla = 2, check = lucky)]
    pub(crate) value: u32,
}

impl FromRow<Row> for Thing {
    fn from_row(row: &Row) -> Self {
        Thing { id: row.entry, value: row.value }
    }

    fn key_of_row(row: &Row) -> u32 {
        row.entry
    }

    fn filter(row: &Row, _: Option<&u32>) -> Verdict {
        row.verdict
    }
}

/// What refers to a thing. No rows: it is declared by hand.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 20, change = 22, delete = 21)]
pub(crate) struct User {
    #[ksync(key, nla = 1)]
    pub(crate) id: u32,
    #[depends_on]
    pub(crate) thing: Option<Ref<Thing>>,
}

pub(crate) struct Ground {
    pub(crate) rows: DbTable<Row>,
    pub(crate) engine: Engine,
    pub(crate) binding: Binding<Row, Thing>,
    pub(crate) now: Instant,
    outstanding: Vec<Operation>,
    sent: Vec<String>,
}

impl Ground {
    pub(crate) fn new() -> Self {
        Self::at(Instant::now())
    }

    pub(crate) fn at(now: Instant) -> Self {
        let mut engine = Engine::new(RetryPolicy::default());
        engine.register::<Thing>().expect("room");
        engine.register::<User>().expect("room");
        let mut rows = DbTable::new();
        let binding = Binding::new(&mut rows);
        Ground { rows, engine, binding, now, outstanding: Vec::new(), sent: Vec::new() }
    }

    /// A ground where these rows came in this order, and all is in the kernel.
    pub(crate) fn with(rows: impl IntoIterator<Item = Row>) -> Self {
        let mut ground = Ground::new();
        for row in rows {
            ground.write(row);
        }
        ground.settle();
        ground.sent.clear();
        ground
    }

    /// Adds or changes a row. Nobody is told yet.
    pub(crate) fn notify(&mut self, row: Row) {
        self.rows.notify(row).expect("room");
    }

    /// Adds or changes a row, and tells of it.
    pub(crate) fn write(&mut self, row: Row) {
        self.notify(row);
        self.deliver();
    }

    /// Deletes a row, and tells of it.
    pub(crate) fn delete(&mut self, key: u32) {
        assert!(self.rows.delete(&key), "row {key} is there");
        self.deliver();
    }

    pub(crate) fn deliver(&mut self) {
        while self.binding.deliver(&mut self.rows, &mut self.engine, 4, self.now) {}
    }

    pub(crate) fn clean_up(&mut self) {
        self.binding.clean_up(&mut self.rows, &self.engine, 1000);
    }

    /// Sends what there is to send; the answers stay out. Returns whether there was anything.
    pub(crate) fn send(&mut self) -> bool {
        let before = self.outstanding.len();
        while self.engine.work(100, self.now) {}
        while let Some(operation) = self.engine.next_operation(self.now) {
            let Action::Write(verb) = operation.action else {
                panic!("nothing here has an index to look up");
            };
            self.sent.push(format!("{verb} {}", self.engine.describe(operation)));
            self.outstanding.push(operation);
        }
        self.outstanding.len() > before
    }

    /// The kernel says yes to everything that was sent.
    pub(crate) fn answer(&mut self) {
        for operation in std::mem::take(&mut self.outstanding) {
            self.engine.handle_outcome(operation, Outcome::Done { index: None }, self.now);
        }
        while self.engine.work(100, self.now) {}
    }

    /// All is told, sent and answered.
    pub(crate) fn settle(&mut self) {
        self.deliver();
        self.answer();
        while self.send() {
            self.answer();
        }
        self.clean_up();
    }

    /// What was sent since this was asked last, as `add Thing 1`.
    pub(crate) fn sent(&mut self) -> Vec<String> {
        std::mem::take(&mut self.sent)
    }

    /// What the engine holds for an entry.
    pub(crate) fn value(&self, entry: u32) -> Option<u32> {
        self.engine.get::<Thing>(&entry).map(|thing| thing.value)
    }

    pub(crate) fn state(&self, entry: u32) -> Option<State> {
        self.engine.state::<Thing>(&entry)
    }

    /// The key of the row in use of an entry.
    pub(crate) fn in_use(&self, entry: u32) -> Option<u32> {
        self.binding.row_in_use(&self.rows, &entry).map(|row| row.key)
    }

    /// The keys of the queued rows of an entry.
    pub(crate) fn queued(&self, entry: u32) -> Vec<u32> {
        self.binding.queued(&self.rows, &entry).map(|row| row.key).collect()
    }

    /// The key of the row that a withdrawn entry has not let go of.
    pub(crate) fn departing(&self, entry: u32) -> Option<u32> {
        self.binding.departing_row(&self.rows, &entry).map(|row| row.key)
    }

    /// Declares a user of a thing, or of none.
    pub(crate) fn refers(&mut self, thing: Option<u32>) {
        self.engine.set(User { id: 1, thing: thing.map(Ref::to) }, self.now).expect("registered");
    }
}
