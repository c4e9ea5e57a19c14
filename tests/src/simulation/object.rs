//! Objects of all four kinds as one type, and where they belong.

use std::fmt;

use ksync_objects::{Address, AddressKey, Link, LinkKind, Name, Nexthop, Route, RouteKey};
use ksync_runtime::declare::Difference;
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, SetError, Why};
use ksync_runtime::prelude::*;

use std::time::Instant;

/// What tells one object from all others, of whatever kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Place {
    Link(String),
    /// Link and address.
    Address(String, IpNet),
    Nexthop(Name),
    /// Table, destination and metric.
    Route(u32, IpNet, u32),
}

/// A declared value.
#[expect(clippy::large_enum_variant, reason = "a few thousand of them, most of them short-lived")]
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Object {
    Link(Link),
    Address(Address),
    Nexthop(Nexthop),
    Route(Route),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Link(name) => write!(out, "Link {name}"),
            Place::Address(link, address) => write!(out, "Address {address} on {link}"),
            Place::Nexthop(name) => write!(out, "Nexthop {name}"),
            Place::Route(table, destination, metric) => {
                write!(out, "Route {destination} table {table} metric {metric}")
            }
        }
    }
}

impl Object {
    pub(super) fn place(&self) -> Place {
        match self {
            Object::Link(link) => Place::Link(link.name.clone()),
            Object::Address(address) => Place::Address(address.link.key().clone(), address.address),
            Object::Nexthop(nexthop) => Place::Nexthop(nexthop.name.clone()),
            Object::Route(route) => Place::Route(route.table, route.destination, route.metric),
        }
    }

    /// The places of what it refers to.
    pub(super) fn refers_to(&self) -> Vec<Place> {
        let link = |reference: &Ref<Link>| Place::Link(reference.key().clone());
        match self {
            Object::Link(Link { kind, master, .. }) => {
                let inside = match kind {
                    LinkKind::PeerOf { link } => Some(link),
                    LinkKind::Vxlan(vxlan) => vxlan.lower.as_ref(),
                    _ => None,
                };
                inside.into_iter().chain(master).map(link).collect()
            }
            Object::Address(address) => vec![link(&address.link)],
            Object::Nexthop(nexthop) => nexthop.link.iter().map(link).collect(),
            Object::Route(route) => route.nexthop().cloned().map(Place::Nexthop).into_iter().collect(),
        }
    }

    /// What separates this from another object of the same place.
    pub(super) fn compare(&self, desired: &Object) -> Difference {
        match (self, desired) {
            (Object::Link(held), Object::Link(desired)) => held.compare(desired),
            (Object::Address(held), Object::Address(desired)) => held.compare(desired),
            (Object::Nexthop(held), Object::Nexthop(desired)) => held.compare(desired),
            (Object::Route(held), Object::Route(desired)) => held.compare(desired),
            _ => Difference::Same,
        }
    }

    /// Whether adding it creates something, and removing it deletes it.
    pub(super) fn is_created(&self) -> bool {
        !matches!(self, Object::Link(link) if !link.kind.is_created())
    }

    pub(super) fn set(self, engine: &mut Engine, now: Instant) -> Result<(), SetError> {
        match self {
            Object::Link(link) => engine.set(link, now),
            Object::Address(address) => engine.set(address, now),
            Object::Nexthop(nexthop) => engine.set(nexthop, now),
            Object::Route(route) => engine.set(route, now),
        }
    }

    /// Whether the engine holds just this as declared.
    pub(super) fn is_declared(&self, engine: &Engine) -> bool {
        match self {
            Object::Link(link) => engine.get::<Link>(&link.name) == Some(link),
            Object::Address(address) => engine.get::<Address>(&address.key()) == Some(address),
            Object::Nexthop(nexthop) => engine.get::<Nexthop>(&nexthop.name) == Some(nexthop),
            Object::Route(route) => engine.get::<Route>(&route.key()) == Some(route),
        }
    }
}

impl Place {
    fn address(link: &str, address: IpNet) -> AddressKey {
        AddressKey { link: Ref::to(link), address }
    }

    fn route(table: u32, destination: IpNet, metric: u32) -> RouteKey {
        RouteKey { table, destination, metric, tos: 0 }
    }

    pub(super) fn remove(&self, engine: &mut Engine, now: Instant) -> bool {
        match self {
            Place::Link(name) => engine.remove::<Link>(name, now),
            Place::Address(link, address) => engine.remove::<Address>(&Self::address(link, *address), now),
            Place::Nexthop(name) => engine.remove::<Nexthop>(name, now),
            Place::Route(table, to, metric) => {
                engine.remove::<Route>(&Self::route(*table, *to, *metric), now)
            }
        }
    }

    /// Tells the engine that the object is gone from the kernel.
    pub(super) fn lost(&self, engine: &mut Engine, now: Instant) {
        match self {
            Place::Link(name) => engine.handle_lost::<Link>(name, now),
            Place::Address(link, address) => {
                engine.handle_lost::<Address>(&Self::address(link, *address), now);
            }
            Place::Nexthop(name) => engine.handle_lost::<Nexthop>(name, now),
            Place::Route(table, to, metric) => {
                engine.handle_lost::<Route>(&Self::route(*table, *to, *metric), now);
            }
        }
    }

    pub(super) fn state(&self, engine: &Engine) -> Option<State> {
        match self {
            Place::Link(name) => engine.state::<Link>(name),
            Place::Address(link, address) => engine.state::<Address>(&Self::address(link, *address)),
            Place::Nexthop(name) => engine.state::<Nexthop>(name),
            Place::Route(table, to, metric) => engine.state::<Route>(&Self::route(*table, *to, *metric)),
        }
    }

    pub(super) fn why(&self, engine: &Engine) -> Option<Why> {
        match self {
            Place::Link(name) => engine.why::<Link>(name),
            Place::Address(link, address) => engine.why::<Address>(&Self::address(link, *address)),
            Place::Nexthop(name) => engine.why::<Nexthop>(name),
            Place::Route(table, to, metric) => engine.why::<Route>(&Self::route(*table, *to, *metric)),
        }
    }

    /// The message type that creates objects there.
    pub(super) fn new_type(&self) -> u16 {
        match self {
            Place::Link(_) => RTM_NEWLINK,
            Place::Address(..) => RTM_NEWADDR,
            Place::Nexthop(_) => RTM_NEWNEXTHOP,
            Place::Route(..) => RTM_NEWROUTE,
        }
    }
}
