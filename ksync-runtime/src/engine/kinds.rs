//! Which table a kind has. Knows nothing of what is in it.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use super::entry::MAX_TABLES;

const GUESSES: usize = 256;

/// A number that no table has.
const NOWHERE: usize = usize::MAX;

/// In place of a number: no kind has a table, or several have.
const NO_GUESS: u8 = u8::MAX;

const _: () = assert!(MAX_TABLES <= NO_GUESS as usize);

/// The numbers of the tables, by kind.
#[derive(Debug)]
pub(super) struct Kinds {
    numbers: HashMap<TypeId, usize, BuildHasherDefault<KindHasher>>,
    /// By some bits of a kind's hash, which are known when the program is built: the number of the only table that a kind
    /// with these bits can have.
    guesses: [u8; GUESSES],
}

impl Default for Kinds {
    fn default() -> Self {
        Kinds { numbers: HashMap::default(), guesses: [NO_GUESS; GUESSES] }
    }
}

impl Kinds {
    /// The number of the kind's table.
    #[inline]
    pub(super) fn number_of(&self, kind: TypeId) -> Option<usize> {
        self.numbers.get(&kind).copied()
    }

    /// The number of the kind's table if it has one; if not, that of another one, or [`NOWHERE`]. There are that many tables.
    #[inline(always)]
    pub(super) fn likely_number_of(&self, kind: TypeId, tables: usize) -> usize {
        // No table has the number that stands for no guess.
        match usize::from(self.guesses[place_of_guess(kind)]) {
            number if number < tables => number,
            _ => self.find(kind),
        }
    }

    #[cold]
    #[inline(never)]
    fn find(&self, kind: TypeId) -> usize {
        self.number_of(kind).unwrap_or(NOWHERE)
    }

    pub(super) fn insert(&mut self, kind: TypeId, number: usize) {
        self.numbers.insert(kind, number);
        self.guess(place_of_guess(kind));
    }

    /// The kind has no table any more. Returns the number of the one that it had.
    pub(super) fn remove(&mut self, kind: TypeId) -> Option<usize> {
        let number = self.numbers.remove(&kind);
        self.guess(place_of_guess(kind));
        number
    }

    /// Finds out which is the only kind, if there is one, that can be meant by that place among the guesses.
    fn guess(&mut self, place: usize) {
        let mut meant = self.numbers.iter().filter(|(kind, _)| place_of_guess(**kind) == place);
        let (first, second) = (meant.next(), meant.next());
        let number = first.filter(|_| second.is_none()).map(|(_, number)| *number as u8);
        self.guesses[place] = number.unwrap_or(NO_GUESS);
    }
}

/// A `TypeId` is a hash already.
#[derive(Default)]
struct KindHasher(u64);

impl Hasher for KindHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// Where the number of a kind's table stands among the guesses.
#[inline]
fn place_of_guess(kind: TypeId) -> usize {
    BuildHasherDefault::<KindHasher>::default().hash_one(kind) as usize % GUESSES
}

/// Two kinds that share a place among the guesses.
#[cfg(test)]
pub(super) fn two_that_share_a_guess() -> (TypeId, TypeId) {
    let kinds = tests::kinds();
    let mut pairs =
        kinds.iter().enumerate().flat_map(|(at, one)| kinds[..at].iter().map(move |other| (*one, *other)));
    pairs.find(|(one, other)| place_of_guess(*one) == place_of_guess(*other)).expect("more kinds than places")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs of some types: more than there are places for guesses.
    pub(super) fn kinds() -> Vec<TypeId> {
        fn with<A: 'static>() -> [TypeId; 17] {
            macro_rules! pairs {
                ($($b:ty),*) => { [$(TypeId::of::<(A, $b)>()),*] };
            }
            pairs!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64, bool, char, (), String, usize)
        }
        macro_rules! all {
            ($($a:ty),*) => { [$(with::<$a>()),*].concat() };
        }
        all!(u8, u16, u32, u64, u128, i8, i16, i32, i64, i128, f32, f64, bool, char, (), String, usize)
    }

    #[test]
    fn kinds_that_share_a_guess_are_told_apart() {
        let all = kinds();
        assert!(all.len() > GUESSES);
        let mut kinds = Kinds::default();
        for (number, kind) in all.iter().enumerate() {
            kinds.insert(*kind, number % MAX_TABLES);
        }
        let is_right = |kinds: &Kinds| {
            all.iter().enumerate().all(|(number, kind)| match kinds.number_of(*kind) {
                Some(found) => {
                    found == number % MAX_TABLES
                        && kinds.likely_number_of(*kind, MAX_TABLES) == number % MAX_TABLES
                }
                None => {
                    let likely = kinds.likely_number_of(*kind, MAX_TABLES);
                    let is_of_other = |(other, number): (&TypeId, &usize)| {
                        *number == likely && place_of_guess(*other) == place_of_guess(*kind)
                    };
                    number.is_multiple_of(2) && (likely == NOWHERE || kinds.numbers.iter().any(is_of_other))
                }
            })
        };
        assert!(is_right(&kinds));
        let removed: Vec<_> = all.iter().step_by(2).map(|kind| kinds.remove(*kind)).collect();
        assert!(removed.iter().enumerate().all(|(at, number)| *number == Some(at * 2 % MAX_TABLES)));
        assert!(is_right(&kinds), "some are taken away");
    }

    #[test]
    fn a_kind_that_is_alone_in_its_place_is_found_without_a_search() {
        let (one, other) = two_that_share_a_guess();
        let mut kinds = Kinds::default();
        kinds.insert(one, 3);
        let guess = |kinds: &Kinds| kinds.guesses[place_of_guess(one)];
        assert_eq!((guess(&kinds), kinds.likely_number_of(other, 4)), (3, 3));
        kinds.insert(other, 4);
        assert_eq!((guess(&kinds), kinds.likely_number_of(other, 5)), (NO_GUESS, 4));
        kinds.remove(one);
        assert_eq!((guess(&kinds), kinds.likely_number_of(one, 5)), (4, 4));
    }
}
