//! Routes: what `ip route` does, our declaration does; and their life on the real kernel.

mod derive_support;
mod objects_routes_support;

use derive_support::Names;
use ksync_objects::{
    Encap, Family, Hop, Link, LinkKind, Member, Nexthop, NexthopGroup, Path, Route, RouteDetails, RouteKind,
    RouteMetrics, RouteProtocol, Through, Weight,
};
use ksync_runtime::agent::{Agent, AgentBuilder};
use ksync_runtime::declare::{Difference, ErrorClass, OperationError, Verb};
use ksync_runtime::prelude::*;
use ksync_tests::compare::{Elsewhere, kernel_knows, on_agent, shell, takes};
use ksync_tests::iproute2::list;
use ksync_tests::namespace_test;
use netlink_packet_core::{DefaultNla, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::route::{
    MplsLabel, RouteAddress, RouteAttribute, RouteLwEnCapType, RouteLwTunnelEncap, RouteMessage,
    RouteMplsIpTunnel, RouteNextHopFlags,
};
use objects_routes_support::{address, encapsulated, ipv4, ipv6, net};

const GROUND: &str = "ip link set lo up
    ip link add v0 type veth peer name v1
    ip link set v0 addrgenmode none up
    ip link set v1 addrgenmode none up
    ip address add 192.0.2.1/24 dev v0
    ip address add 192.0.2.2/32 dev v0
    ip address add 2001:db8::1/64 dev v0 nodad
    ip address add 2001:db8::5/64 dev v0 nodad";

/// The nexthop objects that routes go by, with the numbers that KSync gives them.
const OBJECTS: &str = "ip nexthop add id 1000000000 via 192.0.2.254 dev v0 protocol static
    ip nexthop add id 1000000001 via 2001:db8::fe dev v0 protocol static
    ip nexthop add id 1000000002 blackhole protocol static
    ip nexthop add id 1000000003 via 203.0.113.1 dev v0 onlink protocol static
    ip nexthop add id 2000000000 group 1000000000,2/1000000003 protocol static
    ip nexthop add id 2000000001 group 1000000001 protocol static";

fn agent() -> AgentBuilder {
    Agent::builder().object::<Route>().object::<NexthopGroup>().object::<Nexthop>().object::<Link>()
}

async fn objects(agent: &Agent) {
    for name in ["v0", "v1"] {
        agent.table().set(Link::new(name, LinkKind::Existing)).expect("valid");
    }
    for nexthop in [
        Nexthop::via("n4", address("192.0.2.254"), "v0"),
        Nexthop::via("n6", address("2001:db8::fe"), "v0"),
        Nexthop::blackhole("hole", Family::V4),
        Nexthop { onlink: true, ..Nexthop::via("far", address("203.0.113.1"), "v0") },
    ] {
        agent.table().set(nexthop).expect("valid");
        agent.settled().await.expect("in sync");
    }
    for group in [
        NexthopGroup::new("g4", [Member::new("n4", 2), Member::new("far", 1)]),
        NexthopGroup::new("g6", [Member::new("n6", 1)]),
    ] {
        agent.table().set(group).expect("valid");
        agent.settled().await.expect("in sync");
    }
}

/// `ip route` with these arguments.
fn command(verb: &str, kind: &str, route: &Route, arguments: &str) -> String {
    let family = if route.destination.addr().is_ipv4() { "-4" } else { "-6" };
    let (protocol, arguments) = match arguments.strip_suffix(" protocol zebra") {
        Some(rest) => ("zebra", rest),
        None => ("static", arguments),
    };
    let Route { destination, table, metric, tos, .. } = route;
    let tos = if *tos == 0 { String::new() } else { format!("tos {tos:#x}") };
    format!(
        "ip {family} route {verb} {kind} {destination} protocol {protocol} table {table} metric {metric} {tos} {arguments}"
    )
}

/// What a dump shows of our routes, on both sides. (`nh_info` is the nexthop's own, compared with nexthops.)
fn same(commands: &Elsewhere) {
    commands.same("ip -j -d -4 route show table all", &["nh_info"]);
    commands.same("ip -j -d -6 route show table all", &["nh_info"]);
}

namespace_test! {
    fn routes_are_those_of_the_documented_commands() {
        shell(GROUND);
        let commands = Elsewhere::new();
        commands.shell(&format!("{GROUND}\n{OBJECTS}"));
        on_agent(agent(), async |agent: &Agent| {
            objects(agent).await;
            commands.same("ip -j -d nexthop", &[]);
            // Each in a place of its own: by table, by metric, and by tos.
            let mut declared = Vec::new();
            for (number, (kind, arguments, route)) in ipv4().into_iter().chain(ipv6()).enumerate() {
                let number = u32::try_from(number).expect("few");
                let tos = if route.destination.addr().is_ipv4() && number.is_multiple_of(3) { 0x10 } else { 0 };
                let route = Route { table: [254, 100, 70_000][number as usize % 3], metric: 1 + number, tos, ..route };
                commands.shell(&command("add", kind, &route, arguments));
                declared.push(route);
            }
            assert!(agent.table().set_all(declared.clone()).is_empty());
            if let Err(unsettled) = agent.settled().await {
                panic!("{unsettled}");
            }
            same(&commands);

            let routes = agent.table::<Route>();
            assert_eq!(routes.verify().await.expect("a dump"), []);
            let held = routes.read_back().await.expect("a dump");
            assert_eq!((held.objects.len(), held.malformed.len()), (declared.len(), 0), "{:?}", held.malformed);
            for route in &declared {
                let there = held.objects.iter().find(|there| there.key() == route.key()).expect("it is there");
                assert_eq!(route.unmet(there), None);
                // Of a way without a link, the kernel says which one it found.
                let found = matches!(&route.through, Through::Path(path) if path.link.is_none());
                assert!(found || there == route, "{route:?} is read back as {there:?}");
            }
        });
    }
}

namespace_test! {
    fn a_route_changes_in_place_into_any_other() {
        shell(GROUND);
        let commands = Elsewhere::new();
        commands.shell(&format!("{GROUND}\n{OBJECTS}"));
        on_agent(agent(), async |agent: &Agent| {
            objects(agent).await;
            let routes = agent.table::<Route>();
            for all in [ipv4(), ipv6()] {
                let mut was: Option<Route> = None;
                for (kind, arguments, route) in &all {
                    if let Some(was) = &was {
                        assert_eq!(was.compare(route), Difference::Change, "{arguments}");
                    }
                    takes(agent, 1, || routes.set(route.clone()).expect("valid")).await;
                    takes(agent, 0, || routes.set(route.clone()).expect("valid")).await;
                    commands.shell(&command("replace", kind, route, arguments));
                    same(&commands);
                    assert_eq!(routes.verify().await.expect("a dump"), [], "{kind} {arguments}");
                    was = Some(route.clone());
                }
                let first = all[0].2.key();
                takes(agent, 1, || assert!(routes.remove(&first))).await;
                let left = routes.read_back().await.expect("a dump");
                assert_eq!(left.objects, [], "it is gone");
                let (kind, arguments, last) = &all[all.len() - 1];
                commands.shell(&command("del", kind, last, arguments.split(" mtu").next().unwrap_or_default()));
            }
            assert_eq!(agent.totals().refusals, 0);
        });
    }
}

namespace_test! {
    fn every_route_is_deleted_alone_whatever_it_is() {
        shell(GROUND);
        on_agent(agent(), async |agent: &Agent| {
            objects(agent).await;
            let routes = agent.table::<Route>();
            for (kind, arguments, route) in ipv4().into_iter().chain(ipv6()) {
                // Others in the same place, which a delete that says too little would hit.
                let other = Route { metric: route.metric + 7, ..route.clone() };
                takes(agent, 2, || {
                    routes.set(other.clone()).expect("valid");
                    routes.set(route.clone()).expect("valid");
                }).await;
                takes(agent, 1, || assert!(routes.remove(&route.key()))).await;
                assert_eq!(routes.verify().await.expect("a dump"), [], "{kind} {arguments}");
                takes(agent, 1, || assert!(routes.remove(&other.key()))).await;
                assert_eq!(routes.read_back().await.expect("a dump").objects, [], "{kind} {arguments}");
            }
            // What another program put in the place stays.
            let route = Route::on_link(net("10.0.0.0/8"), "v0");
            takes(agent, 1, || routes.set(route.clone()).expect("valid")).await;
            shell("ip route replace 10.0.0.0/8 dev v1 protocol zebra");
            routes.remove(&route.key());
            agent.settled().await.expect("gone");
            assert_eq!(list("route show 10.0.0.0/8")[0]["protocol"], "zebra");
        });
    }
}

#[test]
fn errors_mean_what_they_usually_mean() {
    assert_eq!(Route::classify(Verb::Add, &OperationError::kernel(17, None, None)), ErrorClass::AlreadyThere);
    assert_eq!(
        Route::classify(Verb::Add, &OperationError::kernel(101, None, None)),
        ErrorClass::Blocked,
        "no way to the gateway"
    );
    assert_eq!(Route::classify(Verb::Delete, &OperationError::kernel(3, None, None)), ErrorClass::Gone);
}

#[test]
fn a_plain_route_is_small() {
    assert!(size_of::<Route>() <= 72, "{} bytes", size_of::<Route>());
    assert!(size_of::<Through>() <= 32, "as large as the name of a nexthop: {} bytes", size_of::<Through>());
    let bytes = names().add(&Route::new(net("198.51.100.0/24"), "n4"), None);
    assert_eq!(bytes.len(), 16 + 12 + 3 * 8, "headers, destination, metric and nexthop");
}

fn names() -> Names {
    let names = Names::default().with::<Link>("v0", 2).with::<Link>("v1", 3);
    let names = names.with::<Nexthop>("n4", 10).with::<Nexthop>("n6", 11).with::<Nexthop>("hole", 12);
    names.with::<Nexthop>("far", 13).with::<NexthopGroup>("g4", 20).with::<NexthopGroup>("g6", 21)
}

#[test]
fn routes_are_read_as_they_are_written() {
    let labels = Encap::Mpls { labels: vec![16, 1_048_575], ttl: Some(3) };
    let labelled = encapsulated(Route::via(net("10.0.0.0/8"), address("192.0.2.254"), "v0"), labels);
    for (kind, arguments, route) in ipv4().into_iter().chain(ipv6()).chain([("", "mpls", labelled)]) {
        let bytes = names().add(&route, None);
        assert_eq!(names().parse::<Route>(&bytes).as_ref(), Ok(&route), "{kind} {arguments}");
        assert_eq!(names().change(None, &route, None)[16..], bytes[16..], "a change replaces the whole");
    }
}

fn decoded(route: &Route) -> RouteMessage {
    let bytes = names().add(route, None);
    match NetlinkMessage::<RouteNetlinkMessage>::deserialize(&bytes).expect("decodes").payload {
        NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewRoute(message)) => message,
        other => panic!("no route: {other:?}"),
    }
}

/// The kernel that runs here may lack labels; this decoder is not ours either.
#[test]
fn ways_of_a_route_are_read_alike_by_another_decoder() {
    let labels = Encap::Mpls { labels: vec![100, 200], ttl: Some(9) };
    let path = Path { encap: Some(labels), ..Hop::via(address("192.0.2.254"), "v0", 1).path };
    let label = |label, bottom_of_stack| MplsLabel { label, traffic_class: 0, bottom_of_stack, ttl: 0 };
    let encap = RouteAttribute::Encap(vec![
        RouteLwTunnelEncap::Mpls(RouteMplsIpTunnel::Destination(vec![label(100, false), label(200, true)])),
        RouteLwTunnelEncap::Mpls(RouteMplsIpTunnel::Ttl(9)),
    ]);
    let kind = RouteAttribute::EncapType(RouteLwEnCapType::Mpls);
    let gateway = RouteAttribute::Gateway(RouteAddress::Inet([192, 0, 2, 254].into()));

    let single = decoded(&Route {
        through: Through::Path(Box::new(path.clone())),
        ..Route::new(net("10.0.0.0/8"), "n4")
    });
    for wanted in [&encap, &kind, &gateway, &RouteAttribute::Oif(2)] {
        assert!(single.attributes.contains(wanted), "{wanted:?} in {single:?}");
    }

    let onlink = Hop { onlink: true, ..Hop::via(address("203.0.113.1"), "v1", 3) };
    let several = decoded(&Route::multipath(
        net("10.0.0.0/8"),
        vec![Hop { path, weight: Weight(2), onlink: false }, onlink],
    ));
    let hops = several.attributes.iter().find_map(|attribute| match attribute {
        RouteAttribute::MultiPath(hops) => Some(hops),
        _ => None,
    });
    let [first, second] = hops.expect("several ways").as_slice() else { panic!("two of them: {hops:?}") };
    assert_eq!((first.interface_index, first.hops, first.flags), (2, 1, RouteNextHopFlags::empty()));
    for wanted in [&kind, &gateway] {
        assert!(first.attributes.contains(wanted), "{wanted:?} in {first:?}");
    }
    // Inside of a hop, the decoder leaves the tunnel as it is.
    let raw = |kind, value: &[u8]| RouteLwTunnelEncap::Other(DefaultNla::new(kind, value.to_vec()));
    let bytes = [raw(MPLS_IPTUNNEL_DST, &[0, 6, 0x40, 0, 0, 12, 0x81, 0]), raw(MPLS_IPTUNNEL_TTL, &[9])];
    assert!(first.attributes.contains(&RouteAttribute::Encap(bytes.to_vec())), "{first:?}");
    assert_eq!((second.interface_index, second.hops, second.flags), (3, 2, RouteNextHopFlags::Onlink));
    assert_eq!(second.attributes, [RouteAttribute::Gateway(RouteAddress::Inet([203, 0, 113, 1].into()))]);
}

namespace_test! {
    fn routes_with_labels_are_those_of_the_documented_command() {
        let labels = Encap::Mpls { labels: vec![100, 200], ttl: None };
        let route = encapsulated(Route::via(net("10.0.0.0/8"), address("192.0.2.254"), "v0"), labels);
        let command = command("add", "", &route, "encap mpls 100/200 via 192.0.2.254 dev v0");
        if !kernel_knows("routes with MPLS labels", &format!("{GROUND}\n{command}")) {
            return;
        }
        shell(GROUND);
        let commands = Elsewhere::new();
        commands.shell(&format!("{GROUND}\n{command}"));
        on_agent(agent(), async |agent: &Agent| {
            agent.table().set(Link::new("v0", LinkKind::Existing)).expect("valid");
            agent.table().set(route.clone()).expect("valid");
            agent.settled().await.expect("in sync");
            same(&commands);
            assert_eq!(agent.table::<Route>().verify().await.expect("a dump"), []);
        });
    }
}

/// What the kernel says is not always whole, nor what it means always known: no panic, whatever comes.
#[test]
fn no_message_that_is_cut_or_bent_makes_a_parser_panic() {
    for (_, _, route) in ipv4().into_iter().chain(ipv6()) {
        let whole = names().add(&route, None);
        for at in 16..whole.len() {
            for wrong in [0, 1, 0x7f, 0xff] {
                let mut bent = whole.clone();
                bent[at] = wrong;
                let _ = names().parse::<Route>(&bent);
            }
            let mut cut = whole[..at].to_vec();
            cut[..4].copy_from_slice(&u32::try_from(at).expect("short").to_ne_bytes());
            let _ = names().parse::<Route>(&cut);
        }
    }
}

#[test]
fn wrong_values_are_refused_before_the_kernel_is_asked() {
    let (v4, v6) = (net("10.0.0.0/8"), net("2001:db8::/32"));
    let via = || Route::via(v4, address("192.0.2.1"), "v0");
    let with = |metrics| Route { details: RouteDetails { metrics, source: None }.into(), ..via() };
    let empty = RouteMetrics::default;
    let hop = |weight| Hop::via(address("192.0.2.1"), "v0", weight);
    for (wrong, expected) in [
        (Route { table: 0, ..via() }, "table: the kernel takes 0 for the main table; say 254"),
        (
            Route { tos: 4, ..Route::new(v6, "n6") },
            "tos: routes of IPv6 are for packets of any traffic class",
        ),
        (Route { tos: 5, ..via() }, "tos: 0x05 has bits of congestion notification, which no route looks at"),
        (Route { scope: 253, ..via() }, "scope: what is behind a gateway is farther away than 253"),
        (
            Route { scope: 253, ..Route::new(v4, "n4") },
            "scope: by way of a nexthop object it is 0, and not 253",
        ),
        (
            Route { scope: 253, ..Route::on_link(v6, "v0") },
            "scope: routes of IPv6 have none, so it is 0, and not 253",
        ),
        (Route { kind: RouteKind::Local, ..via() }, "scope: what is local has scope 254, and not 0"),
        (
            Route { kind: RouteKind::Blackhole, ..via() },
            "through: a route of kind Blackhole leads nowhere, so it has no way",
        ),
        (
            Route { through: Through::Nowhere, ..via() },
            "through: packets that are not dropped or refused need a way to go",
        ),
        (
            Route { onlink: true, ..Route::on_link(v4, "v0") },
            "onlink: there is no gateway that could be on the link",
        ),
        (
            Route { onlink: true, ..Route::new(v4, "n4") },
            "onlink: by way of a nexthop object, that one says so",
        ),
        (
            Route::via(v4, address("2001:db8::1"), "v0"),
            "through: gateway 2001:db8::1 is no address of IPv4; say `gateway_ipv6`",
        ),
        (Route::via(v6, address("192.0.2.1"), "v0"), "through: gateway 192.0.2.1 is no address of IPv6"),
        (Route { through: Through::Path(Box::default()), ..via() }, "through: neither a gateway nor a link"),
        (
            Route::multipath(v4, vec![hop(1)]),
            "through: 1 ways; several are two at least, and one is a `Through::Path`",
        ),
        (Route::multipath(v4, vec![hop(1), hop(0)]), "through: weight 0 is not within 1 and 256"),
        (Route::multipath(v4, vec![hop(257), hop(1)]), "through: weight 257 is not within 1 and 256"),
        (encapsulated(via(), Encap::Mpls { labels: vec![], ttl: None }), "through: encap: no label"),
        (
            Route { details: Some(Box::default()), ..via() },
            "details: nothing is in it; leave it out, or use `.into()`",
        ),
        (
            with(RouteMetrics { mtu: Some(70_000), ..empty() }),
            "details: mtu: 70000 is more than the kernel keeps, which is 65520",
        ),
        (
            with(RouteMetrics { window: Some(0), ..empty() }),
            "details: window: the kernel takes 0 for none; leave it out",
        ),
        (
            Route {
                details: RouteDetails { source: Some(address("::1")), metrics: empty() }.into(),
                ..via()
            },
            "details: source: ::1 is no address of IPv4 to send from",
        ),
    ] {
        assert_eq!(wrong.check().map_err(|invalid| invalid.to_string()), Err(expected.to_owned()));
    }
    let unmarked = Route { protocol: RouteProtocol(2), ..via() };
    assert!(unmarked.check().is_err_and(|invalid| invalid.field == "protocol"));
    for (kind, arguments, route) in ipv4().into_iter().chain(ipv6()) {
        assert_eq!(route.check(), Ok(()), "{kind} {arguments}");
    }
}
