//! Finding what a value refers to, and making placeholders of what is not there. Knows nothing of what is then done with it.

use super::entry::EntryId;
use super::tables::Tables;
use crate::declare::{KSyncEntry, Links, Target};
use crate::table::{Found, TableFull};

/// A reference that was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linked {
    /// Where it leads.
    pub(crate) to: EntryId,
    /// Whether its holder outlives what it leads to.
    pub(crate) survives: bool,
}

/// Finds the targets of one entry's references, and makes placeholders of those that are not there.
pub(crate) struct Linker<'a> {
    tables: &'a mut Tables,
    /// What was found or made, in the order of the references.
    targets: &'a mut Vec<Linked>,
    /// The first of them that others may not build on yet.
    pub(crate) missing: Option<usize>,
    /// Why a target could not be made, with its kind.
    pub(crate) failed: Option<Failed>,
}

/// Why an entry can't be referred to.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failed {
    /// The table of its kind is full.
    Full(&'static str),
    /// Its kind has no table.
    NotRegistered(&'static str),
}

impl Links for Linker<'_> {
    #[inline(always)]
    fn link<T: KSyncEntry>(&mut self, key: &T::Key, survives: bool) -> Target {
        let Some((number, table, rows)) = self.tables.of_kind::<T>() else {
            return self.fail(Failed::NotRegistered(T::SCHEMA.name));
        };
        let (to, is_resolved) = match rows.find_key(key) {
            Found::At(slot) => {
                let core = table.slots.get(slot);
                (EntryId::new(number, slot), core.is_some_and(|core| table.is_resolved(slot, core)))
            }
            Found::Absent(hash) => match self.tables.create_placeholder::<T>(number, hash, key) {
                Ok(to) => (to, false),
                Err(TableFull) => {
                    let name = self.tables.get(number).map_or(T::SCHEMA.name, |table| table.schema.name);
                    return self.fail(Failed::Full(name));
                }
            },
        };
        if !is_resolved && self.missing.is_none() {
            self.missing = Some(self.targets.len());
        }
        self.targets.push(Linked { to, survives });
        to.target()
    }
}

impl<'a> Linker<'a> {
    /// What is found or made comes to `targets`, in place of what was there.
    #[inline]
    pub(crate) fn new(tables: &'a mut Tables, targets: &'a mut Vec<Linked>) -> Self {
        targets.clear();
        Linker { tables, targets, missing: None, failed: None }
    }

    #[cold]
    fn fail(&mut self, why: Failed) -> Target {
        self.failed = Some(why);
        Target::NONE
    }
}
