//! What the simulated kernel holds, read by the kinds' own parsers, and once more by a decoder that has nothing
//! to do with this project (netlink-packet-route).

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::net::IpAddr;

use ksync_objects::{Address, Link, LinkKind, Name, Nexthop, Route, Vxlan};
use ksync_runtime::declare::Resolver;
use ksync_runtime::engine::Engine;
use ksync_runtime::prelude::*;
use ksync_runtime::socket::simulated::{Held, World};
use ksync_runtime::wire::{AttributeList, FixedHeader, ParseError};
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVxlan, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};

use super::object::{Object, Place};

/// Nexthop ids from here on are KSync's.
pub(super) const FIRST_NEXTHOP_ID: u32 = 1_000_000_000;

/// The kernel's numbers, and what they stand for.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    pub(super) links: BTreeMap<u32, String>,
    /// Those that this engine gave.
    pub(super) nexthops: BTreeMap<u32, Name>,
}

/// What the kernel holds, by place. What is in no place that could be ours stands under `others`.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    pub(super) numbers: Numbers,
    pub(super) objects: BTreeMap<Place, Held>,
    pub(super) others: Vec<Held>,
}

impl Holdings {
    /// Reads all that the kernel holds. `nexthops`: the names of all nexthops that the engine may know.
    pub(super) fn read<'a>(world: &World, engine: &Engine, nexthops: impl Iterator<Item = &'a Name>) -> Self {
        let links = world.objects(RTM_NEWLINK);
        let mut numbers = Numbers::default();
        for link in &links {
            numbers.links.extend(link.index.zip(name_of(link)));
        }
        for name in nexthops {
            numbers.nexthops.extend(engine.index::<Nexthop>(name).map(|id| (id, name.clone())));
        }
        let mut holdings = Holdings { numbers, ..Holdings::default() };
        let rest = [RTM_NEWADDR, RTM_NEWNEXTHOP, RTM_NEWROUTE].into_iter().flat_map(|new| world.objects(new));
        for held in links.into_iter().chain(rest) {
            match holdings.numbers.place_of(&held) {
                Some(place) => {
                    // Twins of a route in one place: the first one counts, the others are in nobody's place.
                    if let Some(twin) = holdings.objects.insert(place, held) {
                        holdings.others.push(twin);
                    }
                }
                None => holdings.others.push(held),
            }
        }
        holdings
    }

    /// Whether the object is one that the kind at `place` would have made, going by the owner's mark.
    pub(super) fn has_our_mark(held: &Held) -> bool {
        held.new_type != RTM_NEWROUTE
            || RouteHeader::parse(held.body()).is_some_and(|header| header.rtm_protocol == RTPROT_STATIC)
    }

    /// Whether the kernel holds just what `declared` asks for.
    ///
    /// # Errors
    /// What it does not.
    pub(super) fn confirm(&self, place: &Place, declared: &Object) -> Result<(), String> {
        let held = self.objects.get(place).ok_or("it is not there")?;
        if !Self::has_our_mark(held) {
            return Err("it is somebody else's".to_owned());
        }
        let unmet = self.numbers.with_resolver(|resolver| unmet(declared, held, resolver));
        match unmet {
            Ok(None) => {}
            Ok(Some(field)) => return Err(format!("its {field} is not as declared")),
            Err(error) => return Err(format!("it does not parse: {error}")),
        }
        if let Object::Link(Link { kind: LinkKind::Veth { peer }, .. }) = declared {
            let other = held.attribute(IFLA_LINK).and_then(number).and_then(|at| self.numbers.links.get(&at));
            if other != Some(&peer.name) {
                return Err(format!("its other end is {other:?}"));
            }
        }
        Ok(())
    }

    /// The same, by the independent decoder. It knows no nexthops.
    ///
    /// # Errors
    /// What it finds to be different.
    pub(super) fn confirm_independently(&self, place: &Place, declared: &Object) -> Result<(), String> {
        let held = self.objects.get(place).ok_or("it is not there")?;
        if matches!(declared, Object::Nexthop(_)) {
            return Ok(());
        }
        let differs = match (declared, decode(held)?) {
            (Object::Link(link), RouteNetlinkMessage::NewLink(message)) => self.link_differs(link, &message),
            (Object::Address(address), RouteNetlinkMessage::NewAddress(message)) => {
                self.address_differs(address, &message)
            }
            (Object::Route(route), RouteNetlinkMessage::NewRoute(message)) => {
                self.route_differs(route, &message)
            }
            _ => None,
        };
        differs.map_or(Ok(()), |what| Err(format!("its {what} is not as declared, says the other decoder")))
    }

    fn link_differs(&self, link: &Link, message: &LinkMessage) -> Option<&'static str> {
        let has = |wanted: &LinkAttribute| message.attributes.contains(wanted);
        let mac = link.mac.map(|mac| LinkAttribute::Address(mac.into_array().to_vec()));
        let master = message.attributes.iter().find_map(|attribute| match attribute {
            LinkAttribute::Controller(index) => self.numbers.links.get(index),
            _ => None,
        });
        let info: &[LinkInfo] = message
            .attributes
            .iter()
            .find_map(|attribute| match attribute {
                LinkAttribute::LinkInfo(info) => Some(info.as_slice()),
                _ => None,
            })
            .unwrap_or_default();
        let kind = |kind: InfoKind| info.contains(&LinkInfo::Kind(kind));
        let kind_is_right = match &link.kind {
            LinkKind::Veth { .. } | LinkKind::PeerOf { .. } => kind(InfoKind::Veth),
            LinkKind::Bridge(_) => kind(InfoKind::Bridge),
            LinkKind::Vxlan(Vxlan { id, port, learning, lower, .. }) => {
                let data: &[InfoVxlan] = info
                    .iter()
                    .find_map(|info| match info {
                        LinkInfo::Data(InfoData::Vxlan(data)) => Some(data.as_slice()),
                        _ => None,
                    })
                    .unwrap_or_default();
                let below = data.iter().find_map(|data| match data {
                    InfoVxlan::Link(index) => self.numbers.links.get(index),
                    _ => None,
                });
                kind(InfoKind::Vxlan)
                    && data.contains(&InfoVxlan::Id(*id))
                    && data.contains(&InfoVxlan::Port(port.unwrap_or(8472)))
                    && data.contains(&InfoVxlan::Learning(learning.unwrap_or(true)))
                    && below == lower.as_ref().map(Ref::key)
            }
            _ => true,
        };
        [
            (has(&LinkAttribute::IfName(link.name.clone())), "name"),
            (link.mtu.is_none_or(|mtu| has(&LinkAttribute::Mtu(mtu))), "mtu"),
            (mac.is_none_or(|mac| has(&mac)), "mac"),
            (master == link.master.as_ref().map(Ref::key), "master"),
            (message.header.flags.contains(LinkFlags::Up) == link.up, "up"),
            (kind_is_right, "kind"),
        ]
        .into_iter()
        .find_map(|(right, what)| (!right).then_some(what))
    }

    fn address_differs(&self, address: &Address, message: &AddressMessage) -> Option<&'static str> {
        let wanted = address.address.addr();
        let shown = message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Address(shown) => Some(*shown),
            _ => None,
        });
        let flags = message.attributes.iter().find_map(|attribute| match attribute {
            AddressAttribute::Flags(flags) => Some(*flags),
            _ => None,
        });
        let no_dad = flags.is_some_and(|flags| flags.contains(AddressFlags::Nodad));
        [
            (shown == Some(wanted), "address"),
            (message.header.prefix_len == address.address.prefix_len(), "prefix length"),
            (self.numbers.links.get(&message.header.index) == Some(address.link.key()), "link"),
            (no_dad == address.no_dad, "no_dad"),
        ]
        .into_iter()
        .find_map(|(right, what)| (!right).then_some(what))
    }

    fn route_differs(&self, route: &Route, message: &RouteMessage) -> Option<&'static str> {
        let destination = match route.destination.addr() {
            IpAddr::V4(address) => RouteAddress::Inet(address),
            IpAddr::V6(address) => RouteAddress::Inet6(address),
        };
        let has = |wanted: &RouteAttribute| message.attributes.contains(wanted);
        let nexthop = message.attributes.iter().find_map(|attribute| match attribute {
            RouteAttribute::NhId(id) => self.numbers.nexthops.get(id),
            _ => None,
        });
        let metric = route.metric == 0 || has(&RouteAttribute::Priority(route.metric));
        [
            (has(&RouteAttribute::Destination(destination)), "destination"),
            (message.header.destination_prefix_length == route.destination.prefix_len(), "prefix length"),
            (has(&RouteAttribute::Table(route.table)), "table"),
            (metric, "metric"),
            (nexthop == route.nexthop(), "nexthop"),
        ]
        .into_iter()
        .find_map(|(right, what)| (!right).then_some(what))
    }

    /// The places of what the object refers to, going by what the kernel shows.
    pub(super) fn refers_to(&self, held: &Held) -> Vec<Place> {
        let link = |index: u32| self.numbers.links.get(&index).cloned().map(Place::Link);
        match held.new_type {
            RTM_NEWLINK => {
                let lower = held
                    .attribute(IFLA_LINKINFO)
                    .and_then(|info| {
                        AttributeList::parse(AttributeList::parse(info).ok()?.get(IFLA_INFO_DATA)?).ok()
                    })
                    .filter(|_| held.attribute(IFLA_LINK).is_none())
                    .and_then(|data| data.get(IFLA_VXLAN_LINK).and_then(number));
                let master = held.attribute(IFLA_MASTER).and_then(number);
                lower.into_iter().chain(master).filter_map(link).collect()
            }
            RTM_NEWADDR => AddressHeader::parse(held.body())
                .and_then(|header| link(header.ifa_index))
                .into_iter()
                .collect(),
            RTM_NEWNEXTHOP => held.attribute(NHA_OIF).and_then(number).and_then(link).into_iter().collect(),
            _ => held
                .attribute(RTA_NH_ID)
                .and_then(number)
                .and_then(|id| self.numbers.nexthops.get(&id).cloned().map(Place::Nexthop))
                .into_iter()
                .collect(),
        }
    }

    /// The name of the other end of a veth.
    pub(super) fn other_end(&self, name: &str) -> Option<&String> {
        let held = self.objects.get(&Place::Link(name.to_owned()))?;
        held.attribute(IFLA_LINK).and_then(number).and_then(|index| self.numbers.links.get(&index))
    }
}

impl Numbers {
    /// Turns the kernel's numbers into names without asking the engine.
    fn with_resolver<R>(&self, read: impl FnOnce(&Resolver<'_>) -> R) -> R {
        read(&Resolver::new(&|kind, index| {
            if kind == TypeId::of::<Link>() {
                self.links.get(&index).map(|name| Box::new(name.clone()) as Box<dyn Any>)
            } else {
                self.nexthops.get(&index).map(|name| Box::new(name.clone()) as Box<dyn Any>)
            }
        }))
    }

    fn place_of(&self, held: &Held) -> Option<Place> {
        match held.new_type {
            RTM_NEWLINK => name_of(held).map(Place::Link),
            RTM_NEWADDR => {
                let header = AddressHeader::parse(held.body())?;
                let link = self.links.get(&header.ifa_index)?;
                let address = address(held.attribute(IFA_LOCAL).or(held.attribute(IFA_ADDRESS))?)?;
                Some(Place::Address(link.clone(), IpNet::new(address, header.ifa_prefixlen).ok()?))
            }
            RTM_NEWNEXTHOP => self.nexthops.get(&held.index?).cloned().map(Place::Nexthop),
            _ => {
                let header = RouteHeader::parse(held.body())?;
                let destination = address(held.attribute(RTA_DST)?)?;
                let table = held.attribute(RTA_TABLE).and_then(number)?;
                let metric = held.attribute(RTA_PRIORITY).and_then(number).unwrap_or(0);
                Some(Place::Route(table, IpNet::new(destination, header.rtm_dst_len).ok()?, metric))
            }
        }
    }
}

fn unmet(
    declared: &Object,
    held: &Held,
    resolver: &Resolver<'_>,
) -> Result<Option<&'static str>, ParseError> {
    let message = held.message();
    Ok(match declared {
        Object::Link(link) => link.unmet(&Link::parse(&message, resolver)?),
        Object::Address(address) => address.unmet(&Address::parse(&message, resolver)?),
        Object::Nexthop(nexthop) => {
            nexthop.unmet(&Nexthop::parse(&message, resolver).map(|seen| Nexthop {
                // The kernel never sees the name.
                name: nexthop.name.clone(),
                ..seen
            })?)
        }
        Object::Route(route) => route.unmet(&Route::parse(&message, resolver)?),
    })
}

fn decode(held: &Held) -> Result<RouteNetlinkMessage, String> {
    let len = 16 + held.body().len();
    let mut bytes = Vec::with_capacity(len);
    bytes.extend_from_slice(&(len as u32).to_ne_bytes());
    bytes.extend_from_slice(&held.new_type.to_ne_bytes());
    bytes.extend_from_slice(&[0; 10]);
    bytes.extend_from_slice(held.body());
    match NetlinkMessage::<RouteNetlinkMessage>::deserialize(&bytes).map(|message| message.payload) {
        Ok(NetlinkPayload::InnerMessage(inner)) => Ok(inner),
        other => Err(format!("the other decoder can't read it: {other:?}")),
    }
}

/// The name of a link.
pub(super) fn name_of(link: &Held) -> Option<String> {
    let name = link.attribute(IFLA_IFNAME)?;
    let name = name.split(|byte| *byte == 0).next()?;
    Some(String::from_utf8_lossy(name).into_owned())
}

fn number(payload: &[u8]) -> Option<u32> {
    payload.first_chunk().map(|bytes| u32::from_ne_bytes(*bytes))
}

fn address(payload: &[u8]) -> Option<IpAddr> {
    let ipv6: Result<[u8; 16], _> = payload.try_into();
    let ipv4: Result<[u8; 4], _> = payload.try_into();
    ipv6.map(IpAddr::from).or(ipv4.map(IpAddr::from)).ok()
}
