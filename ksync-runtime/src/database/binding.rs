//! A listener that feeds a table of entries with the rows of a database table: the original's
//! `KSyncDBObject`.
//!
//! It must not know how entries get to the kernel, nor clocks, threads or locks. Which row stands for which
//! entry is decided in `takeover`; questions are answered in `ask`.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use foldhash::fast::FixedState;

use super::association::Association;
use super::entries::Entries;
use super::filter::{FromRow, Verdict};
use super::notify::{Change, Notification};
use super::refused::Refused;
use super::table::{DbRow, DbTable, ListenerId, RowId, Walk};
use super::turns::Turns;

/// Feeds the entries of kind `T` with rows of type `R`. See the [module](super) for an example.
///
/// It is made for one database table and one table of entries: both have to be the same in all calls. The
/// order of calls: [`deliver`](Self::deliver) until it returns `false`, then
/// [`poll_refused`](Self::poll_refused) until it returns `None`. When the engine went on by itself,
/// [`clean_up`](Self::clean_up).
#[derive(Debug)]
pub struct Binding<R: DbRow, T: FromRow<R>> {
    pub(super) listener: ListenerId,
    /// How far the rows that were there before the binding are queued.
    walk: Option<Walk>,
    /// The associations, in the order in which they were made. None is empty.
    pub(super) associations: BTreeMap<u64, Association<R, T>>,
    next_association: u64,
    /// Key of the entry → its association.
    pub(super) by_key: HashMap<T::Key, u64, FixedState>,
    /// Row → the association in which it is in use, queued or departing.
    pub(super) by_row: HashMap<RowId, u64, FixedState>,
    /// Associations whose entry has to let go before something can be forgotten.
    pub(super) leaving: Turns<u64>,
    /// Associations whose row in use was refused.
    pub(super) refused: Turns<u64>,
    /// Those of them that were not polled yet.
    unreported: Turns<u64>,
    /// While the table of entries is going away: associations from this one on are not in `leaving` yet.
    unmarked: u64,
}

/// What a decision works on.
pub(super) struct Step<'a, R: DbRow, E> {
    pub(super) table: &'a mut DbTable<R>,
    pub(super) entries: &'a mut E,
    pub(super) now: Instant,
}

impl<R: DbRow, T: FromRow<R>> Binding<R, T> {
    /// Starts to listen to the table. The rows that are there already come in with the first deliveries.
    #[must_use]
    pub fn new(table: &mut DbTable<R>) -> Self {
        Binding {
            listener: table.listen(),
            walk: Some(Walk::default()),
            associations: BTreeMap::new(),
            next_association: 0,
            by_key: HashMap::default(),
            by_row: HashMap::default(),
            leaving: Turns::default(),
            refused: Turns::default(),
            unreported: Turns::default(),
            unmarked: 0,
        }
    }

    /// Turns up to `budget` notifications into what they mean for the entries, and
    /// [cleans up](Self::clean_up). Returns whether there are more notifications.
    ///
    /// While the table of entries is going away they are ignored, but for what they say about rows.
    pub fn deliver<E: Entries<T>>(
        &mut self,
        table: &mut DbTable<R>,
        entries: &mut E,
        budget: usize,
        now: Instant,
    ) -> bool {
        if let Some(walk) = &mut self.walk
            && !table.catch_up(self.listener, walk, budget)
        {
            self.walk = None;
        }
        let mut step = Step { table, entries, now };
        for _ in 0..budget {
            let Some(notification) = step.table.poll(self.listener) else {
                break;
            };
            self.handle(notification, &mut step);
        }
        self.clean_up(step.table, step.entries, budget);
        self.walk.is_some() || table.pending(self.listener) > 0
    }

    /// Looks whether up to `budget` of the entries that were withdrawn are gone by now (freed, or
    /// placeholders), and lets go of their rows. While the table of entries is going away, that is all of its
    /// entries.
    pub fn clean_up<E: Entries<T>>(&mut self, table: &mut DbTable<R>, entries: &E, budget: usize) {
        let going_away = entries.is_going_away();
        if going_away {
            let slice = self.associations.range(self.unmarked..).take(budget);
            for id in slice.map(|(id, _)| *id) {
                self.leaving.push(id);
                self.unmarked = id + 1;
            }
        } else {
            self.unmarked = 0;
        }
        for _ in 0..budget.min(self.leaving.len()) {
            let Some(id) = self.leaving.pop() else {
                return;
            };
            let Some(association) = self.associations.get(&id) else {
                continue;
            };
            if !going_away && association.departing.is_none() {
                continue;
            }
            if !entries.has_let_go(&association.key) {
                self.leaving.push(id);
            } else if going_away {
                self.dissolve(id, table);
            } else {
                self.release_departing(id, table);
            }
        }
    }

    /// The next row that was refused since it was asked last, with the reason. Each refusal is told once, and
    /// kept until the row is taken or gone: see [`refused`](Self::refused).
    pub fn poll_refused(&mut self) -> Option<Refused<R, T>> {
        let id = self.unreported.pop()?;
        self.associations.get(&id)?.refused.clone()
    }

    /// Tries the rows that are refused once more, with the next deliveries. For when the reason did not lie
    /// in the row: a table that was full, a kind that was not registered.
    pub fn retry_refused(&self, table: &mut DbTable<R>) {
        for id in self.refused.iter() {
            if let Some(row) = self.associations.get(&id).and_then(|association| association.in_use) {
                table.renotify(self.listener, row);
            }
        }
    }

    /// Has the filter decide anew on every row, with the next deliveries. For when what it looks at besides
    /// the row is different by now.
    pub fn filter_again(&self, table: &mut DbTable<R>, walk: &mut Walk, budget: usize) -> bool {
        let mut rows = Vec::new();
        let more = table.walk(walk, budget, |row, _| rows.push(row));
        for row in rows {
            table.renotify(self.listener, row);
        }
        more
    }

    /// Stops listening. The rows are let go of; the entries stay as they are, until somebody else removes
    /// them.
    pub fn close(self, table: &mut DbTable<R>) {
        table.unlisten(self.listener);
    }

    fn handle<E: Entries<T>>(&mut self, notification: Notification, step: &mut Step<'_, R, E>) {
        let row = notification.row;
        let going_away = step.entries.is_going_away();
        match notification.change {
            Change::Deleted if going_away => self.gone_with_the_table(row, step.table),
            Change::Deleted => self.gone(row, step),
            Change::Added | Change::Changed if going_away => {}
            Change::Added | Change::Changed => self.written(row, step),
        }
    }

    /// A row was added or changed.
    fn written<E: Entries<T>>(&mut self, row: RowId, step: &mut Step<'_, R, E>) {
        let Some(data) = step.table.row(row) else {
            return;
        };
        let home = self.by_row.get(&row).and_then(|id| self.associations.get(id));
        let current = home.filter(|home| home.departing != Some(row)).map(|home| &home.key);
        match T::filter(data, current) {
            Verdict::Ignore => {}
            Verdict::Delete => self.gone(row, step),
            Verdict::DeleteAdd => {
                let key = T::key_of_row(data);
                self.detach(row, step);
                self.place(row, key, step);
            }
            Verdict::Accept => {
                let key = T::key_of_row(data);
                if home.is_some_and(|home| home.key != key) {
                    self.detach(row, step);
                }
                self.place(row, key, step);
            }
        }
    }

    /// The association of an entry, made if there is none.
    pub(super) fn association_of(&mut self, key: T::Key) -> u64 {
        *self.by_key.entry(key).or_insert_with_key(|key| {
            let id = self.next_association;
            self.next_association += 1;
            self.associations.insert(id, Association::new(key.clone()));
            id
        })
    }

    /// Notes whether the row in use was taken.
    pub(super) fn note(&mut self, id: u64, refused: Option<Refused<R, T>>) {
        if refused.is_some() {
            self.refused.push(id);
            self.unreported.push(id);
        } else {
            self.refused.remove(&id);
            self.unreported.remove(&id);
        }
        if let Some(association) = self.associations.get_mut(&id) {
            association.refused = refused;
        }
    }

    /// Forgets an association without rows.
    pub(super) fn forget_if_empty(&mut self, id: u64) {
        if self.associations.get(&id).is_some_and(Association::is_empty)
            && let Some(association) = self.associations.remove(&id)
        {
            self.by_key.remove(&association.key);
            self.leaving.remove(&id);
            self.refused.remove(&id);
            self.unreported.remove(&id);
        }
    }
}
