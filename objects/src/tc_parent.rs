//! Where in the tree of a link a queueing discipline, class or filter hangs.

use std::fmt;
use std::hash::{Hash, Hasher};

use ksync_runtime::declare::{
    Context, ErrorClass, Invalid, Links, OperationError, References, Resolver, Verb,
};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{AttributeField, AttributeList, Attributes, HeaderValue, ParseError, ValueError};

use crate::{Class, ClassKey, Link, Qdisc, QdiscKey, TcHandle};

/// What an object of traffic control hangs on. It is waited for, if it is one that has to be declared.
///
/// On the wire, and when two are compared, a parent is its number.
#[derive(Clone)]
pub enum TcParent {
    /// The link's outgoing side. `root`
    Root,
    /// The place of the disciplines `ingress` and `clsact`. `ingress`, `clsact`
    Ingress,
    /// A queueing discipline. `parent 1:`
    Qdisc(Ref<Qdisc>),
    /// A class. `parent 1:10`
    Class(Ref<Class>),
    /// What comes in, of a link with `ingress` or `clsact`. `ingress`
    Incoming(Ref<Qdisc>),
    /// What goes out, of a link with `clsact`. `egress`
    Outgoing(Ref<Qdisc>),
    /// Whatever has that number: somebody else made it, and it is not waited for.
    At(TcHandle),
}

/// The only number that `ingress` and `clsact` can have.
pub(crate) const INGRESS: TcHandle = TcHandle::new(0xffff, 0);

impl TcParent {
    /// The declared queueing discipline of the link with that handle.
    #[must_use]
    pub fn qdisc(link: impl Into<String>, handle: TcHandle) -> Self {
        TcParent::Qdisc(qdisc(link, handle))
    }

    /// The declared class of the link with that handle.
    #[must_use]
    pub fn class(link: impl Into<String>, classid: TcHandle) -> Self {
        TcParent::Class(Ref::to(ClassKey { link: Ref::to(link), classid }))
    }

    /// A declared class, or a queueing discipline if the minor number is 0.
    #[must_use]
    pub fn of(link: impl Into<String>, handle: TcHandle) -> Self {
        if handle.minor() == 0 { TcParent::qdisc(link, handle) } else { TcParent::class(link, handle) }
    }

    /// What comes in on the link, which is declared to have `ingress` or `clsact`.
    #[must_use]
    pub fn incoming(link: impl Into<String>) -> Self {
        TcParent::Incoming(qdisc(link, INGRESS))
    }

    /// What goes out of the link, which is declared to have `clsact`.
    #[must_use]
    pub fn outgoing(link: impl Into<String>) -> Self {
        TcParent::Outgoing(qdisc(link, INGRESS))
    }

    /// The kernel's number.
    #[must_use]
    pub fn handle(&self) -> TcHandle {
        match self {
            TcParent::Root => TcHandle::from_number(TC_H_ROOT),
            TcParent::Ingress => TcHandle::from_number(TC_H_INGRESS),
            TcParent::Qdisc(qdisc) => qdisc.key().handle,
            TcParent::Class(class) => class.key().classid,
            TcParent::Incoming(_) => TcHandle::new(0xffff, TC_H_MIN_INGRESS as u16),
            TcParent::Outgoing(_) => TcHandle::new(0xffff, TC_H_MIN_EGRESS as u16),
            TcParent::At(handle) => *handle,
        }
    }

    fn link(&self) -> Option<&Ref<Link>> {
        match self {
            TcParent::Qdisc(qdisc) | TcParent::Incoming(qdisc) | TcParent::Outgoing(qdisc) => {
                Some(&qdisc.key().link)
            }
            TcParent::Class(class) => Some(&class.key().link),
            TcParent::Root | TcParent::Ingress | TcParent::At(_) => None,
        }
    }

    /// A tree belongs to one link.
    pub(crate) fn check_link(&self, own: &Ref<Link>) -> Result<(), Invalid> {
        on_same_link("parent", self.link(), own)
    }
}

fn qdisc(link: impl Into<String>, handle: TcHandle) -> Ref<Qdisc> {
    Ref::to(QdiscKey { link: Ref::to(link), handle })
}

fn on_same_link(field: &'static str, other: Option<&Ref<Link>>, own: &Ref<Link>) -> Result<(), Invalid> {
    match other {
        Some(other) if other != own => {
            Err(Invalid { field, reason: format!("is one of link {other}, this is one of link {own}") })
        }
        _ => Ok(()),
    }
}

impl PartialEq for TcParent {
    fn eq(&self, other: &Self) -> bool {
        self.handle() == other.handle()
    }
}

impl Eq for TcParent {}

impl Hash for TcParent {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.handle().hash(state);
    }
}

impl fmt::Display for TcParent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TcParent::Root => out.write_str("root"),
            TcParent::Ingress => out.write_str("ingress"),
            other => fmt::Display::fmt(&other.handle(), out),
        }
    }
}

impl fmt::Debug for TcParent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl HeaderValue for TcParent {
    fn to_header(&self, _: &Context<'_>) -> Result<i128, OperationError> {
        Ok(i128::from(self.handle().number()))
    }

    /// Of a number alone nobody knows the link: what is read back is told by number.
    fn from_header(number: i128, _: &Resolver<'_>) -> Result<Self, ParseError> {
        match u32::try_from(number) {
            Ok(TC_H_ROOT) => Ok(TcParent::Root),
            Ok(TC_H_INGRESS) => Ok(TcParent::Ingress),
            Ok(number) => Ok(TcParent::At(TcHandle::from_number(number))),
            Err(_) => Err(ParseError::header(ValueError::Content(format!("{number} is no handle")))),
        }
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        match self {
            TcParent::Qdisc(qdisc) | TcParent::Incoming(qdisc) | TcParent::Outgoing(qdisc) => {
                references.required(qdisc);
            }
            TcParent::Class(class) => references.required(class),
            TcParent::Root | TcParent::Ingress | TcParent::At(_) => {}
        }
    }
}

/// The class that a filter sends packets to. On the wire, and when two are compared, it is its number.
#[derive(Clone)]
pub enum TcFlow {
    /// A declared class: it is waited for, and stays as long as the filter does.
    Class(Ref<Class>),
    /// Whatever class has that number. It need not be there.
    At(TcHandle),
}

impl TcFlow {
    /// The declared class of the link with that handle.
    #[must_use]
    pub fn class(link: impl Into<String>, classid: TcHandle) -> Self {
        TcFlow::Class(Ref::to(ClassKey { link: Ref::to(link), classid }))
    }

    /// The kernel's number.
    #[must_use]
    pub fn handle(&self) -> TcHandle {
        match self {
            TcFlow::Class(class) => class.key().classid,
            TcFlow::At(handle) => *handle,
        }
    }

    pub(crate) fn check_link(&self, own: &Ref<Link>) -> Result<(), Invalid> {
        match self {
            TcFlow::Class(class) => on_same_link("classid", Some(&class.key().link), own),
            TcFlow::At(_) => Ok(()),
        }
    }
}

impl PartialEq for TcFlow {
    fn eq(&self, other: &Self) -> bool {
        self.handle() == other.handle()
    }
}

impl Eq for TcFlow {}

impl fmt::Debug for TcFlow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.handle(), out)
    }
}

impl AttributeField for TcFlow {
    fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, _: &Context<'_>) {
        attributes.put(nla, &self.handle());
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        <TcHandle as AttributeField>::parse(nla, attributes, resolver).map(TcFlow::At)
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        if let TcFlow::Class(class) = self {
            references.required(class);
        }
    }

    fn met_by(&self, observed: &Self) -> bool {
        self == observed
    }
}

/// What the kernel's errors mean for objects that hang in a tree.
pub(crate) fn classify(verb: Verb, error: &OperationError) -> ErrorClass {
    match (verb, error.errno) {
        // The parent is not there (yet), nor is the module of that kind.
        (Verb::Add, ENOENT) => ErrorClass::Blocked,
        // "Parent Qdisc doesn't exists", or another one stands in its place: "Invalid handle".
        (Verb::Delete, EINVAL) => ErrorClass::Gone,
        _ => ErrorClass::of(verb, error.errno),
    }
}

/// errno.h
const ENOENT: i32 = 2;
const EINVAL: i32 = 22;
