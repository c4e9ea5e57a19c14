//! References from one entry to another by key, and how they get to and from the wire as numbers.

use std::any::{Any, TypeId};
use std::fmt;
use std::hash::{Hash, Hasher};

use super::{KSyncEntry, OperationError};

/// Names an entry of another kind by its key. The entry need not exist yet: order is free.
///
/// On the wire it is the index of what it names. The number is filled in when the message is written
/// and is never seen by the code that declares the reference.
///
/// ```
/// # use ksync_runtime::prelude::*;
/// # #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// # #[ksync(protocol = route, header = LinkHeader, add = RTM_NEWLINK, delete = RTM_DELLINK)]
/// # struct Link { #[ksync(key, nla = IFLA_IFNAME)] name: String }
/// let link: Ref<Link> = Ref::to("eth0");
/// assert_eq!(link.key(), "eth0");
/// ```
pub struct Ref<T: KSyncEntry> {
    key: T::Key,
    target: Target,
}

impl<T: KSyncEntry> Ref<T> {
    /// A reference to the entry with that key.
    pub fn to(key: impl Into<T::Key>) -> Self {
        Ref { key: key.into(), target: Target::NONE }
    }

    /// The key of the entry that is referred to.
    pub fn key(&self) -> &T::Key {
        &self.key
    }
}

impl<T: KSyncEntry> Clone for Ref<T> {
    fn clone(&self) -> Self {
        Ref { key: self.key.clone(), target: self.target }
    }
}

impl<T: KSyncEntry> PartialEq for Ref<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl<T: KSyncEntry> Eq for Ref<T> {}

impl<T: KSyncEntry> Hash for Ref<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl<T: KSyncEntry> fmt::Debug for Ref<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Ref({:?})", self.key)
    }
}

impl<T: KSyncEntry> fmt::Display for Ref<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::describe_key(&self.key, out)
    }
}

/// Where a reference leads, as the tables know it: set when the entry is taken into its table, and of no
/// meaning outside the engine that set it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target(u32);

impl Target {
    /// Not looked up yet.
    pub const NONE: Target = Target(u32::MAX);

    /// Wraps the engine's own number of an entry.
    #[must_use]
    pub const fn new(raw: u32) -> Self {
        Target(raw)
    }

    /// The engine's own number of the entry.
    #[must_use]
    pub const fn raw(self) -> u32 {
        self.0
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Target::NONE => out.write_str("Target(none)"),
            Target(raw) => write!(out, "Target({raw})"),
        }
    }
}

/// Looks up (or makes room for) the targets of references. The engine implements it.
pub trait Links {
    /// Notes a reference to the entry of kind `T` with that key, and returns where it is. `survives`: its holder
    /// [survives](References::surviving) it.
    fn link<T: KSyncEntry>(&mut self, key: &T::Key, survives: bool) -> Target;
}

/// Collects the references of an entry: what [`KSyncEntry::references`] is handed.
pub struct References<'a, L> {
    links: &'a mut L,
    surviving: bool,
}

impl<'a, L: Links> References<'a, L> {
    /// Collects into `links`.
    pub fn new(links: &'a mut L) -> Self {
        References { links, surviving: false }
    }

    /// For references whose holder the kernel keeps when it removes the target, although the target's kind
    /// [flushes](super::Schema::flushes_dependents) others: a bridge that goes leaves its ports behind.
    pub fn surviving(&mut self) -> References<'_, L> {
        References { links: &mut *self.links, surviving: true }
    }

    /// The entry needs what `reference` names.
    #[inline(always)]
    pub fn required<T: KSyncEntry>(&mut self, reference: &mut Ref<T>) {
        reference.target = self.links.link::<T>(&reference.key, self.surviving);
    }
}

impl<L> fmt::Debug for References<'_, L> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("References")
    }
}

/// A dependency that is not on the wire: it only says what has to be there first.
///
/// Implemented for [`Ref`], and for `Option` and `Vec` of what it is implemented for.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no dependency",
    label = "a dependency is a reference",
    note = "write `Ref<T>`, `Option<Ref<T>>` or `Vec<Ref<T>>`, where `T` derives `KSyncEntry`",
    note = "or take `#[depends_on]` off the field"
)]
pub trait Depends {
    /// Shows the references.
    fn references<L: Links>(&mut self, references: &mut References<'_, L>);
}

impl<T: KSyncEntry> Depends for Ref<T> {
    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        references.required(self);
    }
}

impl<D: Depends> Depends for Option<D> {
    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        if let Some(dependency) = self {
            dependency.references(references);
        }
    }
}

impl<D: Depends> Depends for Vec<D> {
    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        for dependency in self {
            dependency.references(references);
        }
    }
}

/// Knows the index of what a reference leads to. The engine implements it.
pub trait Indexes {
    /// The index of that entry, if it has one by now.
    fn index_of(&self, target: Target) -> Option<u32>;
}

/// What a serializer may ask while it writes: the entry's own index and those of its targets.
pub struct Context<'a> {
    index: Option<u32>,
    indexes: &'a dyn Indexes,
    again: bool,
}

impl<'a> Context<'a> {
    /// `index` is the entry's own; `again` says that an earlier try may or may not have reached the kernel.
    pub fn new(index: Option<u32>, indexes: &'a dyn Indexes, again: bool) -> Self {
        Context { index, indexes, again }
    }

    /// The entry's own index, where the kind has one and it is known.
    #[must_use]
    pub fn index(&self) -> Option<u32> {
        self.index
    }

    /// The entry's own index.
    ///
    /// # Errors
    /// When it is not known (yet).
    pub fn own_index(&self) -> Result<u32, OperationError> {
        self.index.ok_or_else(|| OperationError::local(None, "the entry's index is not known"))
    }

    /// Whether an earlier try of the same operation may have been carried out already (its answer was
    /// lost): an add must then not insist on being the first.
    #[must_use]
    pub fn again(&self) -> bool {
        self.again
    }

    /// The index of the entry that `reference` names.
    ///
    /// # Errors
    /// When that entry has none (yet).
    #[inline(always)]
    pub fn index_of<T: KSyncEntry>(&self, reference: &Ref<T>) -> Result<u32, OperationError> {
        match self.indexes.index_of(reference.target) {
            Some(index) => Ok(index),
            None => Err(without_index(reference)),
        }
    }
}

#[cold]
fn without_index<T: KSyncEntry>(reference: &Ref<T>) -> OperationError {
    OperationError::local(None, format!("{} {reference} has no index", T::SCHEMA.name))
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Context")
            .field("index", &self.index)
            .field("again", &self.again)
            .finish_non_exhaustive()
    }
}

/// Turns the kernel's numbers back into keys: what a parser is handed.
#[derive(Clone, Copy)]
pub struct Resolver<'a> {
    key_of: &'a dyn Fn(TypeId, u32) -> Option<Box<dyn Any>>,
}

impl<'a> Resolver<'a> {
    /// `key_of` finds the key (boxed, of the kind's key type) of the entry of a kind that has an index.
    pub fn new(key_of: &'a dyn Fn(TypeId, u32) -> Option<Box<dyn Any>>) -> Self {
        Resolver { key_of }
    }

    /// A resolver that knows nothing: for parsing messages that hold no references.
    #[must_use]
    pub fn empty() -> Resolver<'static> {
        Resolver { key_of: &|_, _| None }
    }

    /// The key of the entry of kind `T` with that index.
    ///
    /// # Errors
    /// When no entry of ours has it: the object belongs to somebody else.
    pub fn key<T: KSyncEntry>(&self, index: u32) -> Result<T::Key, ResolveError> {
        (self.key_of)(TypeId::of::<T>(), index)
            .and_then(|key| key.downcast::<T::Key>().ok())
            .map(|key| *key)
            .ok_or(ResolveError { kind: T::SCHEMA.name, index })
    }

    /// A reference to the entry of kind `T` with that index.
    ///
    /// # Errors
    /// As for [`key`](Self::key).
    pub fn reference<T: KSyncEntry>(&self, index: u32) -> Result<Ref<T>, ResolveError> {
        self.key::<T>(index).map(|key| Ref { key, target: Target::NONE })
    }
}

impl fmt::Debug for Resolver<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Resolver")
    }
}

/// The kernel named something by a number that no entry here has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no {kind} here has index {index}")]
pub struct ResolveError {
    /// The kind that was looked for.
    pub kind: &'static str,
    /// The kernel's number.
    pub index: u32,
}
