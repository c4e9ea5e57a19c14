//! The description of a family of objects: its message types, what tells its objects apart, how others
//! refer to them, and what they refer to.

use std::ops::Range;

use nix::errno::Errno;

use super::generic::Generic;
use super::message::{Message, u32_of};
use super::rules::Rules;

/// A family of kernel objects that a [`World`](super::World) holds.
///
/// The families of the route protocol that have manners of their own (links, addresses, nexthops, routes,
/// neighbours, rules) are there from the start. Teach a world others with
/// [`World::add_family`](super::World::add_family): they follow general manners:
///
/// - `NLM_F_EXCL` on an object that is there: `EEXIST`; without it the object is replaced.
/// - No `NLM_F_CREATE`, and the object is not there: `ENOENT`. Deleting what is not there: `ENOENT`.
/// - A reference to something that is not there: the errno that the reference names.
/// - What refers to an object disappears silently together with it.
///
/// ```
/// use ksync_runtime::socket::simulated::{Family, Part, SimulatedKernel};
/// use ksync_runtime::wire::rtnetlink::*;
///
/// let labels = Family::new("AddressLabel", RTM_NEWADDRLABEL, RTM_DELADDRLABEL, 12)
///     .get(RTM_GETADDRLABEL)
///     .key(Part::Header(0..1))
///     .key(Part::Header(2..3))
///     .key(Part::Attribute(IFAL_ADDRESS))
///     .refers(Part::Header(4..8), RTM_NEWLINK, 19);
/// let kernel = SimulatedKernel::new();
/// kernel.world().add_family(labels);
/// assert_eq!(kernel.world().count(RTM_NEWADDRLABEL), 0);
/// ```
#[derive(Clone, Debug)]
pub struct Family {
    pub(super) name: &'static str,
    pub(super) new_type: u16,
    pub(super) del_type: u16,
    pub(super) get_type: Option<u16>,
    pub(super) header_len: usize,
    pub(super) key: Vec<Part>,
    pub(super) index: Option<Part>,
    pub(super) references: Vec<Reference>,
    pub(super) rules: &'static dyn Rules,
}

impl Family {
    /// A family with these messages: `new_type` as `RTM_NEWADDRLABEL` creates and changes, `del_type` as
    /// `RTM_DELADDRLABEL` deletes, and all have a fixed header of `header_len` bytes.
    #[must_use]
    pub fn new(name: &'static str, new_type: u16, del_type: u16, header_len: usize) -> Self {
        Family {
            name,
            new_type,
            del_type,
            get_type: None,
            header_len,
            key: Vec::new(),
            index: None,
            references: Vec::new(),
            rules: &Generic,
        }
    }

    /// Objects are read and dumped by messages of type `get_type`.
    #[must_use]
    pub fn get(mut self, get_type: u16) -> Self {
        self.get_type = Some(get_type);
        self
    }

    /// Part of what tells the objects apart. Without any, the index does, or else there can be one object only.
    #[must_use]
    pub fn key(mut self, part: Part) -> Self {
        self.key.push(part);
        self
    }

    /// The objects have a number that others refer to them by. Where a request leaves it zero or out, the
    /// kernel takes the lowest one that is free.
    #[must_use]
    pub fn index(mut self, part: Part) -> Self {
        self.index = Some(part);
        self
    }

    /// The objects refer to objects of the family that `new_type` creates, by their number. Where that is
    /// zero or left out they don't. A request that names an object that is not there fails with `errno`.
    #[must_use]
    pub fn refers(mut self, part: Part, new_type: u16, errno: i32) -> Self {
        self.references.push(Reference { part, new_type, errno });
        self
    }

    /// One of the route family's own.
    pub(super) fn own(
        name: &'static str,
        types: [u16; 3],
        header_len: usize,
        rules: &'static dyn Rules,
    ) -> Self {
        let [new_type, del_type, get_type] = types;
        Family { rules, ..Family::new(name, new_type, del_type, header_len).get(get_type) }
    }
}

/// A place in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Bytes of the fixed header.
    Header(Range<usize>),
    /// The payload of an attribute.
    Attribute(u16),
}

impl Part {
    /// The bytes that stand there.
    pub(super) fn of<'a>(&self, message: &Message<'a>) -> Option<&'a [u8]> {
        match self {
            Part::Header(range) => message.view().body.get(range.clone()),
            Part::Attribute(nla) => message.attribute(*nla),
        }
    }

    /// The number that stands there; 0 if none does.
    pub(super) fn number(&self, message: &Message<'_>) -> u32 {
        self.of(message).and_then(u32_of).unwrap_or(0)
    }
}

/// What the objects of a family refer to.
#[derive(Clone, Debug)]
pub(super) struct Reference {
    pub(super) part: Part,
    pub(super) new_type: u16,
    pub(super) errno: i32,
}

impl Reference {
    pub(super) fn missing(&self) -> Errno {
        Errno::from_raw(self.errno)
    }
}
