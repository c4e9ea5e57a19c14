//! The arena: entries by slot, with a generation that tells a slot's lives apart.
//!
//! It stands on `generational-arena`, in chunks, so that growing never copies. The crate's own index takes
//! 16 bytes; a slot here is a `u32`, and the low half of the generation tells lives apart.

use generational_arena::{Arena, Index};

use super::{CHUNK, MAX_SLOTS};

/// A table has no room left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableFull;

#[derive(Debug)]
pub(crate) struct Slots<V> {
    chunks: Vec<Arena<V>>,
    /// Numbers of the chunks that have room, each once. The last one is used first.
    open: Vec<u32>,
}

impl<V> Default for Slots<V> {
    fn default() -> Self {
        Slots { chunks: Vec::new(), open: Vec::new() }
    }
}

impl<V> Slots<V> {
    #[inline(always)]
    pub(crate) fn insert(&mut self, value: V) -> Result<u32, TableFull> {
        let chunk = match self.open.last() {
            Some(chunk) => *chunk as usize,
            None => self.add_chunk()?,
        };
        let arena = &mut self.chunks[chunk];
        let (at, _) = arena.insert(value).into_raw_parts();
        if arena.len() == CHUNK {
            self.open.pop();
        }
        Ok((chunk * CHUNK + at) as u32)
    }

    #[cold]
    fn add_chunk(&mut self) -> Result<usize, TableFull> {
        let chunk = self.chunks.len();
        if chunk * CHUNK >= MAX_SLOTS {
            return Err(TableFull);
        }
        self.open.push(chunk as u32);
        self.chunks.push(Arena::with_capacity(CHUNK));
        Ok(chunk)
    }

    pub(crate) fn get(&self, slot: u32) -> Option<&V> {
        let slot = slot as usize;
        self.chunks.get(slot / CHUNK)?.get_unknown_gen(slot % CHUNK).map(|(value, _)| value)
    }

    /// Whether there is something in the slot.
    #[inline(always)]
    pub(crate) fn is_used(&self, slot: u32) -> bool {
        self.get(slot).is_some()
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut V> {
        let slot = slot as usize;
        self.chunks.get_mut(slot / CHUNK)?.get_unknown_gen_mut(slot % CHUNK).map(|(value, _)| value)
    }

    /// What is in the slot, and which life of the slot it is.
    #[inline]
    pub(crate) fn with_generation_mut(&mut self, slot: u32) -> Option<(&mut V, u32)> {
        let slot = slot as usize;
        let (value, index) = self.chunks.get_mut(slot / CHUNK)?.get_unknown_gen_mut(slot % CHUNK)?;
        Some((value, index.into_raw_parts().1 as u32))
    }

    /// Which life of the slot this is.
    pub(crate) fn generation(&self, slot: u32) -> Option<u32> {
        self.index(slot).map(|index| index.into_raw_parts().1 as u32)
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Option<V> {
        self.block_mut(slot)?.remove(slot % CHUNK as u32)
    }

    /// The block that a slot is in, for whoever looks at several of them one after the other.
    #[inline(always)]
    pub(crate) fn block_mut(&mut self, slot: u32) -> Option<Block<'_, V>> {
        let number = slot as usize / CHUNK;
        let Slots { chunks, open } = self;
        Some(Block { arena: chunks.get_mut(number)?, number: number as u32, open })
    }

    /// Every slot in use, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u32, &V)> {
        self.chunks.iter().enumerate().flat_map(|(chunk, arena)| {
            arena.iter().map(move |(index, value)| ((chunk * CHUNK + index.into_raw_parts().0) as u32, value))
        })
    }

    /// The slots in use from `slot` on, ascending.
    pub(crate) fn iter_from(&self, slot: u32) -> impl Iterator<Item = (u32, &V)> {
        let end = self.chunks.len() * CHUNK;
        (slot as usize..end).filter_map(|slot| self.get(slot as u32).map(|value| (slot as u32, value)))
    }

    fn index(&self, slot: u32) -> Option<Index> {
        let slot = slot as usize;
        self.chunks.get(slot / CHUNK)?.get_unknown_gen(slot % CHUNK).map(|(_, index)| index)
    }
}

/// The slots of one arena.
pub(crate) struct Block<'a, V> {
    arena: &'a mut Arena<V>,
    number: u32,
    open: &'a mut Vec<u32>,
}

impl<V> Block<'_, V> {
    /// What is in a slot of the block, by its place there, and which life of the slot it is.
    #[inline(always)]
    pub(crate) fn with_generation_mut(&mut self, place: u32) -> Option<(&mut V, u32)> {
        let (value, index) = self.arena.get_unknown_gen_mut(place as usize)?;
        Some((value, index.into_raw_parts().1 as u32))
    }

    #[inline(always)]
    pub(crate) fn remove(&mut self, place: u32) -> Option<V> {
        let (_, index) = self.arena.get_unknown_gen(place as usize)?;
        let was_full = self.arena.len() == CHUNK;
        let removed = self.arena.remove(index)?;
        if was_full {
            self.open.push(self.number);
        }
        Some(removed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reused_slot_has_another_generation() {
        let mut slots = Slots::default();
        let first = slots.insert('a').expect("room");
        let generation = slots.generation(first);
        assert_eq!(slots.remove(first), Some('a'));
        assert_eq!(slots.generation(first), None);
        let second = slots.insert('b').expect("room");
        assert_eq!(first, second);
        assert_ne!(slots.generation(second), generation);
    }

    #[test]
    fn grows_past_a_chunk_and_fills_holes_before_growing_again() {
        let mut slots = Slots::default();
        let all: Vec<u32> = (0..3 * CHUNK).map(|n| slots.insert(n).expect("room")).collect();
        for slot in all.iter().step_by(2) {
            slots.remove(*slot);
        }
        for n in 0..3 * CHUNK / 2 {
            slots.insert(n).expect("room");
        }
        assert_eq!(slots.chunks.len(), 3);
        assert_eq!(slots.iter().count(), 3 * CHUNK);
        assert_eq!(slots.remove(u32::MAX), None);
    }
}
