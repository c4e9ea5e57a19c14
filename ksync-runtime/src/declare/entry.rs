//! The trait that a kind implements; `#[derive(KSyncEntry)]` writes it from an annotated struct.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::{Context, ErrorClass, Links, OperationError, Progress, References, Resolver, Schema, Verb};
use crate::wire::{MessageView, ParseError, Request};

/// A kind of kernel object: the original's `KSyncEntry`.
///
/// Nearly always derived:
///
/// ```
/// use ksync_runtime::prelude::*;
///
/// /// An entry of the kernel's neighbour table, for a link that somebody else manages.
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(
///     protocol = route,
///     header = NeighbourHeader,
///     add = RTM_NEWNEIGH, delete = RTM_DELNEIGH, get = RTM_GETNEIGH,
///     fill(ndm_family = AF_INET),
///     fill(ndm_state = NUD_PERMANENT, on(add, change)),
/// )]
/// pub struct Neighbour {
///     #[ksync(key, header = ndm_ifindex)]
///     pub ifindex: u32,
///     #[ksync(key, nla = NDA_DST)]
///     pub address: std::net::Ipv4Addr,
///     #[ksync(nla = NDA_LLADDR)]
///     pub mac: MacAddr6,
/// }
///
/// let neighbour = Neighbour {
///     ifindex: 2,
///     address: [192, 0, 2, 1].into(),
///     mac: MacAddr6::new(2, 0, 0, 0, 0, 1),
/// };
/// assert_eq!(neighbour.key(), NeighbourKey { ifindex: 2, address: [192, 0, 2, 1].into() });
/// ```
///
/// What the derive writes, a person can write. The methods are called by the runtime only; `self` is
/// never changed behind the user's back, but for the resolved targets inside [`Ref`](super::Ref)s.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no kind of kernel object",
    label = "only a kind can be referred to, and have a table",
    note = "derive it: `#[derive(Clone, Debug, PartialEq, KSyncEntry)]`"
)]
pub trait KSyncEntry: EntryValue {
    /// What tells one entry of the kind from another.
    type Key: Clone + Eq + Hash + fmt::Debug + Send + Sync + 'static;

    /// The names, numbers and places of everything the kind is made of.
    const SCHEMA: &'static Schema;

    /// The entry's key.
    fn key(&self) -> Self::Key;

    /// Whether this entry has that key; the same as `self.key() == *key`, without a copy.
    fn has_key(&self, key: &Self::Key) -> bool;

    /// Whether this entry and `other` have the same key; the same as `self.key() == other.key()`, without copies
    /// if the kind says so.
    fn has_key_of(&self, other: &Self) -> bool {
        self.has_key(&other.key())
    }

    /// Feeds the key to a hasher exactly as `self.key().hash(state)` does, without a copy.
    fn hash_key<H: Hasher>(&self, state: &mut H);

    /// Writes the key as a person would: `eth0`, or `table=254 destination=10.0.0.0/8`.
    ///
    /// # Errors
    /// Those of the formatter.
    fn describe_key(key: &Self::Key, out: &mut fmt::Formatter<'_>) -> fmt::Result;

    /// Looks at what can be known to be wrong before anybody asks the kernel.
    ///
    /// # Errors
    /// The field and the reason. The table refuses the value with them and keeps what it held.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// Shows every reference of the entry, in the order of declaration.
    fn references<L: Links>(&mut self, references: &mut References<'_, L>);

    /// Takes over what `previous` remembers, the value of the same entry whose place this one takes. Only kinds
    /// that remember something of the kernel need it, as one that has to put back what it found there.
    fn inherit(&mut self, previous: &Self) {
        let _ = previous;
    }

    /// What has to be done to a kernel that holds `self` so that it holds `desired`.
    fn compare(&self, desired: &Self) -> Difference;

    /// The first field in which `observed` (parsed from the kernel) does not do what `self` (declared)
    /// asks for. Optional fields that are `None` here ask for nothing, unless the kind says otherwise.
    fn unmet(&self, observed: &Self) -> Option<&'static str>;

    /// Writes the message that creates the object (AddMsg), or does the work on the spot.
    ///
    /// # Errors
    /// What keeps the message from being written; the entry is then treated as refused.
    fn add_msg(&self, context: &Context<'_>, request: Request<'_>) -> Result<Progress, OperationError>;

    /// Writes the message that changes the object (ChangeMsg). `held` is what the kernel is known to
    /// hold, or `None` where that is not certain.
    ///
    /// # Errors
    /// As for [`add_msg`](Self::add_msg).
    fn change_msg(
        &self,
        held: Option<&Self>,
        context: &Context<'_>,
        request: Request<'_>,
    ) -> Result<Progress, OperationError>;

    /// Writes the message that removes the object (DeleteMsg). `self` is what the kernel holds.
    ///
    /// # Errors
    /// As for [`add_msg`](Self::add_msg).
    fn delete_msg(&self, context: &Context<'_>, request: Request<'_>) -> Result<Progress, OperationError>;

    /// Writes the message that asks the kernel for this one object by its key. Needed by kinds whose
    /// index comes from the kernel: not every creation is echoed.
    ///
    /// # Errors
    /// As for [`add_msg`](Self::add_msg).
    fn get_msg(&self, context: &Context<'_>, request: Request<'_>) -> Result<Progress, OperationError> {
        let _ = (context, request);
        Ok(Progress::Complete)
    }

    /// Writes the fixed header of the request that dumps the kind, where it takes more than zeroes: a family, or
    /// a flag that tells these objects from others. `header` is all zero, and as long as the schema says.
    fn dump_header(header: &mut [u8]) {
        let _ = header;
    }

    /// Writes the message that dumps the objects which share with this one the fields that the kind is
    /// [dumped by](super::Dumped::By).
    ///
    /// # Errors
    /// As for [`add_msg`](Self::add_msg); nothing is asked for then.
    fn dump_msg(&self, context: &Context<'_>, request: Request<'_>) -> Result<Progress, OperationError> {
        let _ = (context, request);
        Ok(Progress::Complete)
    }

    /// Looks [on the spot](super::Dumped::OnTheSpot) at what is there in the place of this entry. `None`: nothing.
    ///
    /// # Errors
    /// What keeps it from being looked at.
    fn look(&self) -> Result<Option<Self>, OperationError> {
        Ok(None)
    }

    /// Reads back what [`add_msg`](Self::add_msg) writes and what the kernel dumps.
    ///
    /// # Errors
    /// Which part of the message does not hold what the kind expects. A message about an object that
    /// refers to something unknown here is no fault of the message: see [`ParseError::is_foreign`].
    fn parse(message: &MessageView<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError>;

    /// The same for messages that may hold several objects: `take` is handed each of them, or why it can't be read.
    fn parse_each(
        message: &MessageView<'_>,
        resolver: &Resolver<'_>,
        take: &mut dyn FnMut(Result<Self, ParseError>),
    ) {
        take(Self::parse(message, resolver));
    }

    /// Reads the object's index out of a message of the kernel. `None` for kinds without an index.
    ///
    /// # Errors
    /// As for [`parse`](Self::parse).
    fn parse_index(message: &MessageView<'_>) -> Result<Option<u32>, ParseError> {
        let _ = message;
        Ok(None)
    }

    /// What an error of the kernel means for this kind; see [`ErrorClass::of`] for the default. Its text and the field
    /// that it points at tell apart what one errno may mean: that the object is gone, or something that it names.
    fn classify(verb: Verb, error: &OperationError) -> ErrorClass {
        ErrorClass::of(verb, error.errno)
    }
}

/// What the values of a kind can do besides: they are copied, compared, shown, and handed to the agent's thread.
/// Implemented for every type that can.
#[diagnostic::on_unimplemented(
    message = "`{Self}` lacks what every kind has: it is copied, compared, shown, and handed to another thread",
    label = "not all of `Clone`, `Debug`, `PartialEq` and `Send`",
    note = "derive all of it: `#[derive(Clone, Debug, PartialEq, KSyncEntry)]`"
)]
pub trait EntryValue: Clone + PartialEq + fmt::Debug + Send + Sized + 'static {}

#[diagnostic::do_not_recommend]
impl<T: Clone + PartialEq + fmt::Debug + Send + Sized + 'static> EntryValue for T {}

/// A kind whose entries have an index (an ifindex, a nexthop id), so that others can name them on the
/// wire. The derive implements it for kinds that declare `index(...)`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no index, so a reference to it can't be put on the wire",
    label = "this kind declares no `index(...)`",
    note = "give `{Self}` an index: `#[ksync(index(from = ksync, range = 1..=65535, nla = ...))]`",
    note = "or take the `nla` or `header` off this field: a bare `#[depends_on]` only orders the writes"
)]
pub trait Indexed: KSyncEntry {}

/// What separates the value that the kernel holds from the one that it should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Nothing that the kernel would see.
    Same,
    /// One change message does it.
    Change,
    /// The kernel can't change `field` in place: delete, then add.
    Recreate {
        /// The first immutable field that differs.
        field: &'static str,
    },
}

/// Why a value can't be taken into a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct Invalid {
    /// The field that is wrong.
    pub field: &'static str,
    /// What is wrong with it, and what would be right.
    pub reason: String,
}

/// The key as a person would write it.
pub(crate) fn describe_key<T: KSyncEntry>(key: &T::Key) -> String {
    struct Text<'a, T: KSyncEntry>(&'a T::Key);
    impl<T: KSyncEntry> fmt::Display for Text<'_, T> {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            T::describe_key(self.0, out)
        }
    }
    Text::<T>(key).to_string()
}
