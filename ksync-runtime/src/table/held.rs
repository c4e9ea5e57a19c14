//! Copies of what the kernel holds, for the entries of which that is not what is declared.
//!
//! A copy goes with the references that it holds, of which only the number of the first one is known here.

use super::chunks::{Blank, Chunks};

/// No copy, or no reference.
const NONE: u32 = u32::MAX;

/// Room for one copy.
#[derive(Debug)]
struct Place<T> {
    value: Option<T>,
    /// First of the references that the copy holds; of a place that is free, the next free place.
    edges: u32,
}

impl<T> Blank for Place<T> {
    const BLANK: Self = Place { value: None, edges: NONE };
}

/// Copies by number.
#[derive(Debug)]
pub(crate) struct HeldCopies<T> {
    places: Chunks<Place<T>>,
    /// First of the places that are free.
    free: u32,
}

impl<T> Default for HeldCopies<T> {
    fn default() -> Self {
        HeldCopies { places: Chunks::default(), free: NONE }
    }
}

impl<T> HeldCopies<T> {
    /// Keeps a copy, and returns its number.
    #[inline(never)]
    pub(crate) fn keep(&mut self, value: T, edges: u32) -> u32 {
        let mut at = self.free;
        let place = match self.places.get_mut(at as usize) {
            Some(place) => {
                self.free = place.edges;
                place
            }
            None => {
                at = self.places.len() as u32;
                match self.places.add_to_chunk() {
                    Some(place) => place,
                    None => return self.keep_in_another_chunk(value, edges),
                }
            }
        };
        *place = Place { value: Some(value), edges };
        at
    }

    /// Apart, so that nothing has to be put aside for it by [`keep`](Self::keep).
    #[cold]
    #[inline(never)]
    fn keep_in_another_chunk(&mut self, value: T, edges: u32) -> u32 {
        let at = self.places.len() as u32;
        self.places.push(Place { value: Some(value), edges });
        at
    }

    pub(crate) fn get(&self, copy: u32) -> Option<&T> {
        self.places.get(copy as usize)?.value.as_ref()
    }

    /// First of the references that the copy holds.
    pub(crate) fn edges(&self, copy: u32) -> u32 {
        self.places.get(copy as usize).filter(|place| place.value.is_some()).map_or(NONE, |place| place.edges)
    }

    /// Says which is the first of the references that the copy holds. Returns whether there is such a copy.
    pub(crate) fn set_edges(&mut self, copy: u32, edges: u32) -> bool {
        match self.places.get_mut(copy as usize) {
            Some(place) if place.value.is_some() => {
                place.edges = edges;
                true
            }
            _ => false,
        }
    }

    /// Drops a copy, and returns the first of the references that it held.
    pub(crate) fn drop(&mut self, copy: u32) -> u32 {
        match self.places.get_mut(copy as usize) {
            Some(place) if place.value.is_some() => {
                place.value = None;
                let edges = std::mem::replace(&mut place.edges, self.free);
                self.free = copy;
                edges
            }
            _ => NONE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_copy_that_was_dropped_is_used_again_once() {
        let mut copies = HeldCopies::default();
        let (first, second) = (copies.keep("a", 1), copies.keep("b", 2));
        assert_eq!((copies.drop(first), copies.drop(first)), (1, NONE));
        assert!(!copies.set_edges(first, 3), "a copy that is not there");
        assert_eq!((copies.get(first), copies.edges(first)), (None, NONE));
        assert_eq!(copies.keep("c", NONE), first);
        let third = copies.keep("d", 4);
        assert!(third != first && third != second, "two copies share a place");
        assert!(copies.set_edges(second, 5));
        assert_eq!((copies.get(second), copies.edges(second)), (Some(&"b"), 5));
    }
}
