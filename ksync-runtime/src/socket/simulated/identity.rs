//! The bytes that tell one object of a family from another. Their order is the order of dumps.

use std::borrow::Borrow;
use std::cmp::Ordering;

/// The identity of an object within its family. Short ones (all of the route family) lie in place: a
/// million of them are compared on every walk down the tree, and a pointer each would cost a cache miss each.
#[derive(Clone, Debug)]
pub(super) enum Identity {
    Short { len: u8, bytes: [u8; SHORT] },
    Long(Box<[u8]>),
}

const SHORT: usize = 38;

impl Identity {
    pub(super) fn new(identity: &[u8]) -> Self {
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..identity.len()), u8::try_from(identity.len())) {
            (Some(room), Ok(len)) => {
                room.copy_from_slice(identity);
                Identity::Short { len, bytes }
            }
            _ => Identity::Long(identity.into()),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        match self {
            Identity::Short { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Identity::Long(bytes) => bytes,
        }
    }
}

impl Borrow<[u8]> for Identity {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Identity {}

impl PartialOrd for Identity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Identity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}
