//! Messages that hold several objects.

use crate::wire::ParseError;
use crate::wire::ValueError;

/// Hands out the objects of one message.
pub struct Several<'a, T> {
    take: &'a mut dyn FnMut(Result<T, ParseError>),
    /// How many more objects the message may have.
    room: usize,
}

/// More objects than any message holds: one attribute can claim to stand for any number.
const MOST: usize = 1 << 16;

impl<'a, T> Several<'a, T> {
    /// Hands them to `take`.
    pub fn new(take: &'a mut dyn FnMut(Result<T, ParseError>)) -> Self {
        Several { take, room: MOST }
    }

    /// One object, or why it can't be read.
    pub fn take(&mut self, object: Result<T, ParseError>) {
        (self.take)(object);
    }

    /// The object, and its copies with all numbers that follow, up to `last`.
    pub fn up_to<N: Copy + Ord + Into<i128> + TryFrom<i128>>(
        &mut self,
        object: Result<T, ParseError>,
        last: Result<Option<N>, ParseError>,
        number: fn(&mut T) -> &mut N,
    ) where
        T: Clone,
    {
        let (mut object, last) = match (object, last) {
            (Ok(object), Ok(Some(last))) => (object, last),
            (Ok(_), Err(error)) => return self.take(Err(error)),
            (object, _) => return self.take(object),
        };
        let first: i128 = (*number(&mut object)).into();
        for next in first..=last.into().max(first) {
            let Some(room) = self.room.checked_sub(1) else {
                let many = format!("the message stands for more than {MOST} objects");
                return self.take(Err(ParseError::header(ValueError::Content(many))));
            };
            self.room = room;
            if let Ok(next) = N::try_from(next) {
                *number(&mut object) = next;
                self.take(Ok(object.clone()));
            }
        }
    }
}

impl<T> std::fmt::Debug for Several<'_, T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Several")
    }
}

/// The first object of a message.
///
/// # Errors
/// Why it can't be read. A message without objects is about nothing that is known here.
pub fn first<T>(each: impl FnOnce(&mut dyn FnMut(Result<T, ParseError>))) -> Result<T, ParseError> {
    let mut first = None;
    each(&mut |object| {
        first.get_or_insert(object);
    });
    first.unwrap_or_else(|| Err(ParseError::header(ValueError::Missing)))
}
