//! Database rows of a scenario: for every kind a table of rows, and a binding that feeds the kind's entries.
//!
//! It knows no script: rows come in with the entry that they map to, and the answer that the filter gives.

use std::sync::Arc;
use std::time::Instant;

use ksync_runtime::database::{Binding, DbRow, DbTable, FromRow, Verdict};
use ksync_runtime::engine::Engine;

use super::kind::{Desk, Kind, Need, with_kind};

/// A row.
#[derive(Clone)]
pub(crate) struct Row {
    /// Its name.
    pub(crate) key: String,
    /// The entry that it maps to.
    pub(crate) entry: String,
    /// What the entry is to be.
    pub(crate) value: String,
    /// What it is to be for good.
    pub(crate) fixed: String,
    /// What it is to refer to.
    pub(crate) needs: Vec<Need>,
    /// What the filter says of it.
    pub(crate) verdict: Verdict,
    /// Where the entry's serializers work.
    pub(crate) desk: Arc<Desk>,
}

impl std::fmt::Debug for Row {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} for {} value {}", self.key, self.entry, self.value)
    }
}

impl DbRow for Row {
    type Key = String;

    fn key(&self) -> String {
        self.key.clone()
    }
}

impl<const N: usize> FromRow<Row> for Kind<N> {
    fn from_row(row: &Row) -> Self {
        let Row { entry, value, fixed, needs, desk, .. } = row.clone();
        Kind { key: entry, value, fixed, needs, desk }
    }

    fn key_of_row(row: &Row) -> String {
        row.entry.clone()
    }

    fn filter(row: &Row, _: Option<&String>) -> Verdict {
        row.verdict
    }
}

/// What a row is to its entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The entry stands for it.
    InUse,
    /// Others came before it.
    Queued,
    /// The entry stood for it, and has not let go of it.
    Departing,
    /// It is there, and stands for nothing.
    Unused,
    /// It is not there.
    Absent,
}

impl Role {
    /// All of them, by their names in scripts.
    pub(crate) const ALL: [(&str, Role); 5] = [
        ("in use", Role::InUse),
        ("queued", Role::Queued),
        ("departing", Role::Departing),
        ("unused", Role::Unused),
        ("absent", Role::Absent),
    ];

    pub(crate) fn name(self) -> &'static str {
        Role::ALL.iter().find(|(_, role)| *role == self).map_or("", |(name, _)| name)
    }
}

/// The rows of one kind, whichever it is.
pub(crate) trait Feed {
    /// Adds or changes a row.
    fn notify(&mut self, row: Row) -> Result<(), String>;
    /// Deletes a row. Returns whether it was there.
    fn delete(&mut self, row: &str) -> bool;
    /// The row with that name.
    fn get(&self, row: &str) -> Option<Row>;
    /// Delivers so many notifications.
    fn deliver(&mut self, engine: &mut Engine, most: usize, now: Instant);
    /// Lets go of the rows that entries let go of.
    fn clean_up(&mut self, engine: &Engine);
    /// What a row is to the entry that it maps to, or mapped to last.
    fn role(&self, row: &str) -> Role;
    /// The row that an entry stands for.
    fn in_use(&self, entry: &str) -> Option<String>;
    /// The rows that wait for their turn at an entry.
    fn queued(&self, entry: &str) -> Vec<String>;
    /// How many notifications are not delivered.
    fn pending(&self) -> usize;
    /// How many deleted rows can still be read.
    fn kept(&self) -> usize;
    /// Why a row that is in use was not taken.
    fn refusal(&self, row: &str) -> Option<String>;
}

/// The feed of the kind of that number.
pub(crate) fn feed(kind: usize) -> Box<dyn Feed> {
    with_kind!(kind, K => {
        let mut table = DbTable::new();
        let binding: Binding<Row, K> = Binding::new(&mut table);
        Box::new(Rows { table, binding })
    })
}

struct Rows<T: FromRow<Row>> {
    table: DbTable<Row>,
    binding: Binding<Row, T>,
}

impl<T: FromRow<Row, Key = String>> Feed for Rows<T> {
    fn notify(&mut self, row: Row) -> Result<(), String> {
        self.table.notify(row).map(|_| ()).map_err(|error| error.to_string())
    }

    fn delete(&mut self, row: &str) -> bool {
        self.table.delete(&row.to_owned())
    }

    fn get(&self, row: &str) -> Option<Row> {
        self.table.get(&row.to_owned()).cloned()
    }

    fn deliver(&mut self, engine: &mut Engine, most: usize, now: Instant) {
        let mut left = most;
        while left > 0 {
            left -= 1;
            if !self.binding.deliver(&mut self.table, engine, 1, now) {
                return;
            }
        }
    }

    fn clean_up(&mut self, engine: &Engine) {
        self.binding.clean_up(&mut self.table, engine, usize::MAX);
    }

    fn role(&self, row: &str) -> Role {
        let Some(id) = self.table.find(&row.to_owned()) else {
            return Role::Absent;
        };
        let Some(data) = self.table.row(id) else {
            return Role::Absent;
        };
        let is_it = |other: &&Row| other.key == row;
        if let Some(entry) = self.binding.entry_of(&self.table, &row.to_owned()) {
            let in_use = self.binding.row_in_use(&self.table, entry);
            return if in_use.as_ref().is_some_and(is_it) { Role::InUse } else { Role::Queued };
        }
        if self.binding.departing_row(&self.table, &data.entry).as_ref().is_some_and(is_it) {
            return Role::Departing;
        }
        if self.table.is_deleted(id) { Role::Absent } else { Role::Unused }
    }

    fn in_use(&self, entry: &str) -> Option<String> {
        self.binding.row_in_use(&self.table, &entry.to_owned()).map(|row| row.key.clone())
    }

    fn queued(&self, entry: &str) -> Vec<String> {
        self.binding.queued(&self.table, &entry.to_owned()).map(|row| row.key.clone()).collect()
    }

    fn pending(&self) -> usize {
        self.binding.pending(&self.table)
    }

    fn kept(&self) -> usize {
        self.table.kept()
    }

    fn refusal(&self, row: &str) -> Option<String> {
        self.binding.refused().find(|refused| refused.row == row).map(ToString::to_string)
    }
}
