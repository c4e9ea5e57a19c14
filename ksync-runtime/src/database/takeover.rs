//! Which row stands for an entry: coming, going, moving, and the next one's turn.
//!
//! It must not know notifications, budgets or walks.

use super::association::Role;
use super::binding::{Binding, Step};
use super::entries::Entries;
use super::filter::{FromRow, Verdict};
use super::refused::{Refused, RefusedBecause};
use super::table::{DbRow, DbTable, RowId};
use crate::declare::describe_key;

impl<R: DbRow, T: FromRow<R>> Binding<R, T> {
    /// The row maps to the entry: it comes into use if no other row is, has its new data sent if it is, and
    /// queues otherwise.
    pub(super) fn place<E: Entries<T>>(&mut self, row: RowId, key: T::Key, step: &mut Step<'_, R, E>) {
        let id = self.association_of(key);
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        if association.in_use.is_some_and(|other| other != row) {
            association.stop_departing(row);
            association.queued.push(row);
            self.by_row.insert(row, id);
        } else {
            self.install(id, row, step);
        }
    }

    /// The row was deleted or filtered out.
    pub(super) fn gone<E: Entries<T>>(&mut self, row: RowId, step: &mut Step<'_, R, E>) {
        let Some(id) = self.by_row.get(&row).copied() else {
            step.table.let_go(self.listener, row);
            return;
        };
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        match association.role(row) {
            // Its entry is on its way out, and will let go of it.
            Role::Departing => {}
            Role::Queued => {
                association.queued.remove(&row);
                self.release(row, step.table);
                self.forget_if_empty(id);
            }
            Role::InUse => {
                association.in_use = None;
                if association.declared {
                    association.departing = Some(row);
                } else {
                    self.release(row, step.table);
                }
                self.note(id, None);
                self.hand_over(id, step);
            }
        }
    }

    /// As [`gone`](Self::gone), while the object manager removes the entries: only the row's part is left to
    /// do.
    pub(super) fn gone_with_the_table(&mut self, row: RowId, table: &mut DbTable<R>) {
        let Some(id) = self.by_row.get(&row).copied() else {
            table.let_go(self.listener, row);
            return;
        };
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        match association.role(row) {
            Role::Departing => {}
            Role::InUse if association.declared => {
                association.in_use = None;
                association.declared = false;
                association.departing = Some(row);
                self.leaving.push(id);
                self.note(id, None);
            }
            Role::InUse | Role::Queued => {
                if association.in_use == Some(row) {
                    association.in_use = None;
                    self.note(id, None);
                } else {
                    association.queued.remove(&row);
                }
                self.release(row, table);
                self.forget_if_empty(id);
            }
        }
    }

    /// The row lives on, and belongs to its entry no longer.
    pub(super) fn detach<E: Entries<T>>(&mut self, row: RowId, step: &mut Step<'_, R, E>) {
        let Some(id) = self.by_row.remove(&row) else {
            return;
        };
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        match association.role(row) {
            Role::Queued => association.queued.remove(&row),
            Role::Departing => association.stop_departing(row),
            Role::InUse => {
                association.in_use = None;
                self.note(id, None);
                self.hand_over(id, step);
            }
        }
        self.forget_if_empty(id);
    }

    /// All rows of the entry are let go of: the entry is gone with its table.
    pub(super) fn dissolve(&mut self, id: u64, table: &mut DbTable<R>) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        let rows = association.in_use.take().into_iter().chain(association.departing.take());
        let rows: Vec<RowId> = rows.chain(std::mem::take(&mut association.queued).iter()).collect();
        for row in rows {
            self.release(row, table);
        }
        self.forget_if_empty(id);
    }

    /// The entry let go of the row that it stood for.
    pub(super) fn release_departing(&mut self, id: u64, table: &mut DbTable<R>) {
        if let Some(row) = self.associations.get_mut(&id).and_then(|association| association.departing.take())
        {
            self.release(row, table);
        }
        self.leaving.remove(&id);
        self.forget_if_empty(id);
    }

    /// No row is in use: the first queued one that is fit takes over, or else the entry goes.
    fn hand_over<E: Entries<T>>(&mut self, id: u64, step: &mut Step<'_, R, E>) {
        let Some(association) = self.associations.get(&id) else {
            return;
        };
        // What a queued row holds may be newer than what was told of it. If it is deleted, maps elsewhere or
        // would be filtered out by now, its turn does not come: that will be told of soon.
        let is_fit = |row: &RowId| {
            let data = step.table.row(*row).filter(|_| !step.table.is_deleted(*row));
            data.is_some_and(|data| {
                T::filter(data, Some(&association.key)) != Verdict::Delete
                    && T::key_of_row(data) == association.key
            })
        };
        let next = association.queued.iter().find(is_fit);
        match next {
            Some(row) => self.install(id, row, step),
            None => self.withdraw(id, step),
        }
    }

    /// Brings a row into use, or its new data to the entry.
    fn install<E: Entries<T>>(&mut self, id: u64, row: RowId, step: &mut Step<'_, R, E>) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        let takes_over = association.in_use.replace(row) != Some(row);
        association.queued.remove(&row);
        association.stop_departing(row);
        self.by_row.insert(row, id);

        let Some(data) = step.table.row(row) else {
            return;
        };
        let value = T::from_row(data);
        let taken = if value.has_key(&association.key) {
            step.entries.set(value, step.now).map_err(RefusedBecause::Set)
        } else {
            Err(RefusedBecause::OtherKey {
                kind: T::SCHEMA.name,
                made: describe_key::<T>(&value.key()),
                said: describe_key::<T>(&association.key),
            })
        };
        match taken {
            Ok(()) => {
                association.declared = true;
                self.note(id, None);
                self.release_departing(id, step.table);
            }
            Err(reason) => {
                let entry = association.key.clone();
                self.note(id, Some(Refused { row: data.key(), entry, reason }));
                if takes_over {
                    // What the entry holds comes from a row that is not there any more.
                    self.withdraw(id, step);
                }
            }
        }
    }

    /// The entry goes, and so does its departing row once the entry has let go of it.
    fn withdraw<E: Entries<T>>(&mut self, id: u64, step: &mut Step<'_, R, E>) {
        let Some(association) = self.associations.get_mut(&id) else {
            return;
        };
        if std::mem::replace(&mut association.declared, false) {
            step.entries.remove(&association.key, step.now);
        }
        if association.departing.is_some() && !step.entries.has_let_go(&association.key) {
            self.leaving.push(id);
        } else {
            self.release_departing(id, step.table);
        }
    }

    /// The row belongs to no entry any more. If it is deleted, it need not be kept.
    fn release(&mut self, row: RowId, table: &mut DbTable<R>) {
        self.by_row.remove(&row);
        table.let_go(self.listener, row);
    }
}
