//! Vectors that grow by whole chunks and never move what they hold.

use super::CHUNK;

/// Elements by number, in chunks. Reading past the end is the caller's fault and yields nothing.
#[derive(Debug)]
pub(crate) struct Chunks<T> {
    chunks: Vec<Vec<T>>,
    len: usize,
}

impl<T> Default for Chunks<T> {
    fn default() -> Self {
        Chunks { chunks: Vec::new(), len: 0 }
    }
}

impl<T> Chunks<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, element: T) {
        if self.len.is_multiple_of(CHUNK) {
            self.add_chunk();
        }
        if let Some(last) = self.chunks.last_mut() {
            last.push(element);
            self.len += 1;
        }
    }

    #[cold]
    fn add_chunk(&mut self) {
        self.chunks.push(Vec::with_capacity(CHUNK));
    }

    #[inline]
    pub(crate) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    #[inline]
    pub(crate) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }
}

/// The same for small elements: a chunk is full from the first, so that finding one takes fewer steps. Reading past the
/// end yields nothing, or what was made up.
#[derive(Debug)]
pub(crate) struct FullChunks<T> {
    chunks: Vec<Box<[T; CHUNK]>>,
    len: usize,
}

impl<T> Default for FullChunks<T> {
    fn default() -> Self {
        FullChunks { chunks: Vec::new(), len: 0 }
    }
}

impl<T: Copy> FullChunks<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Appends an element, by which a new chunk is filled.
    #[inline]
    pub(crate) fn push(&mut self, element: T) {
        if self.len.is_multiple_of(CHUNK) {
            self.chunks.push(Box::new([element; CHUNK]));
        }
        let at = self.len;
        self.len += 1;
        if let Some(place) = self.get_mut(at) {
            *place = element;
        }
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
