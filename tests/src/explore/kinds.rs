//! The kinds that small worlds are made of: one shape, several manners.
//!
//! Every kind may refer to itself, so that any picture of dependencies can be drawn with a single one.

use ksync_runtime::declare::{ErrorClass, OperationError, Verb};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::NoHeader;

/// What is wished for under a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Wish {
    /// What can be changed in place.
    pub value: u32,
    /// What can't.
    pub fixed: u32,
    /// The key of what it needs first.
    pub first: Option<u32>,
    /// The key of what else it needs.
    pub second: Option<u32>,
}

impl Wish {
    /// The keys of all that it needs.
    pub fn needs(&self) -> impl Iterator<Item = u32> {
        self.first.into_iter().chain(self.second)
    }
}

/// A kind of which a small world can be made.
pub trait Kind: KSyncEntry<Key = u32> {
    /// The entry of that wish.
    fn make(key: u32, wish: Wish) -> Self;
}

/// The errno by which the model kernel says that it can't change an object in place (`EOPNOTSUPP`).
pub(super) const NOT_IN_PLACE: i32 = 95;

fn classify(verb: Verb, error: &OperationError) -> ErrorClass {
    match (verb, error.errno) {
        (Verb::Change, NOT_IN_PLACE) => ErrorClass::Immutable,
        _ => ErrorClass::of(verb, error.errno),
    }
}

macro_rules! kind {
    ($(#[$doc:meta])* $name:ident: $($words:tt)*) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, KSyncEntry)]
        #[ksync(
            protocol = route, header = NoHeader, add = 16, change = 18, delete = 17, get = 19,
            self_dependent, classify = classify, $($words)*
        )]
        pub struct $name {
            /// Which one.
            #[ksync(key, nla = 1)]
            pub id: u32,
            /// What it is.
            #[ksync(nla = 2)]
            pub value: u32,
            /// What it is for good.
            #[ksync(nla = 3, immutable)]
            pub fixed: u32,
            /// What it needs.
            #[depends_on]
            #[ksync(nla = 4)]
            pub first: Option<Ref<$name>>,
            /// What else it needs.
            #[depends_on]
            #[ksync(nla = 5)]
            pub second: Option<Ref<$name>>,
        }

        impl Kind for $name {
            fn make(id: u32, wish: Wish) -> Self {
                let Wish { value, fixed, first, second } = wish;
                $name { id, value, fixed, first: first.map(Ref::to), second: second.map(Ref::to) }
            }
        }
    };
}

kind! {
    /// The kernel leaves alone what refers to one that is deleted.
    Plain: index(from = ksync, range = 1..=9, nla = 9)
}

kind! {
    /// The kernel drops what refers to one together with it.
    Flushing: index(from = ksync, range = 1..=9, nla = 9), flushes_dependents
}

kind! {
    /// A delete is sent even for what the kernel never saw.
    Kept: index(from = ksync, range = 1..=9, nla = 9), flushes_dependents, no_compress
}

kind! {
    /// The kernel numbers them, and tells only who asks.
    Numbered: index(from = kernel, nla = 9), flushes_dependents
}

kind! {
    /// There are two numbers only.
    Scarce: index(from = ksync, range = 1..=2, nla = 9), flushes_dependents
}

/// Nothing that stands on others, or is numbered.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = route, header = NoHeader, add = 16, change = 18, delete = 17, classify = classify)]
pub struct Lone {
    /// Which one.
    #[ksync(key, nla = 1)]
    pub id: u32,
    /// What it is.
    #[ksync(nla = 2)]
    pub value: u32,
    /// What it is for good.
    #[ksync(nla = 3, immutable)]
    pub fixed: u32,
}

impl Kind for Lone {
    fn make(id: u32, wish: Wish) -> Self {
        Lone { id, value: wish.value, fixed: wish.fixed }
    }
}
