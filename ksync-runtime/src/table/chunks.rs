//! Vectors that grow by whole chunks and never move what they hold.

/// How many elements a chunk holds. A table with one row has room for so many.
const CHUNK: usize = 128;

/// What stands where nothing was put yet.
pub(crate) trait Blank {
    /// That.
    const BLANK: Self;
}

/// Elements by number. A chunk is full from the first, of blanks, so that finding an element takes few steps; reading past
/// the end is the caller's fault and yields nothing, or a blank.
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Box<[T; CHUNK]>>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Chunks { chunks: Vec::new(), len: 0 }
    }
}

impl<T: Blank> Chunks<T> {
    #[inline]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, element: T) {
        if let Some(place) = self.add() {
            *place = element;
        }
    }

    /// Adds a blank, and returns its place. `None`: the last chunk is full.
    #[inline(always)]
    pub(crate) fn add_to_chunk(&mut self) -> Option<&mut T> {
        if self.len.is_multiple_of(CHUNK) { None } else { self.add_behind() }
    }

    /// Adds a blank, and returns its place, which there always is.
    #[inline(always)]
    pub(crate) fn add(&mut self) -> Option<&mut T> {
        if self.len.is_multiple_of(CHUNK) {
            self.add_chunk();
        }
        self.add_behind()
    }

    /// Adds a blank for which there is room, and returns its place.
    #[inline(always)]
    fn add_behind(&mut self) -> Option<&mut T> {
        let at = self.len;
        self.len = at + 1;
        self.get_mut(at)
    }

    #[cold]
    #[inline(never)]
    fn add_chunk(&mut self) {
        // Not by way of the stack, for which it may be too large.
        let blanks: Box<[T]> = std::iter::repeat_with(|| T::BLANK).take(CHUNK).collect();
        self.chunks.extend(blanks.try_into().ok());
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / CHUNK).map(|chunk| &chunk[at % CHUNK])
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.chunks.get_mut(at / CHUNK).map(|chunk| &mut chunk[at % CHUNK])
    }
}

impl Blank for u32 {
    const BLANK: u32 = u32::MAX;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_put_stays_where_it_is_while_chunks_are_added() {
        let mut numbers = Chunks::default();
        for number in 0..3 * CHUNK as u32 + 1 {
            numbers.push(number);
            assert_eq!(numbers.len(), number as usize + 1);
        }
        if let Some(place) = numbers.get_mut(CHUNK) {
            *place = 7;
        }
        let all: Vec<u32> = (0..numbers.len()).filter_map(|at| numbers.get(at).copied()).collect();
        let expected = (0..3 * CHUNK as u32 + 1).map(|at| if at == CHUNK as u32 { 7 } else { at });
        assert!(all.into_iter().eq(expected), "something moved");
        assert_eq!((numbers.get(3 * CHUNK + 1), numbers.get(4 * CHUNK)), (Some(&u32::BLANK), None));
    }
}
