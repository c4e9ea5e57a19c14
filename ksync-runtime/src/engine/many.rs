//! Many values at once: they share the kernel with what is declared singly meanwhile, and don't hold it up.

use std::any::TypeId;
use std::time::Instant;

use super::entry::{EntryId, NONE};
use super::of_kind::OfKind;
use super::outbox::Share;
use super::set::Straight;
use super::tables::Table;
use super::{Engine, SetError};
use crate::declare::KSyncEntry;
use crate::table::{Found, READS_AT_ONCE, Rows};

/// With no more values it does not matter that their number is known.
const FEW: usize = 256;

/// What is known of a key before its turn comes.
#[derive(Clone, Copy)]
struct Ahead {
    hash: u64,
    /// The slot in which it is; or [`NONE`], which says nothing.
    slot: u32,
}

impl Ahead {
    /// Nothing.
    const NOTHING: Ahead = Ahead { hash: 0, slot: NONE };
}

impl Engine {
    /// Declares many entries, as [`set`](Self::set) does with one. Those that can't be right are handed back with the
    /// reason, the others are taken.
    ///
    /// What is set with [`Share::Bulk`] leaves in the order in which it came, and single changes overtake it: up to three
    /// for each that leaves. With [`Share::Fresh`], each counts as a single one.
    pub fn set_all<T: KSyncEntry>(
        &mut self,
        values: impl IntoIterator<Item = T>,
        share: Share,
        now: Instant,
    ) -> Vec<SetError> {
        let mut values = values.into_iter();
        if values.size_hint().0 > FEW {
            self.expect::<T>(values.size_hint().0);
        }
        let mut refused = Vec::new();
        let mut group = Vec::with_capacity(READS_AT_ONCE);
        loop {
            // Not with the share: whoever makes the values may panic.
            group.extend(values.by_ref().take(READS_AT_ONCE));
            if group.is_empty() {
                return refused;
            }
            let before = std::mem::replace(&mut self.outboxes.share, share);
            let mut ahead = [Ahead::NOTHING; READS_AT_ONCE];
            let ahead = self.look_ahead_of_values(&group, &mut ahead, now);
            self.set_group(ahead, &mut group.drain(..), &mut refused, now);
            self.outboxes.share = before;
        }
    }

    /// Says that about so many more entries of a kind will be declared soon. [`set_all`](Self::set_all) does so by itself
    /// if its values tell how many they are. The index of keys then grows in a few large steps instead of many
    /// small ones. Nothing comes of it if they are not declared.
    pub fn expect<T: KSyncEntry>(&mut self, additional: usize) {
        if let Some(number) = self.tables.number_of(TypeId::of::<T>())
            && let Some(rows) = self.tables.rows_mut::<T>(number)
        {
            rows.expect(additional);
        }
    }

    /// As [`set_all`](Self::set_all), for values that lie in one piece of memory, without a move of them.
    pub(crate) fn set_slice<T: KSyncEntry>(
        &mut self,
        slice: Vec<T>,
        share: Share,
        refused: &mut Vec<SetError>,
        now: Instant,
    ) {
        self.with_share(share, |engine| {
            let mut values = slice.into_iter();
            loop {
                let group = values.as_slice();
                let group = group.get(..READS_AT_ONCE).unwrap_or(group);
                if group.is_empty() {
                    return;
                }
                let mut ahead = [Ahead::NOTHING; READS_AT_ONCE];
                let ahead = engine.look_ahead_of_values(group, &mut ahead, now);
                engine.set_group(ahead, &mut values, refused, now);
            }
        });
    }

    /// Declares the values whose keys were found ahead.
    #[inline(always)]
    fn set_group<T: KSyncEntry>(
        &mut self,
        ahead: &mut [Ahead],
        values: &mut impl Iterator<Item = T>,
        refused: &mut Vec<SetError>,
        now: Instant,
    ) {
        if !T::SCHEMA.depends_on.is_empty() {
            return self.set_group_that_refers(ahead, values, refused, now);
        }
        if self.is_observed() {
            for (Ahead { hash, .. }, value) in ahead.iter().zip(values) {
                self.settle_losses(now);
                refused.extend(self.set_watched(*hash, value, now).err());
            }
            return;
        }
        let mut left = ahead;
        while let Some((done, straight)) = self.set_straight(left, values, now) {
            let hash = left.get(done).map_or(0, |ahead| ahead.hash);
            refused.extend(self.follow_set(hash, straight, now).err());
            left = left.get_mut(done + 1..).unwrap_or_default();
            // What followed may have taken rows away.
            left.iter_mut().for_each(|ahead| ahead.slot = NONE);
        }
    }

    /// The same for a kind that refers to others.
    #[inline(always)]
    fn set_group_that_refers<T: KSyncEntry>(
        &mut self,
        ahead: &[Ahead],
        values: &mut impl Iterator<Item = T>,
        refused: &mut Vec<SetError>,
        now: Instant,
    ) {
        for (Ahead { hash, slot }, value) in ahead.iter().zip(values) {
            self.settle_losses(now);
            if let Err(error) = self.set_referring(*hash, *slot, value, now) {
                refused.push(error);
            }
        }
    }

    /// Declares values as long as they go straight and nothing follows from that. Returns how many, and what came of the next
    /// one, if that is not so.
    #[inline(always)]
    fn set_straight<T: KSyncEntry>(
        &mut self,
        ahead: &[Ahead],
        values: &mut impl Iterator<Item = T>,
        now: Instant,
    ) -> Option<(usize, Result<Straight<T>, T>)> {
        self.settle_losses(now);
        let mut of_kind = self.of_kind_mut::<T>().filter(OfKind::may_set_straight);
        let mut left = ahead.iter();
        for Ahead { hash, slot } in left.by_ref() {
            let Some(value) = values.next() else { break };
            let straight = match &mut of_kind {
                None => Err(value),
                Some(of_kind) if *slot == NONE => of_kind.set_hashed(*hash, value),
                Some(of_kind) => of_kind.set_again_straight(*slot, value),
            };
            match straight {
                Ok(Straight::Unchanged | Straight::Made(_) | Straight::Changed(_)) => {}
                other => return Some((ahead.len() - left.len() - 1, other)),
            }
        }
        None
    }

    /// Withdraws many entries, as [`remove`](Self::remove) does with one. Returns how many of them were declared.
    ///
    /// Deletes of one kind with [`Share::Bulk`] leave in no order: the kernel takes less than half as long for
    /// routes then as in ascending order.
    pub fn remove_all<'a, T: KSyncEntry>(
        &mut self,
        keys: impl IntoIterator<Item = &'a T::Key>,
        share: Share,
        now: Instant,
    ) -> usize
    where
        T::Key: 'a,
    {
        let mut keys = keys.into_iter();
        let mut removed = 0;
        let mut group = Vec::with_capacity(READS_AT_ONCE);
        loop {
            group.extend(keys.by_ref().take(READS_AT_ONCE));
            if group.is_empty() {
                return removed;
            }
            self.with_share(share, |engine| {
                let mut ahead = [Ahead::NOTHING; READS_AT_ONCE];
                let mut left = engine.look_ahead::<T, &T::Key>(
                    &group,
                    |key| Rows::<T>::hash_of_key(key),
                    |rows, slot, key| rows.has_key(slot, key),
                    &mut ahead,
                    now,
                );
                let mut keys = group.drain(..);
                while let Some((done, entry)) =
                    engine.remove_straight::<T>(left, &mut keys, &mut removed, now)
                {
                    removed += usize::from(engine.withdrawn(entry, now));
                    left = left.get_mut(done + 1..).unwrap_or_default();
                    // What followed may have taken rows away.
                    left.iter_mut().for_each(|ahead| ahead.slot = NONE);
                }
            });
        }
    }

    /// Withdraws entries as long as they go straight and nobody wants to know. Returns how many keys that took, and the
    /// next entry, of which that is not so.
    #[inline(always)]
    fn remove_straight<'a, T: KSyncEntry>(
        &mut self,
        ahead: &[Ahead],
        keys: &mut impl Iterator<Item = &'a T::Key>,
        removed: &mut usize,
        now: Instant,
    ) -> Option<(usize, EntryId)>
    where
        T::Key: 'a,
    {
        self.settle_losses(now);
        let observed = self.is_observed();
        let mut of_kind = self.of_kind_mut::<T>()?;
        let mut left = ahead.iter();
        for Ahead { hash, slot } in left.by_ref() {
            let Some(key) = keys.next() else { break };
            let found = match *slot {
                NONE => of_kind.rows.find_hashed_key(*hash, key),
                slot => Found::At(slot),
            };
            if let Found::At(slot) = found {
                if observed || !of_kind.withdraw_straight(slot) {
                    let done = ahead.len() - left.len() - 1;
                    return Some((done, EntryId::new(of_kind.number, slot)));
                }
                *removed += 1;
            }
        }
        None
    }

    #[inline(always)]
    fn look_ahead_of_values<'a, T: KSyncEntry>(
        &mut self,
        group: &[T],
        ahead: &'a mut [Ahead; READS_AT_ONCE],
        now: Instant,
    ) -> &'a mut [Ahead] {
        self.look_ahead::<T, T>(group, Rows::hash_of_value, Rows::has_value_of, ahead, now)
    }

    /// Hashes the keys of a group, and finds them as far as that is easy. Each of these reads may have to wait for
    /// memory; here none depends on another one, so that they wait together.
    #[inline(always)]
    fn look_ahead<'a, T: KSyncEntry, V>(
        &mut self,
        group: &[V],
        hash: impl Fn(&V) -> u64,
        is_in: impl Fn(&Rows<T>, u32, &V) -> bool,
        ahead: &'a mut [Ahead; READS_AT_ONCE],
        now: Instant,
    ) -> &'a mut [Ahead] {
        // First, since what is lost may take rows away.
        self.settle_losses(now);
        let ahead = &mut ahead[..group.len().min(READS_AT_ONCE)];
        for (ahead, value) in ahead.iter_mut().zip(group) {
            ahead.hash = hash(value);
        }
        let Some((number, rows)) = self.tables.rows::<T>() else { return ahead };
        let Some(Table { slots, .. }) = self.tables.get(number) else { return ahead };
        for ahead in ahead.iter_mut() {
            ahead.slot = rows.guess(ahead.hash).unwrap_or(NONE);
        }
        let mut used = false;
        for (ahead, value) in ahead.iter_mut().zip(group) {
            used |= slots.is_used(ahead.slot);
            if !is_in(rows, ahead.slot, value) {
                ahead.slot = NONE;
            }
        }
        // Read for the sake of its being read.
        std::hint::black_box(used);
        ahead
    }

    /// Whether more of a kind can be declared without its having to wait longer than its share takes. Nothing is
    /// turned away without room: it is for whoever can wait.
    #[must_use]
    pub fn has_room<T: KSyncEntry>(&self, share: Share) -> bool {
        self.has_room_on(self.connection_of::<T>(), share)
    }

    /// The number of the connection that carries a kind.
    pub(crate) fn connection_of<T: KSyncEntry>(&self) -> usize {
        let number = self.tables.number_of(TypeId::of::<T>());
        number.and_then(|number| self.tables.get(number)).map_or(0, |table| table.channel)
    }

    pub(crate) fn has_room_on(&self, connection: usize, share: Share) -> bool {
        self.outboxes.get(connection).is_none_or(|outbox| outbox.has_room(share))
    }

    /// Whether a quarter of the room is free.
    pub(crate) fn has_plenty_of_room_on(&self, connection: usize, share: Share) -> bool {
        self.outboxes.get(connection).is_none_or(|outbox| outbox.has_plenty_of_room(share))
    }

    /// Does something to one of many entries.
    pub(super) fn in_bulk<R>(&mut self, act: impl FnOnce(&mut Engine) -> R) -> R {
        self.with_share(Share::Bulk, act)
    }

    fn with_share<R>(&mut self, share: Share, act: impl FnOnce(&mut Engine) -> R) -> R {
        let before = std::mem::replace(&mut self.outboxes.share, share);
        let result = act(self);
        self.outboxes.share = before;
        result
    }
}
