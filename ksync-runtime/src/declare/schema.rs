//! What a kind is made of, as data: for errors, tracing, pages, and the check of dependencies at start.

use std::any::TypeId;

use super::{KSyncEntry, Protocol};

/// The names, numbers and places of everything a kind is made of.
#[derive(Debug)]
pub struct Schema {
    /// The name of the kind: that of the struct.
    pub name: &'static str,
    /// The protocol of its messages.
    pub protocol: Protocol,
    /// Length of the fixed header in front of the attributes, in bytes.
    pub header_len: usize,
    /// The attributes that the fields' attributes are nested in, the outermost first.
    pub inside: &'static [u16],
    /// Message type of the add, as `RTM_NEWLINK`, or the command; the kernel's own messages about the object have it
    /// too.
    pub add: u16,
    /// Message type of the change.
    pub change: u16,
    /// Message type of the delete.
    pub delete: u16,
    /// Message type that reads the object or dumps all of its kind, where the kernel has one.
    pub get: Option<u16>,
    /// How all objects of the kind are read back.
    pub dumped: Dumped,
    /// Entries of the kind may refer to each other, and circles of kinds that lead through it are meant.
    pub self_dependent: bool,
    /// Where the index comes from.
    pub index: IndexSource,
    /// The kernel removes what refers to an object together with it (nexthops take their routes along).
    pub flushes_dependents: bool,
    /// Adds and changes leave before those of other kinds that could leave at the same time. For objects
    /// that others need in ways which no reference shows: a gateway needs an address on its link.
    pub early: bool,
    /// When those who depend on an object may be sent.
    pub resolved_on: ResolvedOn,
    /// A delete is dropped if the kernel never saw the entry.
    pub compress: bool,
    /// The fields, in order of declaration.
    pub fields: &'static [FieldSchema],
    /// The kinds that it refers to.
    pub depends_on: &'static [DependsOn],
}

impl Schema {
    /// The name of the field whose attribute stands at `offset` (counted from the start of the fixed
    /// header) in `body`, the header and attributes of a message of this kind.
    ///
    /// The kernel points at the attribute that it did not like in this way; inside nested attributes the
    /// outermost field is named.
    #[must_use]
    pub fn field_at(&self, body: &[u8], offset: usize) -> Option<&'static str> {
        if offset < self.header_len {
            return None;
        }
        let mut nests = self.inside.iter();
        let mut nest = nests.next();
        let mut at = self.header_len;
        while let Some(head) = body.get(at..at + 4) {
            let len = usize::from(u16::from_ne_bytes([head[0], head[1]]));
            let nla = u16::from_ne_bytes([head[2], head[3]]) & crate::wire::NLA_TYPE_MASK;
            let end = at + len.max(4).next_multiple_of(4);
            at = match nest {
                None if offset < end => return self.field_of_attribute(nla),
                Some(own) if offset < end && *own == nla && offset >= at + 4 => {
                    nest = nests.next();
                    at + 4
                }
                Some(_) if offset < end => return None,
                _ => end,
            };
        }
        None
    }

    /// The name of the field that is carried by the attribute with that number.
    #[must_use]
    pub fn field_of_attribute(&self, nla: u16) -> Option<&'static str> {
        self.fields.iter().find(|field| field.nla == Some(nla)).map(|field| field.name)
    }
}

/// One field of a kind.
#[derive(Debug)]
pub struct FieldSchema {
    /// Name of the field.
    pub name: &'static str,
    /// Number of the attribute that carries it.
    pub nla: Option<u16>,
    /// Field of the fixed header that carries it.
    pub header: Option<&'static str>,
    /// Part of the key.
    pub key: bool,
    /// The kernel can't change it in place.
    pub immutable: bool,
}

/// A kind that another one refers to.
#[derive(Debug)]
pub struct DependsOn {
    /// Identity of the kind.
    pub kind: fn() -> TypeId,
    /// Name of the kind. A function, so that a kind can depend on itself.
    pub name: fn() -> &'static str,
}

impl DependsOn {
    /// A dependency on entries of kind `T`.
    #[must_use]
    pub const fn on<T: KSyncEntry>() -> Self {
        DependsOn { kind: TypeId::of::<T>, name: || T::SCHEMA.name }
    }
}

/// Where the index of an entry comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IndexSource {
    /// The kind has none.
    None,
    /// KSync allocates it, lowest free number first, both ends included.
    KSync {
        /// Lowest index.
        first: u32,
        /// Highest index.
        last: u32,
    },
    /// The kernel allocates it and tells it when the object is created.
    Kernel,
}

/// How all objects of a kind are read back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dumped {
    /// One request shows all of them, if the kind has a `get` message.
    #[default]
    AtOnce,
    /// A request shows those with the same values of these fields, as the classes of one link. It is sent once for
    /// each value among the declared entries.
    By(&'static [&'static str]),
    /// No message is needed: each declared entry [looks](KSyncEntry::look) by itself.
    OnTheSpot,
}

/// When an object counts as there for those who depend on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResolvedOn {
    /// Once the kernel accepted it. On netlink this costs nothing: the answer is there when the send returns.
    #[default]
    Accepted,
    /// Once it was asked for, as in the original: for channels that are slow and keep the order. If it is
    /// refused, so are those who depend on it.
    Sent,
}
