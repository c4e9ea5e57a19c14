//! Nexthops: what `ip nexthop` does, our declaration does; and their life on the real kernel.

mod derive_support;

use derive_support::Names;
use ksync_objects::{Encap, Family, Link, LinkKind, Nexthop, RouteProtocol, Seg6Mode};
use ksync_runtime::agent::{Agent, AgentBuilder};
use ksync_runtime::declare::{Difference, ErrorClass, OperationError, Verb};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::AttributeList;
use ksync_tests::compare::{Elsewhere, on_agent, shell, takes};
use ksync_tests::iproute2::list;
use ksync_tests::namespace_test;
use serde_json::Value;

/// Two links with a carrier and addresses, for whoever needs them.
const GROUND: &str = "ip link set lo up
    ip link add v0 type veth peer name v1
    ip link set v0 up
    ip link set v1 up
    ip address add 192.0.2.1/24 dev v0
    ip address add 2001:db8::1/64 dev v0 nodad";

fn agent() -> AgentBuilder {
    Agent::builder().object::<Nexthop>().object::<Link>()
}

fn existing(agent: &Agent) {
    for name in ["v0", "v1"] {
        agent.table().set(Link::new(name, LinkKind::Existing)).expect("valid");
    }
}

fn via(gateway: &str) -> Nexthop {
    Nexthop::via("core", gateway.parse().expect("an address"), "v0")
}

fn with(encap: Encap) -> Nexthop {
    Nexthop { encap: Some(encap), ..via("192.0.2.254") }
}

fn ipv4_tunnel() -> Encap {
    Encap::Ip { id: 7, destination: [10, 0, 0, 1].into(), source: [10, 0, 0, 2].into(), ttl: 64, tos: 8 }
}

fn seg6(mode: Seg6Mode, segments: &[&str]) -> Encap {
    Encap::Seg6 { mode, segments: segments.iter().map(|text| text.parse().expect("an address")).collect() }
}

/// Each with the arguments of `ip nexthop add id ID` that do the same.
fn all() -> Vec<(&'static str, Nexthop)> {
    vec![
        ("via 192.0.2.254 dev v0", via("192.0.2.254")),
        ("via 2001:db8::fe dev v0", via("2001:db8::fe")),
        ("via fe80::1 dev v1", Nexthop { link: Some(Ref::to("v1")), ..via("fe80::1") }),
        ("via 203.0.113.1 dev v0 onlink", Nexthop { onlink: true, ..via("203.0.113.1") }),
        ("dev v0", Nexthop::on_link("core", "v0")),
        ("dev v0 -6", Nexthop { family: Family::V6, ..Nexthop::on_link("core", "v0") }),
        ("blackhole", Nexthop::blackhole("core", Family::V4)),
        ("blackhole -6", Nexthop::blackhole("core", Family::V6)),
        (
            "via 192.0.2.254 dev v0 protocol zebra",
            Nexthop { protocol: RouteProtocol::ZEBRA, ..via("192.0.2.254") },
        ),
        ("encap ip id 7 dst 10.0.0.1 src 10.0.0.2 ttl 64 tos 8 via 192.0.2.254 dev v0", with(ipv4_tunnel())),
        (
            "encap ip6 id 9 dst 2001:db8::7 hoplimit 9 tc 3 via 192.0.2.254 dev v0",
            with(Encap::Ip6 {
                id: 9,
                destination: "2001:db8::7".parse().expect("an address"),
                source: std::net::Ipv6Addr::UNSPECIFIED,
                hop_limit: 9,
                traffic_class: 3,
            }),
        ),
        (
            "encap seg6 mode encap segs 2001:db8::a,2001:db8::b via 2001:db8::fe dev v0",
            Nexthop {
                encap: Some(seg6(Seg6Mode::Encap, &["2001:db8::a", "2001:db8::b"])),
                ..via("2001:db8::fe")
            },
        ),
        (
            "encap seg6 mode inline segs 2001:db8::a,2001:db8::b via 2001:db8::fe dev v0",
            Nexthop {
                encap: Some(seg6(Seg6Mode::Inline, &["2001:db8::a", "2001:db8::b"])),
                ..via("2001:db8::fe")
            },
        ),
        (
            "encap seg6 mode l2encap segs 2001:db8::a via 192.0.2.254 dev v0",
            with(seg6(Seg6Mode::L2Encap, &["2001:db8::a"])),
        ),
    ]
}

/// `ip nexthop add` with these arguments.
fn command(id: usize, arguments: &str) -> String {
    let protocol = if arguments.contains("protocol") { "" } else { "protocol static" };
    let (family, arguments) = match arguments.strip_suffix(" -6") {
        Some(rest) => ("-6", rest),
        None => ("", arguments),
    };
    format!("ip {family} nexthop add id {id} {arguments} {protocol}")
}

namespace_test! {
    fn nexthops_are_those_of_the_documented_commands() {
        shell(GROUND);
        let commands = Elsewhere::new();
        commands.shell(GROUND);
        on_agent(agent(), async |agent: &Agent| {
            existing(agent);
            let nexthops = agent.table::<Nexthop>();
            for (number, (arguments, nexthop)) in all().into_iter().enumerate() {
                let id = 1_000_000_000 + number;
                commands.shell(&command(id, arguments));
                nexthops.set(Nexthop { name: format!("n{number}").into(), ..nexthop }).expect("valid");
                // One after the other, so that both sides count alike.
                agent.settled().await.expect("in sync");
            }
            commands.same("ip -j -d nexthop", &[]);
            let held = nexthops.read_back().await.expect("a dump");
            assert_eq!(nexthops.verify().await.expect("a dump"), []);
            assert_eq!((held.objects.len(), held.foreign, held.malformed.len()), (all().len(), 0, 0));
            for (number, (_, nexthop)) in all().into_iter().enumerate() {
                let nexthop = Nexthop { name: format!("n{number}").into(), ..nexthop };
                assert!(held.objects.contains(&nexthop), "{nexthop:?} among {:?}", held.objects);
            }
        });
    }
}

namespace_test! {
    fn a_nexthop_changes_in_place_into_any_other() {
        shell(GROUND);
        on_agent(agent(), async |agent: &Agent| {
            existing(agent);
            agent.settled().await.expect("in sync");
            let nexthops = agent.table::<Nexthop>();
            let mut was: Option<Nexthop> = None;
            for (arguments, nexthop) in all() {
                if let Some(was) = &was {
                    assert_eq!(was.compare(&nexthop), Difference::Change, "{arguments}");
                }
                takes(agent, 1, || nexthops.set(nexthop.clone()).expect("valid")).await;
                takes(agent, 0, || nexthops.set(nexthop.clone()).expect("valid")).await;
                assert_eq!(nexthops.verify().await.expect("a dump"), [], "{arguments}");
                assert_eq!(list("nexthop show").len(), 1);
                was = Some(nexthop);
            }
            let last = &list("nexthop show")[0];
            assert_eq!((&last["mode"], &last["segs"][0]), (&"l2encap".into(), &"2001:db8::a".into()));
            takes(agent, 1, || nexthops.set(Nexthop::blackhole("core", Family::V4)).expect("valid")).await;
            let last = &list("nexthop show")[0];
            assert!(last.get("blackhole").is_some() && last.get("encap").is_none(), "{last}");
            takes(agent, 1, || assert!(nexthops.remove(&"core".into()))).await;
            assert_eq!(list("nexthop show"), [] as [Value; 0]);
            assert_eq!(agent.totals().refusals, 0);
        });
    }
}

namespace_test! {
    fn a_nexthop_waits_for_what_it_needs() {
        shell("ip link add v0 type veth peer name v1");
        on_agent(agent(), async |agent: &Agent| {
            let nexthops = agent.table::<Nexthop>();
            nexthops.set(via("192.0.2.254")).expect("valid");
            let text = agent.settled().await.expect_err("no link").to_string();
            assert!(text.contains("waits for Link v0"), "{text}");
            // The link is there, without carrier, and without an address that leads to the gateway.
            existing(agent);
            let mut text = agent.settled().await.expect_err("no address").to_string();
            // The kernel may notice the carrier a moment later.
            for _ in 0..100 {
                if !text.contains("ENETDOWN") {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                text = agent.settled().await.expect_err("no address").to_string();
            }
            assert!(text.contains("ENETUNREACH") && text.contains("tried again"), "{text}");
            shell("ip address add 192.0.2.1/24 dev v0");
            for _ in 0..100 {
                if agent.settled().await.is_ok() {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
            assert_eq!(list("nexthop show")[0]["gateway"], "192.0.2.254");
        });
    }
}

#[test]
fn errors_mean_what_they_usually_mean() {
    // Measured: no carrier, no way to the gateway, no such nexthop.
    assert_eq!(Nexthop::classify(Verb::Add, &OperationError::kernel(100, None, None)), ErrorClass::Blocked);
    assert_eq!(Nexthop::classify(Verb::Add, &OperationError::kernel(101, None, None)), ErrorClass::Blocked);
    assert_eq!(Nexthop::classify(Verb::Delete, &OperationError::kernel(2, None, None)), ErrorClass::Gone);
}

#[test]
fn wrong_values_are_refused_before_the_kernel_is_asked() {
    let hole = || Nexthop::blackhole("core", Family::V4);
    for (wrong, expected) in [
        (Nexthop { link: None, ..via("192.0.2.1") }, "link: a gateway is behind a link, and none is named"),
        (Nexthop { blackhole: false, ..hole() }, "link: name the link that it leads to, or say `blackhole`"),
        (Nexthop { blackhole: true, ..via("192.0.2.1") }, "gateway: a blackhole leads to no gateway"),
        (Nexthop { link: Some(Ref::to("v0")), ..hole() }, "link: a blackhole leads to no link"),
        (Nexthop { onlink: true, ..hole() }, "onlink: a blackhole has no gateway that could be on a link"),
        (Nexthop { encap: Some(ipv4_tunnel()), ..hole() }, "encap: nothing leaves a blackhole in a tunnel"),
        (
            Nexthop { family: Family::V6, ..via("192.0.2.1") },
            "gateway: 192.0.2.1 is no address of IPv6, as `family` says",
        ),
        (via("0.0.0.0"), "gateway: 0.0.0.0 is no address that a router can have"),
        (
            Nexthop { onlink: true, ..Nexthop::on_link("core", "v0") },
            "onlink: there is no gateway that could be on the link",
        ),
        (with(Encap::Mpls { labels: Vec::new(), ttl: None }), "encap: no label"),
        (
            with(Encap::Mpls { labels: vec![100, 1 << 20], ttl: None }),
            "encap: 1048576 is no label that can be put on a packet",
        ),
        (with(seg6(Seg6Mode::Encap, &[])), "encap: 0 segments, where 1 to 126 are possible"),
        (
            Nexthop { protocol: RouteProtocol(0), ..via("192.0.2.1") },
            "protocol: 0 is no mark at all: a delete with it matches the objects of everybody; choose one from 4 up, \
             as `RouteProtocol::STATIC`",
        ),
    ] {
        assert_eq!(wrong.check().map_err(|invalid| invalid.to_string()), Err(expected.to_owned()));
    }
    for (arguments, nexthop) in all() {
        assert_eq!(nexthop.check(), Ok(()), "{arguments}");
    }
}

/// Nested attributes of `NHA_ENCAP` in an add.
fn encapsulation(encap: Encap) -> (Vec<u8>, Vec<u8>) {
    let bytes = names().add(&with(encap), Some(1));
    let attributes = AttributeList::parse(&bytes[24..]).expect("attributes");
    let kind = attributes.get(NHA_ENCAP_TYPE).expect("a type");
    (kind.to_vec(), attributes.get(NHA_ENCAP).expect("its data").to_vec())
}

fn names() -> Names {
    Names::default().with::<Link>("v0", 2).with::<Link>("v1", 3).with::<Nexthop>("core", 1)
}

/// The kernel here may lack it, and this decoder knows no nexthops, so the bytes are looked at by themselves.
#[test]
fn labels_of_mpls_are_written_as_rfc_3032_has_them() {
    use netlink_packet_core::{NlaBuffer, NlasIterator, Parseable};
    use netlink_packet_route::route::{MplsLabel, RouteMplsIpTunnel};

    let (kind, data) = encapsulation(Encap::Mpls { labels: vec![100, 200], ttl: Some(9) });
    assert_eq!(kind, 1u16.to_ne_bytes());
    let read: Vec<RouteMplsIpTunnel> = NlasIterator::new(&data)
        .map(|nla: Result<NlaBuffer<_>, _>| {
            RouteMplsIpTunnel::parse(&nla.expect("an attribute")).expect("decodes")
        })
        .collect();
    let label = |label, bottom_of_stack| MplsLabel { label, traffic_class: 0, bottom_of_stack, ttl: 0 };
    assert_eq!(
        read,
        [
            RouteMplsIpTunnel::Destination(vec![label(100, false), label(200, true)]),
            RouteMplsIpTunnel::Ttl(9)
        ]
    );
}

#[test]
fn nexthops_are_read_as_they_are_written() {
    let mpls = |ttl| ("mpls", with(Encap::Mpls { labels: vec![16, 100, 1_048_575], ttl }));
    for (arguments, nexthop) in all().into_iter().chain([mpls(None), mpls(Some(64))]) {
        let bytes = names().add(&nexthop, Some(1));
        assert_eq!(names().parse::<Nexthop>(&bytes).as_ref(), Ok(&nexthop), "{arguments}");
        let change = names().change(None, &nexthop, Some(1));
        assert_eq!(change[16..], bytes[16..], "a change replaces the whole");
    }
    let nobodys = names().add(&Nexthop { protocol: RouteProtocol(0), ..via("192.0.2.1") }, Some(1));
    assert!(names().parse::<Nexthop>(&nobodys).is_err_and(|error| error.is_foreign()));
}

namespace_test! {
    fn nexthops_with_labels_are_those_of_the_documented_command() {
        // iproute2 knows the words of all kernels; whether this kernel does, is its answer.
        let arguments = "encap mpls 100/200 via 192.0.2.254 dev v0";
        let what = "nexthops with MPLS labels";
        if !ksync_tests::compare::kernel_knows(what, &format!("{GROUND}\n{}", command(1, arguments))) {
            return;
        }
        shell(GROUND);
        let commands = Elsewhere::new();
        commands.shell(&format!("{GROUND}\n{}", command(1_000_000_000, arguments)));
        on_agent(agent(), async |agent: &Agent| {
            existing(agent);
            let labels = Encap::Mpls { labels: vec![100, 200], ttl: None };
            agent.table().set(with(labels)).expect("valid");
            agent.settled().await.expect("in sync");
            commands.same("ip -j -d nexthop", &[]);
        });
    }
}
