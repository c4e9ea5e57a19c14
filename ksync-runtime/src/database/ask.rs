//! Questions to a binding: who stands behind which entry, and what is still to come.
//!
//! It must not change anything.

use super::association::{Association, Role};
use super::binding::Binding;
use super::filter::FromRow;
use super::refused::Refused;
use super::table::{DbRow, DbTable};

impl<R: DbRow, T: FromRow<R>> Binding<R, T> {
    /// The row in use of an entry: the one that its data come from.
    #[must_use]
    pub fn row_in_use<'a>(&self, table: &'a DbTable<R>, entry: &T::Key) -> Option<&'a R> {
        table.row(self.association(entry)?.in_use?)
    }

    /// The other rows that map to an entry, in the order in which their turn comes.
    pub fn queued<'a>(&self, table: &'a DbTable<R>, entry: &T::Key) -> impl Iterator<Item = &'a R> {
        let queued = self.association(entry).into_iter().flat_map(|association| association.queued.iter());
        queued.filter_map(|row| table.row(row))
    }

    /// The row that an entry stood for when it was withdrawn, until the entry lets go of it.
    #[must_use]
    pub fn departing_row<'a>(&self, table: &'a DbTable<R>, entry: &T::Key) -> Option<&'a R> {
        table.row(self.association(entry)?.departing?)
    }

    /// The entry that a row is in use or queued for.
    #[must_use]
    pub fn entry_of(&self, table: &DbTable<R>, row: &R::Key) -> Option<&T::Key> {
        let row = table.find(row)?;
        let association = self.associations.get(self.by_row.get(&row)?)?;
        (association.role(row) != Role::Departing).then_some(&association.key)
    }

    /// The rows that are in use and were refused, and why, in the order in which they were refused.
    pub fn refused(&self) -> impl Iterator<Item = &Refused<R, T>> {
        self.refused.iter().filter_map(|id| self.associations.get(&id)?.refused.as_ref())
    }

    /// How many notifications there are to deliver. Rows from before the binding count once they are queued.
    #[must_use]
    pub fn pending(&self, table: &DbTable<R>) -> usize {
        table.pending(self.listener)
    }

    /// Whether there is a notification to deliver about the row.
    #[must_use]
    pub fn is_pending(&self, table: &DbTable<R>, row: &R::Key) -> bool {
        table.find(row).is_some_and(|row| table.is_pending(self.listener, row))
    }

    /// How many entries have to let go before something can be forgotten.
    #[must_use]
    pub fn leaving(&self) -> usize {
        self.leaving.len()
    }

    /// How many entries have rows, departing ones included.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.associations.len()
    }

    fn association(&self, entry: &T::Key) -> Option<&Association<R, T>> {
        self.associations.get(self.by_key.get(entry)?)
    }
}
