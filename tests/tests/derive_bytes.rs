//! What derived kinds put on the wire, read by an independent decoder; and read back by their own parser.

mod derive_support;

use std::net::IpAddr;

use derive_support::{Names, unwritten};
use ksync_objects::{Address, Link, LinkKind, Nexthop, Route, VethPeer, Vxlan};
use ksync_runtime::declare::{Context, Difference, IndexSource, KSyncEntry, Progress};
use ksync_runtime::prelude::*;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::address::{AddressAttribute, AddressFlags, AddressMessage};
use netlink_packet_route::link::{
    InfoData, InfoKind, InfoVeth, InfoVxlan, LinkAttribute, LinkFlags, LinkInfo, LinkMessage,
};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

const CREATE: u16 = NLM_F_REQUEST | NLM_F_CREATE;

fn names() -> Names {
    Names::default()
        .with::<Link>("eth0", 2)
        .with::<Link>("br0", 5)
        .with::<Link>("veth0", 6)
        .with::<Link>("veth1", 7)
        .with::<Link>("vx100", 8)
        .with::<Nexthop>("core1", 1_000_000_000)
}

fn decode(bytes: &[u8]) -> (u16, RouteNetlinkMessage) {
    let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(bytes).expect("decodes");
    assert_eq!(usize::try_from(message.header.length).ok(), Some(bytes.len()), "nlmsg_len");
    assert_eq!(message.header.sequence_number, 7);
    match message.payload {
        NetlinkPayload::InnerMessage(inner) => (message.header.flags, inner),
        other => panic!("no message about an object: {other:?}"),
    }
}

fn new_link(bytes: &[u8]) -> (u16, LinkMessage) {
    match decode(bytes) {
        (flags, RouteNetlinkMessage::NewLink(link)) => (flags, link),
        other => panic!("{other:?}"),
    }
}

fn new_route(bytes: &[u8]) -> (u16, RouteMessage) {
    match decode(bytes) {
        (flags, RouteNetlinkMessage::NewRoute(route)) => (flags, route),
        other => panic!("{other:?}"),
    }
}

fn new_address(bytes: &[u8]) -> (u16, AddressMessage) {
    match decode(bytes) {
        (flags, RouteNetlinkMessage::NewAddress(address)) => (flags, address),
        other => panic!("{other:?}"),
    }
}

fn mac(last: u8) -> MacAddr6 {
    MacAddr6::new(2, 0, 0, 0, 0, last)
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

#[test]
fn a_veth_pair_is_added_with_both_its_ends() {
    let peer = VethPeer { name: "veth1".into(), mtu: Some(1400), mac: Some(mac(2)), namespace: None };
    let link = Link {
        mtu: Some(1400),
        mac: Some(mac(1)),
        master: Some(Ref::to("br0")),
        ..Link::new("veth0", LinkKind::Veth { peer })
    };
    let (flags, message) = new_link(&names().add(&link, None));
    assert_eq!(flags, CREATE | NLM_F_EXCL);
    assert_eq!(message.header.interface_family, AddressFamily::Unspec);
    assert_eq!(message.header.index, 0, "the kernel chooses");
    assert_eq!(message.header.flags, LinkFlags::Up);
    assert_eq!(message.header.change_mask, LinkFlags::Up);
    let mut far = LinkMessage::default();
    far.attributes = vec![
        LinkAttribute::IfName("veth1".into()),
        LinkAttribute::Mtu(1400),
        LinkAttribute::Address(vec![2, 0, 0, 0, 0, 2]),
    ];
    assert_eq!(
        message.attributes,
        [
            LinkAttribute::IfName("veth0".into()),
            LinkAttribute::LinkInfo(vec![
                LinkInfo::Kind(InfoKind::Veth),
                LinkInfo::Data(InfoData::Veth(InfoVeth::Peer(far))),
            ]),
            LinkAttribute::Mtu(1400),
            LinkAttribute::Address(vec![2, 0, 0, 0, 0, 1]),
            LinkAttribute::Controller(5),
        ]
    );
}

#[test]
fn a_bridge_has_a_kind_and_no_data() {
    let link = Link { up: false, ..Link::new("br0", LinkKind::bridge()) };
    let (flags, message) = new_link(&names().add_again(&link, None));
    assert_eq!(flags, CREATE, "NLM_F_REPLACE is refused for links");
    assert_eq!(message.header.flags, LinkFlags::empty());
    assert_eq!(message.header.change_mask, LinkFlags::Up, "down is said, not left open");
    assert_eq!(
        message.attributes,
        [
            LinkAttribute::IfName("br0".into()),
            LinkAttribute::LinkInfo(vec![LinkInfo::Kind(InfoKind::Bridge)]),
            // It may be there by now, with a master.
            LinkAttribute::Controller(0),
        ]
    );
}

#[test]
fn a_vxlan_tunnel_carries_all_its_data() {
    let kind = |remote: IpAddr, local: IpAddr| {
        LinkKind::Vxlan(Vxlan {
            remote: Some(remote),
            local: Some(local),
            port: Some(4789),
            learning: Some(false),
            lower: Some(Ref::to("eth0")),
            ..Vxlan::new(100)
        })
    };
    let data = |kind: LinkKind| {
        let (_, message) = new_link(&names().add(&Link::new("vx100", kind), None));
        match &message.attributes[1] {
            LinkAttribute::LinkInfo(info) => match info.as_slice() {
                [LinkInfo::Kind(InfoKind::Vxlan), LinkInfo::Data(InfoData::Vxlan(data))] => data.clone(),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let [IpAddr::V6(remote), IpAddr::V6(local)] = [ip("2001:db8::1"), ip("2001:db8::2")] else { panic!() };
    assert_eq!(
        data(kind(remote.into(), local.into())),
        [
            InfoVxlan::Id(100),
            InfoVxlan::Group6(remote),
            InfoVxlan::Local6(local),
            InfoVxlan::Port(4789),
            InfoVxlan::Learning(false),
            InfoVxlan::Link(2),
        ]
    );
    let [IpAddr::V4(remote), IpAddr::V4(local)] = [ip("192.0.2.1"), ip("192.0.2.2")] else { panic!() };
    assert_eq!(
        data(kind(remote.into(), local.into()))[1..3],
        [InfoVxlan::Group(remote), InfoVxlan::Local(local)]
    );
    assert_eq!(data(LinkKind::vxlan(7)), [InfoVxlan::Id(7)]);
}

#[test]
fn a_link_that_is_there_is_configured_and_neither_created_nor_deleted() {
    for kind in [LinkKind::Existing, LinkKind::PeerOf { link: Ref::to("veth0") }] {
        let link = Link { mtu: Some(9000), ..Link::new("veth1", kind) };
        let mut names = names();
        let (flags, message) = new_link(&names.add(&link, None));
        assert_eq!(flags, NLM_F_REQUEST);
        assert_eq!(
            message.attributes,
            [LinkAttribute::IfName("veth1".into()), LinkAttribute::Mtu(9000), LinkAttribute::Controller(0)]
        );
        let link = names.linked(&link);
        let context = Context::new(Some(7), &names, false);
        assert_eq!(unwritten(|request| link.delete_msg(&context, request)), Progress::Kept);
    }
}

#[test]
fn a_change_of_a_link_names_what_differs_and_nothing_else() {
    let held = Link { mtu: Some(1400), ..Link::new("veth0", LinkKind::veth("veth1")) };
    let wanted = Link { mtu: Some(1500), ..held.clone() };
    let (flags, message) = new_link(&names().change(Some(&held), &wanted, Some(6)));
    assert_eq!(flags, NLM_F_REQUEST);
    assert_eq!(message.header.index, 6);
    assert_eq!(message.header.change_mask, LinkFlags::empty());
    assert_eq!(message.attributes, [LinkAttribute::IfName("veth0".into()), LinkAttribute::Mtu(1500)]);

    let wanted = Link { up: false, ..held.clone() };
    let (_, message) = new_link(&names().change(Some(&held), &wanted, Some(6)));
    assert_eq!((message.header.flags, message.header.change_mask), (LinkFlags::empty(), LinkFlags::Up));
    assert_eq!(message.attributes, [LinkAttribute::IfName("veth0".into())]);
}

#[test]
fn a_change_of_an_unknown_link_names_all_that_can_change() {
    let wanted = Link { mtu: Some(1400), ..Link::new("veth0", LinkKind::veth("veth1")) };
    let (_, message) = new_link(&names().change(None, &wanted, Some(6)));
    assert_eq!((message.header.flags, message.header.change_mask), (LinkFlags::Up, LinkFlags::Up));
    assert_eq!(
        message.attributes,
        [LinkAttribute::IfName("veth0".into()), LinkAttribute::Mtu(1400), LinkAttribute::Controller(0)]
    );
}

#[test]
fn a_port_is_taken_out_of_its_bridge_by_naming_no_master() {
    let port = Link { master: Some(Ref::to("br0")), ..Link::new("veth0", LinkKind::veth("veth1")) };
    let free = Link { master: None, ..port.clone() };
    assert_eq!(port.compare(&free), Difference::Change);
    let (_, message) = new_link(&names().change(Some(&port), &free, Some(6)));
    assert_eq!(message.attributes, [LinkAttribute::IfName("veth0".into()), LinkAttribute::Controller(0)]);
    assert_eq!(free.unmet(&port), Some("master"));
    assert_eq!(port.unmet(&port), None);
}

#[test]
fn a_link_is_deleted_and_asked_for_by_what_names_it() {
    let link = Link { mtu: Some(1400), ..Link::new("veth0", LinkKind::veth("veth1")) };
    let (flags, message) = match decode(&names().delete(&link, Some(6))) {
        (flags, RouteNetlinkMessage::DelLink(link)) => (flags, link),
        other => panic!("{other:?}"),
    };
    assert_eq!(flags, NLM_F_REQUEST);
    assert_eq!(message.header.index, 6);
    assert_eq!(message.attributes, [LinkAttribute::IfName("veth0".into())]);

    let message = match decode(&names().get(&link, None)) {
        (NLM_F_REQUEST, RouteNetlinkMessage::GetLink(link)) => link,
        other => panic!("{other:?}"),
    };
    assert_eq!(message.header, Default::default());
    assert_eq!(message.attributes, [LinkAttribute::IfName("veth0".into())]);
}

#[test]
fn an_ipv4_address_is_both_local_and_address() {
    let address = Address::new("eth0", net("192.0.2.1/24"));
    let (flags, message) = new_address(&names().add(&address, None));
    assert_eq!(flags, CREATE | NLM_F_EXCL);
    assert_eq!(message.header.family, AddressFamily::Inet);
    assert_eq!((message.header.prefix_len, message.header.index), (24, 2));
    assert_eq!(u8::from(message.header.scope), RT_SCOPE_UNIVERSE);
    assert_eq!(
        message.attributes,
        [
            AddressAttribute::Local(ip("192.0.2.1")),
            AddressAttribute::Address(ip("192.0.2.1")),
            AddressAttribute::Flags(AddressFlags::empty()),
        ]
    );
    let (flags, _) = new_address(&names().change(Some(&address), &address, None));
    assert_eq!(flags, NLM_F_REQUEST | NLM_F_REPLACE);
}

#[test]
fn an_ipv6_address_says_whether_it_is_to_be_checked() {
    let address = Address { no_dad: true, ..Address::new("eth0", net("2001:db8::1/64")) };
    let (_, message) = new_address(&names().add(&address, None));
    assert_eq!(message.header.family, AddressFamily::Inet6);
    assert_eq!((message.header.prefix_len, message.header.index), (64, 2));
    assert_eq!(
        message.attributes,
        [AddressAttribute::Address(ip("2001:db8::1")), AddressAttribute::Flags(AddressFlags::Nodad)]
    );
}

#[test]
fn an_address_is_deleted_by_its_key() {
    let address = Address { no_dad: true, ..Address::new("eth0", net("2001:db8::1/64")) };
    let message = match decode(&names().delete(&address, None)) {
        (NLM_F_REQUEST, RouteNetlinkMessage::DelAddress(address)) => address,
        other => panic!("{other:?}"),
    };
    assert_eq!((message.header.prefix_len, message.header.index), (64, 2));
    assert_eq!(message.attributes, [AddressAttribute::Address(ip("2001:db8::1"))]);
}

/// The independent decoder does not know nexthop objects, so these are the bytes of linux/nexthop.h.
#[test]
fn a_nexthop_is_written_as_linux_nexthop_h_has_it() {
    let nexthop = Nexthop { onlink: true, ..Nexthop::via("core1", ip("192.0.2.254"), "eth0") };
    let bytes = names().add(&nexthop, Some(1_000_000_000));
    let expected: &[&[u8]] = &[
        &48u32.to_ne_bytes(),
        &104u16.to_ne_bytes(), // RTM_NEWNEXTHOP
        &(CREATE | NLM_F_EXCL).to_ne_bytes(),
        &7u32.to_ne_bytes(),
        &0u32.to_ne_bytes(),
        &[2, 0, 4, 0],       // AF_INET, scope, RTPROT_STATIC, reserved
        &4u32.to_ne_bytes(), // RTNH_F_ONLINK
        &8u16.to_ne_bytes(),
        &1u16.to_ne_bytes(), // NHA_ID
        &1_000_000_000u32.to_ne_bytes(),
        &8u16.to_ne_bytes(),
        &6u16.to_ne_bytes(), // NHA_GATEWAY
        &[192, 0, 2, 254],
        &8u16.to_ne_bytes(),
        &5u16.to_ne_bytes(), // NHA_OIF
        &2u32.to_ne_bytes(),
    ];
    assert_eq!(bytes, expected.concat());

    let again = names().add_again(&nexthop, Some(1_000_000_000));
    assert_eq!(again[6..8], (CREATE | NLM_F_REPLACE).to_ne_bytes());
    let change = names().change(None, &nexthop, Some(1_000_000_000));
    assert_eq!(change[6..8], (NLM_F_REQUEST | NLM_F_REPLACE).to_ne_bytes());
    assert_eq!(change[16..], bytes[16..], "a change replaces the whole");
}

#[test]
fn the_family_of_a_nexthop_is_that_of_its_gateway() {
    let family = |nexthop: &Nexthop| names().add(nexthop, Some(1))[16];
    assert_eq!(family(&Nexthop::via("core1", ip("2001:db8::1"), "eth0")), AF_INET6);
    assert_eq!(family(&Nexthop::via("core1", ip("192.0.2.1"), "eth0")), AF_INET);
    assert_eq!(family(&Nexthop::on_link("core1", "eth0")), AF_INET);
}

#[test]
fn delete_and_get_of_a_nexthop_have_an_empty_header_and_the_id_alone() {
    let nexthop = Nexthop { onlink: true, ..Nexthop::via("core1", ip("192.0.2.254"), "eth0") };
    let id: &[&[u8]] = &[&8u16.to_ne_bytes(), &1u16.to_ne_bytes(), &1_000_000_000u32.to_ne_bytes()];
    for (bytes, message_type) in [
        (names().delete(&nexthop, Some(1_000_000_000)), 105u16),
        (names().get(&nexthop, Some(1_000_000_000)), 106),
    ] {
        assert_eq!(bytes[4..6], message_type.to_ne_bytes());
        assert_eq!(bytes[16..24], [0; 8]);
        assert_eq!(bytes[24..], id.concat());
    }
}

#[test]
fn a_route_goes_by_its_nexthop() {
    let route = Route::new(net("198.51.100.0/24"), "core1");
    let (flags, message) = new_route(&names().add(&route, None));
    assert_eq!(flags, CREATE | NLM_F_EXCL);
    assert_eq!(message.header.address_family, AddressFamily::Inet);
    assert_eq!(message.header.destination_prefix_length, 24);
    assert_eq!((message.header.table, message.header.tos), (254, 0));
    assert_eq!(message.header.protocol, RouteProtocol::Static);
    assert_eq!(message.header.scope, RouteScope::Universe);
    assert_eq!(message.header.kind, RouteType::Unicast);
    assert_eq!(
        message.attributes,
        [
            RouteAttribute::Destination(RouteAddress::Inet([198, 51, 100, 0].into())),
            RouteAttribute::Priority(0),
            RouteAttribute::NhId(1_000_000_000),
        ]
    );
    let (flags, changed) = new_route(&names().change(Some(&route), &route, None));
    assert_eq!(flags, NLM_F_REQUEST | NLM_F_REPLACE);
    assert_eq!(changed, message);
}

#[test]
fn a_default_route_of_ipv6_has_no_destination_and_a_far_table_has_an_attribute() {
    let route = Route { table: 5000, ..Route::new(net("::/0"), "core1") };
    let (_, message) = new_route(&names().add(&route, None));
    assert_eq!(message.header.address_family, AddressFamily::Inet6);
    assert_eq!((message.header.destination_prefix_length, message.header.table), (0, 252));
    assert_eq!(
        message.attributes,
        [RouteAttribute::Table(5000), RouteAttribute::Priority(1024), RouteAttribute::NhId(1_000_000_000),]
    );
}

#[test]
fn a_route_is_deleted_by_the_whole_key_of_the_kernel_and_only_if_it_is_ours() {
    let route = Route::new(net("198.51.100.0/24"), "core1");
    let message = match decode(&names().delete(&route, None)) {
        (NLM_F_REQUEST, RouteNetlinkMessage::DelRoute(route)) => route,
        other => panic!("{other:?}"),
    };
    assert_eq!(message.header.protocol, RouteProtocol::Static, "guards the delete");
    assert_eq!((message.header.table, message.header.tos), (254, 0));
    assert_eq!(
        message.attributes,
        [
            RouteAttribute::Destination(RouteAddress::Inet([198, 51, 100, 0].into())),
            RouteAttribute::Priority(0),
        ]
    );
}

#[test]
fn what_is_written_is_read_back() {
    fn there_and_back<T: KSyncEntry>(entry: T, index: Option<u32>) {
        let mut names = names();
        let bytes = names.add(&entry, index);
        assert_eq!(names.parse::<T>(&bytes).as_ref(), Ok(&entry));
        let bytes = names.change(None, &entry, index);
        if T::SCHEMA.name != "Link" {
            assert_eq!(names.parse::<T>(&bytes).as_ref(), Ok(&entry));
        }
        assert_eq!(entry.unmet(&entry), None);
        assert_eq!(entry.compare(&entry), Difference::Same);
    }
    let peer = VethPeer { name: "veth1".into(), mtu: Some(1400), mac: Some(mac(2)), namespace: None };
    there_and_back(Link::new("veth0", LinkKind::Veth { peer }), None);
    there_and_back(Link { mac: Some(mac(1)), ..Link::new("br0", LinkKind::bridge()) }, None);
    there_and_back(
        Link { master: Some(Ref::to("br0")), up: false, ..Link::new("vx100", LinkKind::vxlan(100)) },
        None,
    );
    let tunnel = |remote, local| {
        LinkKind::Vxlan(Vxlan {
            remote: Some(remote),
            local: Some(local),
            port: Some(4789),
            learning: Some(true),
            lower: Some(Ref::to("eth0")),
            ..Vxlan::new(100)
        })
    };
    there_and_back(Link::new("vx100", tunnel(ip("192.0.2.1"), ip("192.0.2.2"))), None);
    there_and_back(Link::new("vx100", tunnel(ip("2001:db8::1"), ip("2001:db8::2"))), None);
    there_and_back(Link { mtu: Some(9000), ..Link::new("eth0", LinkKind::Existing) }, None);
    there_and_back(Address::new("eth0", net("192.0.2.1/24")), None);
    there_and_back(Address { no_dad: true, ..Address::new("eth0", net("2001:db8::1/64")) }, None);
    there_and_back(Nexthop::on_link("core1", "eth0"), Some(1_000_000_000));
    there_and_back(
        Nexthop { onlink: true, ..Nexthop::via("core1", ip("2001:db8::1"), "eth0") },
        Some(1_000_000_000),
    );
    there_and_back(Route::new(net("0.0.0.0/0"), "core1"), None);
    there_and_back(Route { table: 5000, metric: 7, ..Route::new(net("2001:db8::/32"), "core1") }, None);
}

#[test]
fn the_index_is_read_from_the_messages_of_the_kernel() {
    let link = Link::new("veth0", LinkKind::bridge());
    let bytes = names().change(None, &link, Some(6));
    assert_eq!(Link::parse_index(&derive_support::view(&bytes)), Ok(Some(6)));
    let bytes = names().add(&link, None);
    assert_eq!(Link::parse_index(&derive_support::view(&bytes)), Ok(None), "none is given yet");
    let bytes = names().add(&Nexthop::on_link("core1", "eth0"), Some(9));
    assert_eq!(Nexthop::parse_index(&derive_support::view(&bytes)), Ok(Some(9)));
    let bytes = names().add(&Address::new("eth0", net("192.0.2.1/24")), None);
    assert_eq!(Address::parse_index(&derive_support::view(&bytes)), Ok(None), "the kind has none");
    assert!(Link::parse_index(&derive_support::view(&bytes)).is_err(), "another kind's message");
}

#[test]
fn what_somebody_else_made_is_foreign_and_no_error() {
    let route = Route::new(net("198.51.100.0/24"), "core1");
    let bytes = names().add(&route, None);
    let error = Names::default().parse::<Route>(&bytes).expect_err("no nexthop has that number here");
    assert!(error.is_foreign(), "{error}");
    // RTA_NH_ID stands last: a route through a gateway lacks it.
    let mut without = bytes[..bytes.len() - 8].to_vec();
    let len = u32::try_from(without.len()).expect("short").to_ne_bytes();
    without[..4].copy_from_slice(&len);
    let error = names().parse::<Route>(&without).expect_err("no nexthop object");
    assert!(error.is_foreign(), "{error}");
    assert_eq!(error.to_string(), "field kind (fixed header): missing");

    let bytes = names().add(&Nexthop::on_link("core1", "eth0"), Some(42));
    assert!(names().parse::<Nexthop>(&bytes).expect_err("id 42 is nobody's").is_foreign());
}

#[test]
fn a_link_of_any_kind_does_for_one_that_only_has_to_be_there() {
    let seen = Link { mtu: Some(1500), ..Link::new("veth1", LinkKind::veth("")) };
    let asked = Link::new("veth1", LinkKind::PeerOf { link: Ref::to("veth0") });
    assert_eq!(asked.unmet(&seen), None);
    let asked = Link::new("veth1", LinkKind::bridge());
    assert_eq!(asked.unmet(&seen), Some("kind"));
    let asked = Link::new("veth1", LinkKind::veth("veth0"));
    assert_eq!(asked.unmet(&seen), None, "the kernel does not report the other end");
    let asked = Link { mtu: Some(1400), ..asked };
    assert_eq!(asked.unmet(&seen), Some("mtu"));
    assert_eq!(seen.unmet(&asked), Some("mtu"));
}

#[test]
fn what_can_not_change_in_place_is_said_by_name() {
    let link = Link { mtu: Some(1400), ..Link::new("vx100", LinkKind::vxlan(100)) };
    let other = Link { kind: LinkKind::vxlan(101), mtu: Some(1500), ..link.clone() };
    assert_eq!(link.compare(&other), Difference::Recreate { field: "kind" });
    let unset = Link { mtu: None, ..link.clone() };
    assert_eq!(link.compare(&unset), Difference::Recreate { field: "mtu" });
    assert_eq!(unset.compare(&link), Difference::Change);
    let nexthop = Nexthop::via("core1", ip("192.0.2.1"), "eth0");
    assert_eq!(nexthop.compare(&Nexthop { gateway: None, ..nexthop.clone() }), Difference::Change);
}

#[test]
fn a_reference_without_a_number_fails_in_the_name_of_its_field() {
    let names = names();
    let mut out = bytes::BytesMut::new();
    let nexthop = Nexthop::on_link("core1", "eth9");
    let error = nexthop
        .add_msg(&Context::new(Some(1), &names, false), ksync_runtime::wire::Request::new(&mut out, 7, 0))
        .expect_err("never looked up");
    assert_eq!(error.to_string(), "Link eth9 has no index [field link]");
    let error = Address::new("eth9", net("192.0.2.1/24"))
        .add_msg(&Context::new(None, &names, false), ksync_runtime::wire::Request::new(&mut out, 7, 0))
        .expect_err("never looked up");
    assert_eq!(error.field, Some("link"));
}

#[test]
fn wrong_values_are_refused_before_anybody_asks_the_kernel() {
    let refused = |link: Link| link.check().expect_err("wrong").to_string();
    assert_eq!(
        refused(Link::new("a/b", LinkKind::bridge())),
        "name: \"a/b\" is no interface name: it holds `/` or `:`"
    );
    assert_eq!(
        refused(Link::new("vx100", LinkKind::vxlan(1 << 24))),
        "kind: id: 16777216 is too large: a VXLAN network identifier has 24 bits"
    );
    assert_eq!(
        refused(Link::new("veth0", LinkKind::veth(""))),
        "kind: peer: name: \"\" is no interface name: it is empty"
    );
    assert_eq!(
        refused(Link { master: Some(Ref::to("br0")), ..Link::new("br0", LinkKind::bridge()) }),
        "master: a link can't be its own master"
    );
    let route = Route { metric: 0, ..Route::new(net("2001:db8::/32"), "core1") };
    assert_eq!(route.check().expect_err("wrong").field, "metric");
    let address = Address { no_dad: true, ..Address::new("eth0", net("192.0.2.1/24")) };
    assert_eq!(address.check().expect_err("wrong").field, "no_dad");
}

#[test]
fn keys_are_described_as_a_person_would() {
    struct Text<T: KSyncEntry>(T::Key);
    impl<T: KSyncEntry> std::fmt::Display for Text<T> {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            T::describe_key(&self.0, out)
        }
    }
    let link = Link::new("eth0", LinkKind::Existing);
    assert_eq!(Text::<Link>(link.key()).to_string(), "eth0");
    let address = Address::new("eth0", net("192.0.2.1/24"));
    assert_eq!(Text::<Address>(address.key()).to_string(), "link=eth0 address=192.0.2.1/24");
    let route = Route::new(net("198.51.100.0/24"), "core1");
    assert_eq!(
        Text::<Route>(route.key()).to_string(),
        "table=254 destination=198.51.100.0/24 metric=0 tos=0"
    );
    assert!(route.has_key(&route.key()));
}

#[test]
fn a_key_hashes_the_same_in_the_entry_and_on_its_own() {
    use std::hash::{DefaultHasher, Hash, Hasher};
    fn same<T: KSyncEntry>(entry: T) {
        let (mut inside, mut alone) = (DefaultHasher::new(), DefaultHasher::new());
        entry.hash_key(&mut inside);
        entry.key().hash(&mut alone);
        assert_eq!(inside.finish(), alone.finish());
    }
    same(Link::new("eth0", LinkKind::Existing));
    same(Address::new("eth0", net("192.0.2.1/24")));
    same(Route::new(net("198.51.100.0/24"), "core1"));
}

#[test]
fn the_schema_says_what_a_kind_is_made_of() {
    let schema = Link::SCHEMA;
    assert_eq!((schema.name, schema.header_len, schema.index), ("Link", 16, IndexSource::Kernel));
    assert_eq!((schema.add, schema.change, schema.delete, schema.get), (16, 16, 17, Some(18)));
    assert!(schema.flushes_dependents && schema.compress);
    let names: Vec<_> = schema.depends_on.iter().map(|kind| (kind.name)()).collect();
    assert_eq!(names, ["Link"]);
    assert_eq!(schema.field_of_attribute(IFLA_LINKINFO), Some("kind"));
    assert!(schema.fields.iter().any(|field| field.name == "lower" && field.immutable));
    assert_eq!(Nexthop::SCHEMA.index, IndexSource::KSync { first: 1_000_000_000, last: 1_999_999_999 });
    let names: Vec<_> = Route::SCHEMA.depends_on.iter().map(|kind| (kind.name)()).collect();
    assert_eq!(names, ["Nexthop", "NexthopGroup", "Link"]);
    assert_eq!(Route::SCHEMA.fields.iter().filter(|field| field.key).count(), 4);
}
