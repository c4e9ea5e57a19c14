//! What one listener has been told of each row, and what is still to be told.
//!
//! It must not know the rows, only their places in the table. What a notification says is decided when it is
//! delivered, from what the listener was told last and what is true by then: this is how changes coalesce.

use super::table::RowId;
use super::turns::Turns;

/// What happened to a row, as seen by one listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The listener did not know the row, or was told that it is gone.
    Added,
    /// The listener knows the row, and it was written since. Its data need not differ.
    Changed,
    /// The row is gone. It can still be read, until the listener [lets go](super::DbTable::let_go) of it.
    Deleted,
}

/// Something to be told to a listener. The data are read from the table: they are always the newest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The row.
    pub row: RowId,
    /// What happened to it.
    pub change: Change,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Told {
    #[default]
    Nothing,
    Present,
    /// And it has not let go of the row.
    Deleted,
}

/// One listener of a table.
#[derive(Debug, Default)]
pub(super) struct Listener {
    /// Place → what the listener was told of the row there. Places past the end: nothing.
    told: Vec<Told>,
    /// Places of the rows that it has to be told about.
    pending: Turns<u32>,
}

impl Listener {
    /// The row was added or changed.
    pub(super) fn row_changed(&mut self, place: u32) {
        self.pending.push(place);
    }

    /// The row was deleted. Who never heard of it hears nothing now.
    pub(super) fn row_deleted(&mut self, place: u32) {
        match self.told(place) {
            Told::Present => self.pending.push(place),
            Told::Nothing | Told::Deleted => self.pending.remove(&place),
        }
    }

    /// The next row to tell of, and what.
    pub(super) fn take(&mut self, is_deleted: impl FnOnce(u32) -> bool) -> Option<(u32, Change)> {
        let place = self.pending.pop()?;
        let (told, change) = match (is_deleted(place), self.told(place)) {
            (true, _) => (Told::Deleted, Change::Deleted),
            (false, Told::Present) => (Told::Present, Change::Changed),
            (false, Told::Nothing | Told::Deleted) => (Told::Present, Change::Added),
        };
        self.tell(place, told);
        Some((place, change))
    }

    /// The listener does not need the deleted row any more. Returns whether it held on to it.
    pub(super) fn let_go(&mut self, place: u32) -> bool {
        let held = self.told(place) == Told::Deleted;
        if held {
            self.tell(place, Told::Nothing);
        }
        held
    }

    /// Whether a deleted row has to stay because of this listener.
    pub(super) fn holds(&self, place: u32) -> bool {
        self.told(place) != Told::Nothing
    }

    /// The places of the rows that it was told of, ascending.
    pub(super) fn held(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.told.len() as u32).filter(|place| self.holds(*place))
    }

    pub(super) fn is_pending(&self, place: u32) -> bool {
        self.pending.contains(&place)
    }

    pub(super) fn pending(&self) -> usize {
        self.pending.len()
    }

    fn told(&self, place: u32) -> Told {
        self.told.get(place as usize).copied().unwrap_or_default()
    }

    fn tell(&mut self, place: u32, told: Told) {
        let place = place as usize;
        if self.told.len() <= place {
            self.told.resize(place + 1, Told::Nothing);
        }
        self.told[place] = told;
    }
}
