//! A request about a route: its key, its path, its body as a dump shows it.

use bytes::BytesMut;
use nix::errno::Errno;

use super::super::address::Nearness;
use super::super::address::{link_towards, nearness};
use super::super::link;
use super::super::message::{AttributeWalk, Message, Refusal, Size, attribute_in, refuse, u32_of};
use super::super::nexthop::{check_gateway, is_group};
use super::super::state::{ADDRESS, NEXTHOP, State};
use super::super::store::{Object, Slot};
use super::key::{Key, mask};
use super::{attribute, table_of};
use crate::wire::rtnetlink::*;
use crate::wire::{Attributes, FixedHeader};

const POLICY: [(u16, Size); 5] = [
    (RTA_DST, Size::AtLeast(4)),
    (RTA_OIF, Size::AtLeast(4)),
    (RTA_PRIORITY, Size::AtLeast(4)),
    (RTA_TABLE, Size::AtLeast(4)),
    (RTA_NH_ID, Size::Exactly(4)),
];

/// `RTN_MAX` (linux/rtnetlink.h).
const RTN_MAX: u8 = 11;

/// The metric of IPv6 routes that name none (`IP6_RT_PRIO_USER`, net/ip6_route.h).
const IPV6_METRIC: u32 = 1024;

/// What is kept of a request besides table, destination and metric, in the order in which it is shown.
const KEPT: [u16; 12] = [
    RTA_SRC,
    RTA_IIF,
    RTA_METRICS,
    RTA_PREFSRC,
    RTA_MULTIPATH,
    RTA_FLOW,
    RTA_ENCAP_TYPE,
    RTA_ENCAP,
    RTA_NH_ID,
    RTA_VIA,
    RTA_GATEWAY,
    RTA_OIF,
];

/// Attributes from here on are ignored.
const KNOWN: usize = 32;

/// A request about a route.
pub(super) struct Asked<'a> {
    pub(super) header: RouteHeader,
    pub(super) table: u32,
    metric: u32,
    destination: [u8; 16],
    /// Number → payload.
    attributes: [Option<&'a [u8]>; KNOWN],
}

/// How a new route gets where it goes.
pub(super) struct Path {
    /// The link, where the request left it out.
    oif: Option<u32>,
    /// The type that the nexthop imposes.
    rtm_type: u8,
    /// What the route can't be without.
    pub(super) references: Vec<Slot>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(message: &Message<'a>) -> Result<Self, Refusal> {
        let mut header = RouteHeader::parse(message.view().body).ok_or_else(|| {
            // Only a header that is not even there for its family is an error of its own.
            if message.view().body.first() == Some(&AF_INET) || message.view().body.first() == Some(&AF_INET6)
            {
                Refusal::from(Errno::EINVAL)
            } else {
                Refusal::from(Errno::EOPNOTSUPP)
            }
        })?;
        if header.rtm_family != AF_INET && header.rtm_family != AF_INET6 {
            return Err(Errno::EOPNOTSUPP.into());
        }
        message.check(&POLICY)?;
        let mut attributes = [None; KNOWN];
        for attribute in message.attributes() {
            if let Some(room) = attributes.get_mut(usize::from(attribute.nla)) {
                *room = Some(attribute.payload);
            }
        }
        let number = |nla: u16| attributes.get(usize::from(nla)).copied().flatten().and_then(u32_of);
        let mut table = table_of(&header, number(RTA_TABLE));
        if table == RT_TABLE_UNSPEC {
            table = RT_TABLE_MAIN;
        }
        header.rtm_table = u8::try_from(table).unwrap_or(RT_TABLE_COMPAT as u8);
        let metric = number(RTA_PRIORITY).unwrap_or(0);
        let mut asked = Asked { header, table, metric, destination: [0; 16], attributes };
        match (header.rtm_family, header.rtm_dst_len) {
            (AF_INET, 33..) => return Err(refuse(Errno::EINVAL, "Invalid prefix length")),
            (_, 129..) => return Err(Errno::EINVAL.into()),
            _ => {}
        }
        if let Some(destination) = asked.attribute(RTA_DST) {
            let len = asked.address_len();
            for (to, from) in asked.destination.iter_mut().take(len).zip(destination) {
                *to = *from;
            }
        }
        if header.rtm_family == AF_INET6 {
            // Host bits are cut off without a word.
            asked.header.rtm_tos = 0;
            mask(&mut asked.destination, header.rtm_dst_len);
        }
        let named = [RTA_OIF, RTA_GATEWAY, RTA_VIA, RTA_MULTIPATH, RTA_ENCAP];
        if asked.nexthop_id().is_some() && named.iter().any(|nla| asked.attribute(*nla).is_some()) {
            let text = "Nexthop specification and nexthop id are mutually exclusive";
            return Err(refuse(Errno::EINVAL, text));
        }
        Ok(asked)
    }

    fn attribute(&self, nla: u16) -> Option<&'a [u8]> {
        self.attributes.get(usize::from(nla)).copied().flatten()
    }

    fn number(&self, nla: u16) -> Option<u32> {
        self.attribute(nla).and_then(u32_of).filter(|number| *number != 0)
    }

    pub(super) fn nexthop_id(&self) -> Option<u32> {
        self.number(RTA_NH_ID)
    }

    fn address_len(&self) -> usize {
        if self.header.rtm_family == AF_INET { 4 } else { 16 }
    }

    pub(super) fn destination(&self) -> &[u8] {
        self.destination.get(..self.address_len()).unwrap_or_default()
    }

    pub(super) fn key(&self) -> Key {
        let metric =
            if self.header.rtm_family == AF_INET6 && self.metric == 0 { IPV6_METRIC } else { self.metric };
        let header = &self.header;
        Key::new(
            header.rtm_family,
            self.table,
            self.destination(),
            header.rtm_dst_len,
            header.rtm_tos,
            metric,
        )
    }

    /// IPv4 takes no host bits.
    pub(super) fn check_prefix(&self) -> Result<(), Refusal> {
        let mut masked = self.destination;
        mask(&mut masked, self.header.rtm_dst_len);
        if masked == self.destination {
            return Ok(());
        }
        Err(refuse(Errno::EINVAL, "Invalid prefix for given prefix length"))
    }

    /// The nexthop object that the request names.
    pub(super) fn nexthop(&self, state: &State) -> Result<Slot, Refusal> {
        self.nexthop_id()
            .and_then(|id| state.store.find_index(NEXTHOP, id))
            .ok_or_else(|| refuse(Errno::EINVAL, "Nexthop id does not exist"))
    }

    /// Checks all that a new route needs.
    pub(super) fn path(&self, state: &State) -> Result<Path, Refusal> {
        self.check_prefix()?;
        let header = &self.header;
        if header.rtm_type > RTN_MAX {
            return Err(refuse(Errno::EINVAL, "Invalid route type"));
        }
        if header.rtm_family == AF_INET && least_scope(header.rtm_type) > header.rtm_scope {
            return Err(refuse(Errno::EINVAL, "Invalid scope"));
        }
        self.check_source(state)?;
        let nowhere = matches!(header.rtm_type, RTN_BLACKHOLE | RTN_UNREACHABLE | RTN_PROHIBIT | RTN_THROW);
        let path = |oif, references| Path { oif, rtm_type: header.rtm_type, references };
        if self.nexthop_id().is_some() {
            return self.path_through_object(state);
        }
        if nowhere {
            return Ok(path(None, Vec::new()));
        }
        if let Some(hops) = self.attribute(RTA_MULTIPATH) {
            return Ok(path(None, self.multipath(state, hops)?));
        }
        let oif = self.hop(state, self.number(RTA_OIF), self.gateway()?, header.rtm_flags)?;
        Ok(path(Some(oif), link::slot(state, oif).into_iter().collect()))
    }

    fn path_through_object(&self, state: &State) -> Result<Path, Refusal> {
        let slot = self.nexthop(state)?;
        let body = state.store.get(slot).map(|nexthop| &*nexthop.body).unwrap_or_default();
        if self.header.rtm_family == AF_INET6 && has_ipv4(state, slot) {
            return Err(refuse(Errno::EINVAL, "IPv6 routes can not use an IPv4 nexthop"));
        }
        let blackhole = attribute_in(body, NexthopHeader::LEN, NHA_BLACKHOLE).is_some();
        let rtm_type = if blackhole { RTN_BLACKHOLE } else { self.header.rtm_type };
        Ok(Path { oif: None, rtm_type, references: vec![slot] })
    }

    /// The gateway and the family of its address.
    fn gateway(&self) -> Result<Option<(u8, &'a [u8])>, Refusal> {
        if let Some(via) = self.attribute(RTA_VIA) {
            let (family, address) = via.split_first_chunk::<2>().ok_or(Errno::EINVAL)?;
            return match (u16::from_ne_bytes(*family), address.len()) {
                (2, 4) => Ok(Some((AF_INET, address))),
                (10, 16) => Ok(Some((AF_INET6, address))),
                _ => Err(refuse(Errno::EINVAL, "Invalid length for RTA_VIA")),
            };
        }
        match self.attribute(RTA_GATEWAY) {
            Some(gateway) if gateway.len() < self.address_len() => {
                Err(refuse(Errno::EINVAL, "Invalid gateway"))
            }
            Some(gateway) => {
                Ok(gateway.get(..self.address_len()).map(|gateway| (self.header.rtm_family, gateway)))
            }
            None => Ok(None),
        }
    }

    /// The link of one hop, if both it and the gateway will do.
    fn hop(
        &self,
        state: &State,
        oif: Option<u32>,
        gateway: Option<(u8, &[u8])>,
        flags: u32,
    ) -> Result<u32, Refusal> {
        let ipv4 = self.header.rtm_family == AF_INET;
        let onlink = flags & RTNH_F_ONLINK != 0;
        let invalid = || refuse(Errno::ENETUNREACH, "Nexthop has invalid gateway");
        let unreachable = || if ipv4 { invalid() } else { Errno::EHOSTUNREACH.into() };
        let oif = match (oif, gateway) {
            (Some(oif), _) => oif,
            (None, Some((AF_INET, gateway))) => link_towards(state, gateway).ok_or_else(unreachable)?,
            (None, Some((_, gateway))) => link_towards_ipv6(state, gateway).ok_or_else(unreachable)?,
            (None, None) => return Err(Errno::ENODEV.into()),
        };
        let Some(link) = state.links.get(oif) else {
            return Err(if ipv4 && gateway.is_some() && !onlink { invalid() } else { Errno::ENODEV.into() });
        };
        match (link.is_up(), gateway) {
            (false, None) if ipv4 => return Err(refuse(Errno::ENETDOWN, "Device for nexthop is not up")),
            (false, Some(_)) if ipv4 && !onlink => return Err(invalid()),
            (false, _) => return Err(refuse(Errno::ENETDOWN, "Nexthop device is not up")),
            (true, _) => {}
        }
        if let Some((family, gateway)) = gateway {
            check_gateway(state, oif, family, gateway, onlink)?;
        }
        Ok(oif)
    }

    /// The links of `RTA_MULTIPATH`: `struct rtnexthop` (linux/rtnetlink.h), each with attributes behind it.
    fn multipath(&self, state: &State, hops: &[u8]) -> Result<Vec<Slot>, Refusal> {
        const HEADER: usize = 8;
        let mut references = Vec::new();
        let mut rest = hops;
        while let Some((head, _)) = rest.split_first_chunk::<HEADER>() {
            let len = usize::from(u16::from_ne_bytes([head[0], head[1]]));
            let hop = rest.get(..len).filter(|hop| hop.len() >= HEADER).ok_or(Errno::EINVAL)?;
            let oif = u32_of(&head[4..]).filter(|oif| *oif != 0);
            let gateway = AttributeWalk::new(hop, HEADER)
                .find(|attribute| attribute.nla == RTA_GATEWAY)
                .and_then(|attribute| attribute.payload.get(..self.address_len()))
                .map(|gateway| (self.header.rtm_family, gateway));
            let oif = self.hop(state, oif, gateway, u32::from(head[2]))?;
            references.extend(link::slot(state, oif).filter(|slot| !references.contains(slot)));
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        if references.is_empty() {
            return Err(Errno::EINVAL.into());
        }
        Ok(references)
    }

    /// The preferred source must be an address of this host.
    fn check_source(&self, state: &State) -> Result<(), Refusal> {
        let Some(source) = self.attribute(RTA_PREFSRC) else { return Ok(()) };
        let family = self.header.rtm_family;
        let own = state
            .store
            .with_prefix(ADDRESS, &[family])
            .filter_map(|(_, object)| AddressHeader::parse(&object.body))
            .any(|header| nearness(state, header.ifa_index, family, source) == Nearness::Own);
        match (own, family) {
            (true, _) => Ok(()),
            (false, AF_INET) => Err(refuse(Errno::EINVAL, "Invalid prefsrc address")),
            (false, _) => Err(refuse(Errno::EINVAL, "Invalid source address")),
        }
    }

    /// Writes header and attributes in the one order that makes equal routes equal bytes.
    pub(super) fn write(&self, path: &Path, out: &mut BytesMut) {
        let mut header = [0; RouteHeader::LEN];
        RouteHeader {
            rtm_type: path.rtm_type,
            rtm_flags: self.header.rtm_flags & RTNH_F_ONLINK,
            rtm_scope: if self.header.rtm_family == AF_INET { self.header.rtm_scope } else { 0 },
            ..self.header
        }
        .emit(&mut header);
        out.extend_from_slice(&header);
        let mut attributes = Attributes::new(out);
        attributes.put(RTA_TABLE, &self.table);
        if self.header.rtm_dst_len > 0 {
            attributes.put_bytes(RTA_DST, self.destination());
        }
        let metric = self.key().metric();
        if metric != 0 {
            attributes.put(RTA_PRIORITY, &metric);
        }
        for nla in KEPT {
            match (self.attribute(nla), path.oif) {
                (Some(payload), _) => attributes.put_bytes(nla, payload),
                (None, Some(oif)) if nla == RTA_OIF => attributes.put(nla, &oif),
                (None, _) => {}
            }
        }
    }

    /// Whether a route that is there is the one that a delete means. What the delete leaves open matches.
    pub(super) fn matches(&self, object: &Object) -> bool {
        let there = RouteHeader::parse(&object.body).unwrap_or_default();
        let open = |wanted: u8, there: u8| wanted == 0 || wanted == there;
        let ipv4 = self.header.rtm_family == AF_INET;
        let scope = self.header.rtm_scope;
        (self.metric == 0 || attribute(object, RTA_PRIORITY).and_then(u32_of) == Some(self.metric))
            && open(self.header.rtm_type, there.rtm_type)
            && open(self.header.rtm_protocol, there.rtm_protocol)
            && (!ipv4 || scope == RT_SCOPE_NOWHERE || scope == there.rtm_scope)
            && [RTA_NH_ID, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC]
                .iter()
                .all(|nla| self.attribute(*nla).is_none_or(|wanted| attribute(object, *nla) == Some(wanted)))
    }

    /// Whether a route that is there goes the same way.
    pub(super) fn same_path(&self, object: &Object) -> bool {
        [RTA_NH_ID, RTA_GATEWAY, RTA_MULTIPATH]
            .iter()
            .all(|nla| self.attribute(*nla) == attribute(object, *nla))
            && (self.number(RTA_OIF).is_none()
                || self.number(RTA_OIF) == attribute(object, RTA_OIF).and_then(u32_of))
    }
}

/// `fib_props` (net/ipv4/fib_semantics.c): the widest scope that a route of the type can have.
fn least_scope(rtm_type: u8) -> u8 {
    match rtm_type {
        RTN_UNSPEC => RT_SCOPE_NOWHERE,
        RTN_LOCAL => RT_SCOPE_HOST,
        RTN_BROADCAST | RTN_ANYCAST => RT_SCOPE_LINK,
        _ => RT_SCOPE_UNIVERSE,
    }
}

/// Whether a nexthop, or a member of the group that it is, is IPv4.
fn has_ipv4(state: &State, slot: Slot) -> bool {
    let Some(nexthop) = state.store.get(slot) else { return false };
    if !is_group(&nexthop.body) {
        return nexthop.body.first() == Some(&AF_INET);
    }
    nexthop
        .references
        .iter()
        .filter_map(|member| state.store.get(*member))
        .any(|member| member.body.first() == Some(&AF_INET))
}

/// The link that has an IPv6 prefix with the address in it.
fn link_towards_ipv6(state: &State, address: &[u8]) -> Option<u32> {
    state
        .store
        .with_prefix(ADDRESS, &[AF_INET6])
        .filter_map(|(_, object)| AddressHeader::parse(&object.body))
        .map(|header| header.ifa_index)
        .find(|index| nearness(state, *index, AF_INET6, address) == Nearness::OnLink)
}
