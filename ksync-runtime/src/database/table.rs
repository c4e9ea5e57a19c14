//! A table of rows, and those who listen to it.
//!
//! It must not know what its listeners do with the rows, nor of entries, kernels or time. Nothing is told
//! while a row is written: each listener fetches what happened when it has time, as much as it likes at once.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::Hash;

use foldhash::fast::FixedState;

use super::notify::{Change, Listener, Notification};
use crate::table::Slots;

/// What a table holds: the agent's own data, found by a key.
pub trait DbRow: fmt::Debug {
    /// What tells one row from another.
    type Key: Clone + Eq + Hash + fmt::Debug;

    /// The row's key.
    fn key(&self) -> Self::Key;
}

/// Names a row for as long as it can be read: from its add until it was deleted and every listener let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId {
    place: u32,
    generation: u32,
}

/// Names a listener of one table. It is never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListenerId(u64);

/// There is no room for one more row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no room for another row: a table holds {max}", max = crate::table::MAX_SLOTS)]
pub struct DbTableFull;

/// A place in a walk through a table: how far it came, and where it ends.
#[derive(Clone, Debug, Default)]
pub struct Walk {
    next: u32,
    end: Option<u32>,
}

/// Rows by key, in memory, with listeners.
///
/// ```
/// use ksync_runtime::database::{Change, DbRow, DbTable};
///
/// #[derive(Debug)]
/// struct Port { name: &'static str, mtu: u32 }
///
/// impl DbRow for Port {
///     type Key = &'static str;
///     fn key(&self) -> &'static str { self.name }
/// }
///
/// let mut ports = DbTable::new();
/// let listener = ports.listen();
/// ports.notify(Port { name: "tap0", mtu: 1500 })?;
/// ports.notify(Port { name: "tap0", mtu: 9000 })?; // told once, with the newest data
/// ports.notify(Port { name: "tap1", mtu: 1500 })?;
/// ports.delete(&"tap1");                           // never told at all
///
/// let mut told = Vec::new();
/// while ports.deliver(listener, 100, |change, port: &Port| told.push((change, port.name, port.mtu))) {}
/// assert_eq!(told, [(Change::Added, "tap0", 9000)]);
/// # Ok::<(), ksync_runtime::database::DbTableFull>(())
/// ```
#[derive(Debug)]
pub struct DbTable<R: DbRow> {
    /// The rows: those that are there, and deleted ones that a listener holds on to.
    slots: Slots<Row<R>>,
    /// Key → place, for every row in `slots`.
    by_key: HashMap<R::Key, u32, FixedState>,
    /// How many rows in `slots` are deleted.
    deleted: usize,
    /// All places in use lie below it.
    end: u32,
    listeners: BTreeMap<ListenerId, Listener>,
    next_listener: u64,
}

#[derive(Debug)]
struct Row<R> {
    value: R,
    deleted: bool,
}

impl<R: DbRow> DbTable<R> {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        DbTable {
            slots: Slots::default(),
            by_key: HashMap::default(),
            deleted: 0,
            end: 0,
            listeners: BTreeMap::new(),
            next_listener: 0,
        }
    }

    /// Adds a row, or replaces the one with the same key. Every listener will be told, also if nothing
    /// differs.
    ///
    /// # Errors
    /// [`DbTableFull`], for a row that is not there yet.
    pub fn notify(&mut self, row: R) -> Result<RowId, DbTableFull> {
        let key = row.key();
        let place = match self.by_key.get(&key) {
            Some(place) => {
                if let Some(old) = self.slots.get_mut(*place) {
                    self.deleted -= usize::from(old.deleted);
                    *old = Row { value: row, deleted: false };
                }
                *place
            }
            None => {
                let place = self.slots.insert(Row { value: row, deleted: false }).map_err(|_| DbTableFull)?;
                self.by_key.insert(key, place);
                self.end = self.end.max(place + 1);
                place
            }
        };
        for listener in self.listeners.values_mut() {
            listener.row_changed(place);
        }
        Ok(self.id(place))
    }

    /// Deletes a row. It stays readable for the listeners that know it until they let go of it; to all others
    /// it is gone at once. Returns whether it was there.
    pub fn delete(&mut self, key: &R::Key) -> bool {
        let Some(place) = self.by_key.get(key).copied() else {
            return false;
        };
        let Some(row) = self.slots.get_mut(place).filter(|row| !row.deleted) else {
            return false;
        };
        row.deleted = true;
        self.deleted += 1;
        for listener in self.listeners.values_mut() {
            listener.row_deleted(place);
        }
        self.bury(place);
        true
    }

    /// The row with that key.
    #[must_use]
    pub fn get(&self, key: &R::Key) -> Option<&R> {
        let place = self.by_key.get(key)?;
        self.slots.get(*place).filter(|row| !row.deleted).map(|row| &row.value)
    }

    /// The row of a notification, deleted or not. `None` once a deleted row is really gone.
    #[must_use]
    pub fn row(&self, id: RowId) -> Option<&R> {
        self.read(id).map(|row| &row.value)
    }

    /// Whether the row was deleted (and not added again since).
    #[must_use]
    pub fn is_deleted(&self, id: RowId) -> bool {
        self.read(id).is_none_or(|row| row.deleted)
    }

    /// The name of the row with that key, also of a deleted one that can still be read.
    #[must_use]
    pub fn find(&self, key: &R::Key) -> Option<RowId> {
        self.by_key.get(key).map(|place| self.id(*place))
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_key.len() - self.deleted
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows are deleted and kept, because a listener has not let go of them.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.deleted
    }

    /// A new listener. It is told what happens from now on; of the rows that are there already it hears by
    /// [`catch_up`](Self::catch_up).
    pub fn listen(&mut self) -> ListenerId {
        let id = ListenerId(self.next_listener);
        self.next_listener += 1;
        self.listeners.insert(id, Listener::default());
        id
    }

    /// Takes a listener away, with all that it was still to be told and all rows that it held on to. Returns
    /// whether it was there.
    pub fn unlisten(&mut self, id: ListenerId) -> bool {
        let Some(listener) = self.listeners.remove(&id) else {
            return false;
        };
        for place in listener.held() {
            self.bury(place);
        }
        true
    }

    /// The next thing to tell a listener. Of a deleted row it has to [let go](Self::let_go) some time.
    pub fn poll(&mut self, listener: ListenerId) -> Option<Notification> {
        let slots = &self.slots;
        let is_deleted = |place| slots.get(place).is_none_or(|row: &Row<R>| row.deleted);
        let (place, change) = self.listeners.get_mut(&listener)?.take(is_deleted)?;
        Some(Notification { row: self.id(place), change })
    }

    /// Tells a listener up to `budget` things, and lets go of deleted rows for it. Returns whether there is
    /// more to tell.
    pub fn deliver(&mut self, listener: ListenerId, budget: usize, mut tell: impl FnMut(Change, &R)) -> bool {
        for _ in 0..budget {
            let Some(notification) = self.poll(listener) else {
                return false;
            };
            if let Some(row) = self.row(notification.row) {
                tell(notification.change, row);
            }
            if notification.change == Change::Deleted {
                self.let_go(listener, notification.row);
            }
        }
        self.pending(listener) > 0
    }

    /// The listener was told that the row is deleted, and does not need it any more. Once nobody does, it is
    /// really gone. Returns whether the listener held on to it.
    pub fn let_go(&mut self, listener: ListenerId, id: RowId) -> bool {
        let known = self.read(id).is_some();
        let held =
            known && self.listeners.get_mut(&listener).is_some_and(|listener| listener.let_go(id.place));
        if held {
            self.bury(id.place);
        }
        held
    }

    /// How much there is to tell a listener.
    #[must_use]
    pub fn pending(&self, listener: ListenerId) -> usize {
        self.listeners.get(&listener).map_or(0, Listener::pending)
    }

    /// Whether there is something to tell the listener about the row.
    #[must_use]
    pub fn is_pending(&self, listener: ListenerId, id: RowId) -> bool {
        self.read(id).is_some()
            && self.listeners.get(&listener).is_some_and(|listener| listener.is_pending(id.place))
    }

    /// Tells a listener of the row once more, as if it had been written.
    pub(super) fn renotify(&mut self, listener: ListenerId, id: RowId) {
        if !self.is_deleted(id)
            && let Some(listener) = self.listeners.get_mut(&listener)
        {
            listener.row_changed(id.place);
        }
    }

    /// Looks at up to `budget` places, and shows the rows there. Returns whether there are more.
    ///
    /// A row that is there from the first slice to the last one is shown just once. One that comes or goes in
    /// between may be shown or not.
    ///
    /// ```
    /// # use ksync_runtime::database::{DbRow, DbTable, Walk};
    /// # #[derive(Debug)]
    /// # struct Number(u32);
    /// # impl DbRow for Number { type Key = u32; fn key(&self) -> u32 { self.0 } }
    /// let mut numbers = DbTable::new();
    /// for n in 1..=10 {
    ///     numbers.notify(Number(n))?;
    /// }
    /// let (mut walk, mut sum) = (Walk::default(), 0);
    /// while numbers.walk(&mut walk, 3, |_, number| sum += number.0) {
    ///     numbers.delete(&1); // what happens between two slices does no harm
    /// }
    /// assert_eq!(sum, 55);
    /// # Ok::<(), ksync_runtime::database::DbTableFull>(())
    /// ```
    pub fn walk(&self, walk: &mut Walk, budget: usize, mut show: impl FnMut(RowId, &R)) -> bool {
        let end = *walk.end.get_or_insert(self.end);
        let until = end.min(walk.next.saturating_add(u32::try_from(budget).unwrap_or(u32::MAX)));
        for place in walk.next..until {
            if let Some(row) = self.slots.get(place).filter(|row| !row.deleted) {
                show(self.id(place), &row.value);
            }
        }
        walk.next = until;
        until < end
    }

    /// Brings a listener up to date: up to `budget` places are looked at, and it will be told of the rows
    /// there that it does not know. Returns whether there are more.
    pub fn catch_up(&mut self, listener: ListenerId, walk: &mut Walk, budget: usize) -> bool {
        let mut unknown = Vec::new();
        let known = self.listeners.get(&listener);
        let more = self.walk(walk, budget, |id, _| {
            if known.is_some_and(|listener| !listener.holds(id.place)) {
                unknown.push(id);
            }
        });
        for id in unknown {
            self.renotify(listener, id);
        }
        more
    }

    /// Takes a deleted row away if nobody holds on to it.
    fn bury(&mut self, place: u32) {
        let deleted = self.slots.get(place).is_some_and(|row| row.deleted);
        if deleted
            && !self.listeners.values().any(|listener| listener.holds(place))
            && let Some(row) = self.slots.remove(place)
        {
            self.by_key.remove(&row.value.key());
            self.deleted -= 1;
        }
    }

    fn read(&self, id: RowId) -> Option<&Row<R>> {
        self.slots.get(id.place).filter(|_| self.slots.generation(id.place) == Some(id.generation))
    }

    fn id(&self, place: u32) -> RowId {
        RowId { place, generation: self.slots.generation(place).unwrap_or_default() }
    }
}

impl<R: DbRow> Default for DbTable<R> {
    fn default() -> Self {
        Self::new()
    }
}
