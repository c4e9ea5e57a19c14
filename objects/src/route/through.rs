//! Where the packets of a route go: by an object of one of two kinds, or by ways that the route names itself.
//!
//! `RTA_NH_ID` names a nexthop or a group by a number out of one space for both, and excludes the attributes of a
//! way. What is left out here is what no two fields of a struct could exclude.

use ksync_runtime::declare::{Context, Links, References, Resolver};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{
    AttributeField, AttributeList, AttributeValue, Attributes, ParseError, ValueError,
};

use super::paths::{self, Hop, Path};
use crate::{Link, Nexthop, NexthopGroup};

/// The loopback link, which every namespace has: routes of IPv6 that lead nowhere lead there.
const LOOPBACK: u32 = 1;

/// Where the packets of a [`Route`](crate::Route) go.
#[derive(Clone, Debug, PartialEq)]
pub enum Through {
    /// By a nexthop object. `nhid`
    Nexthop(Ref<Nexthop>),
    /// By a group of them. `nhid`
    Group(Box<Ref<NexthopGroup>>),
    /// By a way of the route's own. `via`, `dev`
    Path(Box<Path>),
    /// By several ways of the route's own. `nexthop`
    Multipath(Box<[Hop]>),
    /// Nowhere: a blackhole and its like.
    Nowhere,
}

impl AttributeField for Through {
    fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        match self {
            Through::Nexthop(nexthop) => AttributeField::emit(nexthop, nla, attributes, context),
            Through::Group(group) => AttributeField::emit(&**group, nla, attributes, context),
            Through::Path(path) => path.emit(attributes, context),
            Through::Multipath(hops) => paths::emit_hops(hops, attributes, context),
            Through::Nowhere => {}
        }
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        // A route by way of an object shows where that one goes as well.
        if let Some(payload) = attributes.get(nla) {
            let id =
                <u32 as AttributeValue>::parse(payload).map_err(|error| ParseError::attribute(nla, error))?;
            return match resolver.reference(id) {
                Ok(nexthop) => Ok(Through::Nexthop(nexthop)),
                Err(_) => Ok(Through::Group(Box::new(resolver.reference(id)?))),
            };
        }
        if let Some(payload) = attributes.get(RTA_MULTIPATH) {
            return paths::parse_hops(payload, resolver).map(|hops| Through::Multipath(hops.into()));
        }
        let path = Path::parse(attributes, resolver)?;
        if path != Path::default() {
            return Ok(Through::Path(Box::new(path)));
        }
        match <Option<u32> as AttributeField>::parse(RTA_OIF, attributes, resolver)? {
            None | Some(LOOPBACK) => Ok(Through::Nowhere),
            // It is all about a link that nobody here knows.
            Some(link) => Err(resolver
                .reference::<Link>(link)
                .err()
                .map_or_else(|| ParseError::attribute(RTA_OIF, ValueError::Missing), ParseError::from)),
        }
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        match self {
            Through::Nexthop(nexthop) => references.required(nexthop),
            Through::Group(group) => references.required(&mut **group),
            Through::Path(path) => path.references(references),
            Through::Multipath(hops) => hops.iter_mut().for_each(|hop| hop.path.references(references)),
            Through::Nowhere => {}
        }
    }

    fn met_by(&self, observed: &Self) -> bool {
        match (self, observed) {
            // The kernel lets routes of IPv6 that lead nowhere lead to the loopback link.
            (Through::Nowhere, Through::Nowhere | Through::Path(_)) => true,
            (Through::Path(asked), Through::Path(there)) => asked.met_by(there),
            (Through::Multipath(asked), Through::Multipath(there)) => {
                let met = |(asked, there): (&Hop, &Hop)| {
                    asked.path.met_by(&there.path)
                        && asked.weight == there.weight
                        && asked.onlink == there.onlink
                };
                asked.len() == there.len() && asked.iter().zip(there).all(met)
            }
            _ => self == observed,
        }
    }
}
