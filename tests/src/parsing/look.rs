//! What must hold of any bytes at all, be they of the kernel, bent, or made up: the body of every fuzz target.
//!
//! What does not hold is a panic, with what was read and what came of it.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use ksync_runtime::declare::{Difference, KSyncEntry};
use ksync_runtime::wire::{Answer, Messages, ParseError};

use super::message::{added, read, view};
use super::numbers::resolver;

/// What was made of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// An object that an entry could stand for; it was written and read once more.
    Declarable,
    /// An object of the kind that nobody could declare as it is, and why: the kernel does not report all of it, or
    /// somebody else made it in a way that is refused here.
    Odd(String),
    /// A well-formed message about what is not of this kind, or not of this agent.
    Foreign,
    /// Nothing that can be read, and why.
    Malformed(String),
}

/// How many objects of one message are looked at. A range can stand for thousands.
const MOST: usize = 16;

/// Looks at a message of a dump of kind `T`; `body` is what stands behind `struct nlmsghdr`. Of several objects in it,
/// what is malformed is told first, and then what can be declared.
///
/// # Panics
/// When the parser does, and when an object that can be declared is not what it was after it was written and read.
pub fn look_at<T: KSyncEntry>(body: &[u8]) -> Seen {
    // Kinds have a number, or none; what is wrong with it is an error of its own.
    let _ = T::parse_index(&view::<T>(body));
    let mut all = vec![look_at_one(read::<T>(body))];
    T::parse_each(&view::<T>(body), &resolver(), &mut |object| {
        if all.len() <= MOST {
            all.push(look_at_one(object));
        }
    });
    let rank = |seen: &Seen| match seen {
        Seen::Malformed(_) => 0,
        Seen::Declarable => 1,
        Seen::Odd(_) => 2,
        Seen::Foreign => 3,
    };
    all.into_iter().min_by_key(rank).unwrap_or(Seen::Foreign)
}

fn look_at_one<T: KSyncEntry>(read: Result<T, ParseError>) -> Seen {
    match read {
        Ok(entry) => {
            hold_together(&entry);
            if let Err(reason) = entry.check() {
                return Seen::Odd(reason.to_string());
            }
            come_back(&entry);
            Seen::Declarable
        }
        Err(error) => {
            let text = error.to_string();
            assert!(!text.trim().is_empty(), "an error that says nothing: {error:?}");
            if error.is_foreign() { Seen::Foreign } else { Seen::Malformed(text) }
        }
    }
}

/// Looks at a whole datagram: the messages in it, and what sort of answers they are.
///
/// # Panics
/// When the readers do, or make more of the datagram than there is.
pub fn look_at_datagram(datagram: &[u8]) -> Seen {
    let mut len = 0;
    let mut seen = Seen::Foreign;
    for message in Messages::new(datagram) {
        match message.and_then(|message| {
            len += message.body.len();
            Answer::of(message)
        }) {
            Ok(Answer::Object(_)) => seen = Seen::Declarable,
            Ok(_) => {}
            Err(error) => seen = Seen::Malformed(error.to_string()),
        }
    }
    assert!(len <= datagram.len(), "{len} bytes in messages of a datagram of {}", datagram.len());
    seen
}

/// What holds of every value: it is what it is, and so is its key.
///
/// # Panics
/// When it does not hold.
pub fn hold_together<T: KSyncEntry>(entry: &T) {
    struct Text<'a, T: KSyncEntry>(&'a T::Key);
    impl<T: KSyncEntry> fmt::Display for Text<'_, T> {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            T::describe_key(self.0, out)
        }
    }
    let key = entry.key();
    assert!(entry.has_key(&key), "{entry:?} has not its own key {key:?}");
    let (mut inside, mut alone) = (DefaultHasher::new(), DefaultHasher::new());
    entry.hash_key(&mut inside);
    key.hash(&mut alone);
    assert_eq!(inside.finish(), alone.finish(), "{key:?} hashes differently inside of {entry:?}");
    let _ = Text::<T>(&key).to_string();
    assert_eq!(entry.compare(entry), Difference::Same, "{entry:?} differs from itself");
    assert_eq!(entry.unmet(entry), None, "{entry:?} is not met by itself");
}

/// What was read from a message is written and read once more, and is what it was.
///
/// # Panics
/// When it is not.
fn come_back<T: KSyncEntry>(entry: &T) {
    let body = match added(entry) {
        Ok(body) => body,
        Err(error) => panic!("{entry:?} could be declared, and can't be written: {error}"),
    };
    match read::<T>(&body) {
        // What `compare` is there for (bursts that travel as times) is equal as far as that tells.
        Ok(back) => assert!(
            back == *entry || (entry.unmet(&back), back.unmet(entry)) == (None, None),
            "{entry:?} came back as {back:?}; written was {body:?}"
        ),
        Err(error) => panic!("{entry:?} was written and can't be read: {error}; written was {body:?}"),
    }
}
