//! The kinds that a script declares: one hand-written shape, eight times, each with manners of its own.
//!
//! A serializer here notes what it was asked to write instead of writing bytes; it does not know who asked.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ksync_runtime::declare::{
    Context, DependsOn, Difference, Dumped, ErrorClass, Incomplete, IndexSource, KSyncEntry, Links,
    OperationError, Progress, Protocol, Ref, References, ResolvedOn, Resolver, Schema, Verb,
};
use ksync_runtime::wire::{MessageView, ParseError, Request};

/// The most kinds that a scenario has.
pub(crate) const MOST_KINDS: usize = 8;

/// What the runtime calls the kinds where it does not look at the schema that they were registered with.
pub(crate) const NAMES: [&str; MOST_KINDS] =
    ["kind#0", "kind#1", "kind#2", "kind#3", "kind#4", "kind#5", "kind#6", "kind#7"];

/// `EOPNOTSUPP`: in scenarios, the refusal of a change that can't be made in place.
const NOT_IN_PLACE: i32 = 95;

/// Does something with the kind of that number.
macro_rules! with_kind {
    (@ $at:literal, $kind:ident, $body:expr) => {{
        type $kind = $crate::scenario::kind::Kind<$at>;
        $body
    }};
    ($number:expr, $kind:ident => $body:expr) => {
        match $number {
            0 => $crate::scenario::kind::with_kind!(@ 0, $kind, $body),
            1 => $crate::scenario::kind::with_kind!(@ 1, $kind, $body),
            2 => $crate::scenario::kind::with_kind!(@ 2, $kind, $body),
            3 => $crate::scenario::kind::with_kind!(@ 3, $kind, $body),
            4 => $crate::scenario::kind::with_kind!(@ 4, $kind, $body),
            5 => $crate::scenario::kind::with_kind!(@ 5, $kind, $body),
            6 => $crate::scenario::kind::with_kind!(@ 6, $kind, $body),
            _ => $crate::scenario::kind::with_kind!(@ 7, $kind, $body),
        }
    };
}
pub(super) use with_kind;

/// A kind as the script declares it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manners {
    /// Its name.
    pub(crate) name: String,
    /// Where the index comes from.
    pub(crate) index: IndexSource,
    /// Operations are done on the spot.
    pub(crate) sync: bool,
    /// A delete of what the kernel never saw is dropped.
    pub(crate) compress: bool,
    /// When it counts as there for those who depend on it.
    pub(crate) resolved_on: ResolvedOn,
    /// The kernel drops what refers to an object together with it.
    pub(crate) flushes: bool,
    /// Its adds and changes leave first.
    pub(crate) early: bool,
    /// The kinds that it depends on.
    pub(crate) depends_on: Vec<Dependency>,
    /// Of these, the ones whose entries it outlives in the kernel.
    pub(crate) survives: Vec<usize>,
}

/// A kind that another one depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    /// Its number.
    pub(crate) kind: usize,
    /// How many entries of it a value refers to.
    pub(crate) many: Many,
}

/// How many entries of a kind a value refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Many {
    /// Just one (`Ref<T>`).
    One,
    /// None or one (`Option<Ref<T>>`).
    Optional,
    /// Any number (`Vec<Ref<T>>`).
    Any,
}

impl Manners {
    /// A kind that the script says nothing about but its name.
    #[must_use]
    pub(crate) fn new(name: String) -> Self {
        Manners {
            name,
            index: IndexSource::None,
            sync: false,
            compress: true,
            resolved_on: ResolvedOn::Accepted,
            flushes: false,
            early: false,
            depends_on: Vec::new(),
            survives: Vec::new(),
        }
    }

    /// The schema of such a kind. It is kept until the program ends, as the engine wants it.
    #[must_use]
    pub(crate) fn schema(&self) -> &'static Schema {
        let depends_on: Vec<DependsOn> =
            self.depends_on.iter().map(|on| with_kind!(on.kind, K => DependsOn::on::<K>())).collect();
        Box::leak(Box::new(Schema {
            name: Box::leak(self.name.clone().into_boxed_str()),
            index: self.index,
            flushes_dependents: self.flushes,
            early: self.early,
            resolved_on: self.resolved_on,
            compress: self.compress,
            depends_on: Box::leak(depends_on.into_boxed_slice()),
            ..blank("")
        }))
    }
}

const fn blank(name: &'static str) -> Schema {
    Schema {
        name,
        protocol: Protocol::Route,
        header_len: 0,
        inside: &[],
        add: 16,
        change: 18,
        delete: 17,
        get: Some(19),
        dumped: Dumped::AtOnce,
        self_dependent: true,
        index: IndexSource::None,
        flushes_dependents: false,
        early: false,
        resolved_on: ResolvedOn::Accepted,
        compress: true,
        fields: &[],
        depends_on: &[],
    }
}

/// What is asked of the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// An add, change or delete.
    Write(Verb),
    /// Under which index the object is known.
    Lookup,
}

impl fmt::Display for Asked {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Asked::Write(Verb::Add) => "A",
            Asked::Write(Verb::Change) => "C",
            Asked::Write(Verb::Delete) => "D",
            Asked::Lookup => "L",
        })
    }
}

/// What a serializer was asked to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Number of the kind.
    pub(crate) kind: usize,
    /// Key of the entry.
    pub(crate) key: String,
    /// What for.
    pub(crate) asked: Asked,
    /// The value.
    pub(crate) value: String,
    /// The part of it that can't be changed in place.
    pub(crate) fixed: String,
    /// The entry's own index.
    pub(crate) index: Option<u32>,
    /// The indexes of what it refers to.
    pub(crate) naming: Vec<u32>,
    /// An earlier try may have been carried out.
    pub(crate) again: bool,
}

/// What the serializers of a scenario share.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// The kinds, by number.
    pub(crate) kinds: Vec<Manners>,
    state: Mutex<DeskState>,
}

#[derive(Debug, Default)]
struct DeskState {
    /// What was written and not taken from the desk yet.
    written: Option<Written>,
    /// Kind and key → how the next operations of that entry fail on the spot.
    planned: HashMap<(usize, String), VecDeque<OperationError>>,
}

impl Desk {
    /// A desk for these kinds.
    #[must_use]
    pub(crate) fn new(kinds: Vec<Manners>) -> Self {
        Desk { kinds, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, DeskState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was written last.
    pub(crate) fn take(&self) -> Option<Written> {
        self.state().written.take()
    }

    /// The next operation of that entry fails on the spot.
    pub(crate) fn plan(&self, kind: usize, key: &str, error: OperationError) {
        self.state().planned.entry((kind, key.to_owned())).or_default().push_back(error);
    }

    fn note(&self, written: Written) -> Option<OperationError> {
        let mut state = self.state();
        let planned =
            state.planned.get_mut(&(written.kind, written.key.clone())).and_then(VecDeque::pop_front);
        state.written = Some(written);
        planned
    }
}

macro_rules! needs {
    ($($variant:ident = $number:literal),*) => {
        /// A reference of a value.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub(crate) enum Need {
            $(
                #[doc = concat!("To an entry of kind ", stringify!($number), ".")]
                $variant(Ref<Kind<$number>>),
            )*
            /// To something that never comes.
            Lacking(Ref<Incomplete>),
        }

        impl Need {
            /// A reference to that entry.
            #[must_use]
            pub(crate) fn to(kind: usize, key: &str) -> Self {
                match kind {
                    $($number => Need::$variant(Ref::to(key)),)*
                    _ => Need::lacking("a kind that is not there"),
                }
            }

            /// Number of the kind that it leads to.
            #[must_use]
            pub(crate) fn kind(&self) -> Option<usize> {
                match self {
                    $(Need::$variant(_) => Some($number),)*
                    Need::Lacking(_) => None,
                }
            }

            fn show<L: Links>(&mut self, references: &mut References<'_, L>) {
                match self {
                    $(Need::$variant(reference) => references.required(reference),)*
                    Need::Lacking(reference) => references.required(reference),
                }
            }

            fn index(&self, context: &Context<'_>) -> Result<u32, OperationError> {
                match self {
                    $(Need::$variant(reference) => context.index_of(reference),)*
                    Need::Lacking(reference) => context.index_of(reference),
                }
            }
        }
    };
}

needs!(K0 = 0, K1 = 1, K2 = 2, K3 = 3, K4 = 4, K5 = 5, K6 = 6, K7 = 7);

impl Need {
    /// A reference to something that never comes.
    #[must_use]
    pub(crate) fn lacking(reason: &str) -> Self {
        Need::Lacking(Ref::to(reason))
    }
}

/// An entry of kind number `N`.
#[derive(Clone)]
pub(crate) struct Kind<const N: usize> {
    /// Which one.
    pub(crate) key: String,
    /// What it is.
    pub(crate) value: String,
    /// What it is for good.
    pub(crate) fixed: String,
    /// What it refers to.
    pub(crate) needs: Vec<Need>,
    /// Where its serializers work.
    pub(crate) desk: Arc<Desk>,
}

impl<const N: usize> PartialEq for Kind<N> {
    fn eq(&self, other: &Self) -> bool {
        let Kind { key, value, fixed, needs, desk: _ } = self;
        (key, value, fixed, needs) == (&other.key, &other.value, &other.fixed, &other.needs)
    }
}

impl<const N: usize> fmt::Debug for Kind<N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Kind { key, value, fixed, needs, desk: _ } = self;
        write!(out, "{key} value {value} fixed {fixed} -> {needs:?}")
    }
}

impl<const N: usize> Kind<N> {
    fn operate(&self, asked: Asked, context: &Context<'_>) -> Result<Progress, OperationError> {
        let mut naming = Vec::new();
        let mut missing = None;
        for need in &self.needs {
            let indexed = need.kind().is_some_and(|kind| self.desk.kinds[kind].index != IndexSource::None);
            match need.index(context) {
                Ok(index) => naming.push(index),
                Err(error) if indexed => missing = Some(error),
                Err(_) => {}
            }
        }
        let planned = self.desk.note(Written {
            kind: N,
            key: self.key.clone(),
            asked,
            value: self.value.clone(),
            fixed: self.fixed.clone(),
            index: context.index(),
            naming,
            again: context.again(),
        });
        let names = matches!(asked, Asked::Write(Verb::Add | Verb::Change));
        match planned.or(missing.filter(|_| names)) {
            Some(error) => Err(error),
            None if self.desk.kinds[N].sync => Ok(Progress::Complete),
            None => Ok(Progress::Pending),
        }
    }
}

impl<const N: usize> KSyncEntry for Kind<N> {
    type Key = String;

    const SCHEMA: &'static Schema = &blank(NAMES[N]);

    fn key(&self) -> String {
        self.key.clone()
    }

    fn has_key(&self, key: &String) -> bool {
        self.key == *key
    }

    fn hash_key<H: Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }

    fn describe_key(key: &String, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(key)
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        let survives = &self.desk.kinds[N].survives;
        for need in &mut self.needs {
            if need.kind().is_some_and(|kind| survives.contains(&kind)) {
                need.show(&mut references.surviving());
            } else {
                need.show(references);
            }
        }
    }

    fn compare(&self, desired: &Self) -> Difference {
        if self.fixed != desired.fixed {
            return Difference::Recreate { field: "fixed" };
        }
        if self == desired { Difference::Same } else { Difference::Change }
    }

    fn unmet(&self, observed: &Self) -> Option<&'static str> {
        (self.value != observed.value).then_some("value")
    }

    fn add_msg(&self, context: &Context<'_>, _: Request<'_>) -> Result<Progress, OperationError> {
        self.operate(Asked::Write(Verb::Add), context)
    }

    fn change_msg(
        &self,
        _: Option<&Self>,
        context: &Context<'_>,
        _: Request<'_>,
    ) -> Result<Progress, OperationError> {
        self.operate(Asked::Write(Verb::Change), context)
    }

    fn delete_msg(&self, context: &Context<'_>, _: Request<'_>) -> Result<Progress, OperationError> {
        self.operate(Asked::Write(Verb::Delete), context)
    }

    fn get_msg(&self, context: &Context<'_>, _: Request<'_>) -> Result<Progress, OperationError> {
        self.operate(Asked::Lookup, context)
    }

    fn parse(message: &MessageView<'_>, _: &Resolver<'_>) -> Result<Self, ParseError> {
        Err(ParseError::OtherType { expected: 16, got: message.message_type })
    }

    fn classify(verb: Verb, error: &OperationError) -> ErrorClass {
        match (verb, error.errno) {
            (Verb::Change, NOT_IN_PLACE) => ErrorClass::Immutable,
            _ => ErrorClass::of(verb, error.errno),
        }
    }
}
