//! The reference model: what was declared, and what the kernel must therefore hold.
//!
//! It knows no history, but for the foreign objects that are in the way: what must be there follows from what
//! is declared now.

use std::collections::{BTreeMap, BTreeSet};

use ksync_objects::{Link, LinkKind, Nexthop};
use ksync_runtime::prelude::*;

use super::intent::EXISTING;
use super::object::{Object, Place};

/// What the kernel must make of a declared object once it was left in peace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It can't be there as declared: what it needs is not to be had.
    Never,
    /// It depends on what was before: something that it needs is not declared, and may still be there.
    Unsure,
    /// It is there as declared.
    Must,
}

/// What is declared.
#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) declared: BTreeMap<Place, Object>,
    /// What was declared last in places where nothing is declared any more.
    pub(super) withdrawn: BTreeMap<Place, Object>,
    /// Places in which somebody else's object is.
    pub(super) taken: BTreeSet<Place>,
}

impl Model {
    /// What must become of every declared object.
    pub(super) fn standings(&self) -> BTreeMap<&Place, Standing> {
        let mut known = BTreeMap::new();
        for place in self.declared.keys() {
            self.standing(place, &mut known);
        }
        known.retain(|place, _| self.declared.contains_key(*place));
        known.into_iter().filter_map(|(place, standing)| Some((place, standing?))).collect()
    }

    /// What waits for itself can never be there. While an object is looked at, `known` has `None` for it.
    fn standing<'a>(&'a self, place: &Place, known: &mut BTreeMap<&'a Place, Option<Standing>>) -> Standing {
        let Some((place, object)) = self.declared.get_key_value(place) else {
            return Standing::Unsure;
        };
        if let Some(standing) = known.get(place) {
            return standing.unwrap_or(Standing::Never);
        }
        known.insert(place, None);
        let mut standing = self.by_itself(place, object, known);
        for needed in object.refers_to() {
            // A dependency that can't be there as declared may still be there as it was declared before.
            standing = standing.min(self.standing(&needed, known).max(Standing::Unsure));
        }
        known.insert(place, Some(standing));
        standing
    }

    /// What the kernel thinks of it, its references aside.
    fn by_itself<'a>(
        &'a self,
        place: &'a Place,
        object: &'a Object,
        known: &mut BTreeMap<&'a Place, Option<Standing>>,
    ) -> Standing {
        if self.taken.contains(place) {
            return Standing::Never;
        }
        match object {
            Object::Link(link) => self.link_by_itself(link),
            Object::Address(_) => Standing::Must,
            Object::Nexthop(nexthop) => {
                let carrier = nexthop.link.as_ref().map(|link| self.carrier(link.key(), known));
                carrier.unwrap_or(Standing::Must).min(self.reaches(nexthop, known))
            }
            Object::Route(route) => {
                let ipv6_by_ipv4 = route.destination.addr().is_ipv6()
                    && route.nexthop().is_some_and(|name| name.starts_with("n4"));
                if ipv6_by_ipv4 { Standing::Never } else { Standing::Must }
            }
        }
    }

    fn link_by_itself(&self, link: &Link) -> Standing {
        match &link.kind {
            LinkKind::Existing if EXISTING[2] == link.name => Standing::Never,
            LinkKind::PeerOf { link: first } => match self.link(first.key()).map(|first| &first.kind) {
                Some(LinkKind::Veth { peer }) if peer.name == link.name => Standing::Must,
                Some(_) => Standing::Never,
                None => Standing::Unsure,
            },
            _ => Standing::Must,
        }
    }

    /// A veth has a carrier if its other end is up, which only the one who declares it says.
    fn carrier<'a>(&'a self, link: &str, known: &mut BTreeMap<&'a Place, Option<Standing>>) -> Standing {
        match self.link(link).map(|link| &link.kind) {
            Some(LinkKind::Veth { peer }) => self.standing(&Place::Link(peer.name.clone()), known),
            _ => Standing::Must,
        }
        .max(Standing::Unsure)
    }

    /// A gateway is reached if it is said to be, or by way of an address.
    fn reaches<'a>(
        &'a self,
        nexthop: &Nexthop,
        known: &mut BTreeMap<&'a Place, Option<Standing>>,
    ) -> Standing {
        let (Some(gateway), Some(link)) = (nexthop.gateway.filter(|_| !nexthop.onlink), &nexthop.link) else {
            return Standing::Must;
        };
        if matches!(gateway, std::net::IpAddr::V6(gateway) if gateway.is_unicast_link_local()) {
            return Standing::Must;
        }
        let by_address = self.addresses_on(link.key()).find(|(_, address)| address.contains(&gateway));
        by_address.map_or(Standing::Unsure, |(place, _)| self.standing(place, known).max(Standing::Unsure))
    }

    fn addresses_on(&self, link: &str) -> impl Iterator<Item = (&Place, &IpNet)> {
        let first = Place::Address(link.to_owned(), IpNet::V4(Ipv4Net::default()));
        self.declared
            .range(first..)
            .map_while(move |(place, _)| match place {
                Place::Address(on, address) => Some((place, on, address)),
                _ => None,
            })
            .take_while(move |(_, on, _)| *on == link)
            .map(|(place, _, address)| (place, address))
    }

    fn link(&self, name: &str) -> Option<&Link> {
        match self.declared.get(&Place::Link(name.to_owned())) {
            Some(Object::Link(link)) => Some(link),
            _ => None,
        }
    }

    /// All that the object at `place` needs, directly and not, itself included; without the way by which
    /// gateways are reached.
    pub(super) fn closure(&self, place: &Place) -> BTreeSet<Place> {
        let mut closure = BTreeSet::new();
        let mut open = vec![place.clone()];
        while let Some(place) = open.pop() {
            if closure.contains(&place) {
                continue;
            }
            let object = self.declared.get(&place).or_else(|| self.withdrawn.get(&place));
            open.extend(object.into_iter().flat_map(Object::refers_to));
            closure.insert(place);
        }
        closure
    }
}
