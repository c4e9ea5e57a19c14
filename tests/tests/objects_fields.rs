//! Every field of what hangs on links and of routing, by itself on the real kernel, and seen by iproute2.

use std::net::IpAddr;
use std::time::Duration;

use ksync_objects::{
    Address, AddressLabel, Family, FdbEntry, FdbState, Lifetimes, Link, LinkKind, Member, Neighbour,
    NeighbourState, Nexthop, NexthopGroup, ProxyNeighbour, Resilience, Route, RouteDetails, RouteKind,
    RouteMetrics, RouteProtocol, Rule, RuleAction, Spread, Through, Vxlan, VxlanFdbEntry,
};
use ksync_runtime::agent::Agent;
use ksync_runtime::prelude::*;
use ksync_tests::compare::{on_agent, shell, takes, view};
use ksync_tests::fields::{all_covered, each_by_itself};
use ksync_tests::{namespace_test, rows};
use serde_json::Value;

const KEY: &str = "is a part of the key";

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn mac(last: u8) -> MacAddr6 {
    MacAddr6::new(2, 0, 0, 0, 0, last)
}

/// The first object that a command prints.
fn first(reader: &str) -> Value {
    view(reader, &[]).get(0).cloned().unwrap_or(Value::Null)
}

/// A bridge with port v0, its far end v1 with addresses, and a tunnel.
fn on_ground<T: KSyncEntry>(test: impl AsyncFnOnce(&Agent)) {
    let builder = Agent::builder().object::<T>().object::<Link>().object::<Address>();
    let builder = builder.object::<Nexthop>().object::<NexthopGroup>();
    on_agent(builder, async |agent: &Agent| {
        agent.table().set_all([
            Link::new("br0", LinkKind::bridge()),
            Link { master: Some(Ref::to("br0")), ..Link::new("v0", LinkKind::veth("v1")) },
            Link::new("v1", LinkKind::PeerOf { link: Ref::to("v0") }),
            Link::new("vx0", LinkKind::Vxlan(Vxlan { port: Some(4789), ..Vxlan::new(7) })),
            Link::new("lo", LinkKind::Existing),
        ]);
        agent
            .table()
            .set_all([Address::new("v1", net("203.0.113.1/24")), Address::new("v1", net("203.0.113.2/24"))]);
        if let Err(unsettled) = agent.settled().await {
            panic!("{unsettled}");
        }
        test(agent).await;
    });
    shell("for link in vx0 br0 v0; do ip link del $link || true; done");
}

namespace_test! {
    fn addresses() {
        on_ground::<Address>(async |agent: &Agent| {
            let rows = rows![Address, |address| address, "/";
                Anew peer "address": Some(ip("192.0.2.200")) => "192.0.2.200", Some(ip("192.0.2.201")) => "192.0.2.201";
                Anew no_prefix_route "noprefixroute": true => true, false => Value::Null;
                Anew label "label": Some("v1:x".to_owned()) => "v1:x", Some("v1:y".to_owned()) => "v1:y";
                Anew broadcast "broadcast": Some([192, 0, 2, 7].into()) => "192.0.2.7", Some([192, 0, 2, 8].into()) => "192.0.2.8";
                Anew scope "scope": Some(RT_SCOPE_HOST) => "host", Some(RT_SCOPE_LINK) => "link";
                InPlace metric "metric": Some(7) => 7, Some(8) => 8;
                InPlace lifetimes "preferred_life_time": Some(Lifetimes { valid: 1000, preferred: 500 }) => 500, Some(Lifetimes { valid: 1000, preferred: 600 }) => 600;
            ];
            let base = Address::new("v1", net("192.0.2.1/24"));
            all_covered(&base, &rows, &[("link", KEY), ("address", KEY), ("no_dad", "is looked at below: it is of IPv6")]);
            let read = |family: &'static str, address: &'static str| move || {
                let link = first(&format!("ip -j {family} address show dev v1"));
                let all = link["addr_info"].as_array().cloned().unwrap_or_default();
                all.into_iter().find(|seen| seen["local"] == address).unwrap_or(Value::Null)
            };
            each_by_itself(agent, &agent.table(), &base, &rows, read("-4", "192.0.2.1")).await;
            let rows = rows![Address, |address| address, "/"; InPlace no_dad "nodad": true => true, false => Value::Null;];
            let base = Address::new("v1", net("2001:db8::1/64"));
            each_by_itself(agent, &agent.table(), &base, &rows, read("-6", "2001:db8::1")).await;
        });
    }
}

namespace_test! {
    fn labels() {
        on_ground::<AddressLabel>(async |agent: &Agent| {
            let rows = rows![AddressLabel, |label| label, "/"; InPlace label "label": 98 => 98, 97 => 97;];
            let prefix: Ipv6Net = "2001:db8::/32".parse().expect("a prefix");
            let table = agent.table::<AddressLabel>();
            let read = |link: &'static str| move || {
                let all = view("ip -j addrlabel list", &[]);
                let is_it = |seen: &&Value| seen["address"] == "2001:db8::" && seen["ifname"].as_str().unwrap_or_default() == link;
                all.as_array().into_iter().flatten().find(is_it).cloned().unwrap_or(Value::Null)
            };
            let everywhere = AddressLabel::new(prefix, 99);
            all_covered(&everywhere, &rows, &[("prefix", KEY), ("link", KEY)]);
            each_by_itself(agent, &table, &everywhere, &rows, read("")).await;
            let here = AddressLabel { link: Some(Ref::to("vx0")), ..AddressLabel::new(prefix, 96) };
            each_by_itself(agent, &table, &here, &rows, read("vx0")).await;
            assert_eq!(read("")()["label"], 97, "that for all links is another one");
            // The label is gone before its link, under whose number the kernel would keep it.
            table.remove(&here.key());
            agent.table::<Link>().remove(&"vx0".to_owned());
            agent.settled().await.expect("gone");
            assert_eq!(read("vx0")(), Value::Null);
            assert_eq!(table.verify().await.expect("a dump"), []);
        });
    }
}

namespace_test! {
    fn neighbours_and_proxies() {
        on_ground::<Neighbour>(async |agent: &Agent| {
            let rows = rows![Neighbour, |neighbour| neighbour, "/";
                InPlace mac "lladdr": mac(2) => "02:00:00:00:00:02", mac(3) => "02:00:00:00:00:03";
                InPlace state "state/0": NeighbourState::NoArp => "NOARP", NeighbourState::Permanent => "PERMANENT";
                InPlace router "router": true => Value::Null, false => Value::Null;
                InPlace extern_learn "extern_learn": true => Value::Null, false => Value::Null;
            ];
            let base = Neighbour::new("v1", ip("192.0.2.9"), mac(1));
            all_covered(&base, &rows, &[("link", KEY), ("address", KEY)]);
            // Flags are shown as keys without a value.
            let (flags, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| ["router", "extern_learn"].contains(&row.field));
            let read = || first("ip -j neighbour show 192.0.2.9 dev v1 nud all");
            each_by_itself(agent, &agent.table(), &base, &rows, read).await;
            let as_bools = || {
                let seen = read();
                serde_json::json!({ "router": seen.get("router").is_some(), "extern_learn": seen.get("extern_learn").is_some() })
            };
            let flags: Vec<_> = flags.into_iter().map(|mut row| {
                row.steps.iter_mut().zip([true, false]).for_each(|((_, shown), on)| *shown = on.into());
                row
            }).collect();
            each_by_itself(agent, &agent.table(), &base, &flags, as_bools).await;
        });
        on_ground::<ProxyNeighbour>(async |agent: &Agent| {
            let rows = rows![ProxyNeighbour, |proxy| proxy, "/"; InPlace router "router": true => true, false => false;];
            let base = ProxyNeighbour::new("v1", ip("2001:db8::20"));
            all_covered(&base, &rows, &[("link", KEY), ("address", KEY)]);
            let read = || serde_json::json!({ "router": first("ip -j -6 neighbour show proxy").get("router").is_some() });
            each_by_itself(agent, &agent.table(), &base, &rows, read).await;
        });
    }
}

namespace_test! {
    fn stations() {
        on_ground::<FdbEntry>(async |agent: &Agent| {
            let rows = rows![FdbEntry, |entry| entry, "/";
                InPlace state "state": FdbState::Permanent => "permanent", FdbState::Static => "static";
                InPlace sticky "flags": true => ["sticky"], false => Value::Array(vec![]);
                Anew extern_learn "flags": true => ["extern_learn"], false => Value::Array(vec![]);
            ];
            let base = FdbEntry::new("v0", mac(9));
            all_covered(&base, &rows, &[("port", KEY), ("mac", KEY), ("vlan", KEY)]);
            let read = || {
                let all = view("bridge -j fdb show br br0 dev v0", &[]);
                let is_it = |seen: &&Value| seen["mac"] == "02:00:00:00:00:09";
                all.as_array().into_iter().flatten().find(is_it).cloned().unwrap_or(Value::Null)
            };
            each_by_itself(agent, &agent.table(), &base, &rows, read).await;
        });
        on_ground::<VxlanFdbEntry>(async |agent: &Agent| {
            let rows = rows![VxlanFdbEntry, |entry| entry, "/";
                Anew port "port": Some(4790) => 4790, Some(4791) => 4791;
                Anew vni "vni": Some(9) => 9, Some(10) => 10;
                Anew via "viaIf": Some(Ref::to("v1")) => "v1", Some(Ref::to("br0")) => "br0";
            ];
            let base = VxlanFdbEntry::new("vx0", mac(9), ip("192.0.2.9"));
            all_covered(&base, &rows, &[("tunnel", KEY), ("mac", KEY), ("remote", KEY)]);
            each_by_itself(agent, &agent.table(), &base, &rows, || first("bridge -j fdb show dev vx0")).await;
        });
    }
}

namespace_test! {
    fn rules() {
        on_ground::<Rule>(async |agent: &Agent| {
            let rows = rows![Rule, |rule| rule, "/";
                Anew invert "not": true => Value::Null;
                Anew action "table": RuleAction::Table(101) => "101", RuleAction::Table(102) => "102";
                Anew suppress_prefix_length "suppress_prefixlen": Some(0) => 0, Some(8) => 8, None => Value::Null;
                Anew suppress_group "suppress_ifgroup": Some(5) => "5", Some(6) => "6", None => Value::Null;
                Anew protocol "protocol": RouteProtocol(77) => "77", RouteProtocol(78) => "78";
            ];
            let base = Rule { from: Some(net("10.0.0.0/8")), ..Rule::ipv4(1000, RuleAction::Table(100)) };
            let keys = ["family", "priority", "from", "to", "iif", "oif", "fwmark", "tos", "ip_protocol", "sport", "dport", "uid_range", "tun_id"];
            all_covered(&base, &rows, &keys.map(|key| (key, KEY)));
            let (inverted, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.field == "invert");
            let read = || first("ip -j -d rule show priority 1000");
            each_by_itself(agent, &agent.table(), &base, &rows, read).await;
            let inverted: Vec<_> = inverted.into_iter().map(|mut row| {
                row.steps.iter_mut().for_each(|(_, shown)| *shown = true.into());
                row
            }).collect();
            each_by_itself(agent, &agent.table(), &base, &inverted, || serde_json::json!({ "not": read().get("not").is_some() })).await;
        });
    }
}

fn metrics(route: &mut Route) -> &mut RouteMetrics {
    &mut route.details.get_or_insert_default().metrics
}

fn details(route: &mut Route) -> &mut RouteDetails {
    route.details.get_or_insert_default()
}

namespace_test! {
    fn routes() {
        on_ground::<Route>(async |agent: &Agent| {
            let base = Route::via(net("10.0.0.0/8"), ip("203.0.113.254"), "v1");
            agent.table().set(Nexthop::via("far", ip("203.0.113.253"), "v1")).expect("valid");
            let of_route = rows![Route, |route| route, "/";
                InPlace protocol "protocol": RouteProtocol(77) => "77", RouteProtocol(78) => "78";
                InPlace through "gateway": Route::via(net("10.0.0.0/8"), ip("203.0.113.252"), "v1").through => "203.0.113.252", Through::Nexthop(Ref::to("far")) => "203.0.113.253";
                InPlace onlink "flags": true => ["onlink"], false => Value::Array(vec![]);
                InPlace details "prefsrc": RouteDetails { source: Some(ip("203.0.113.2")), ..RouteDetails::default() }.into() => "203.0.113.2";
                InPlace scope "scope": RT_SCOPE_LINK => "link";
            ];
            all_covered(&base, &of_route, &[
                ("table", KEY), ("destination", KEY), ("metric", KEY), ("tos", KEY),
                ("kind", "is looked at below: it goes together with the way"),
            ]);
            let (of_scope, of_route): (Vec<_>, Vec<_>) = of_route.into_iter().partition(|row| row.field == "scope");
            let of_details = rows![Route, |route| details(route), "/";
                InPlace source "prefsrc": Some(ip("203.0.113.2")) => "203.0.113.2", Some(ip("203.0.113.1")) => "203.0.113.1";
            ];
            all_covered(&RouteDetails::default(), &of_details, &[("metrics", "has rows of its own")]);
            let of_metrics = rows![Route, |route| metrics(route), "/metrics/0/";
                InPlace mtu "mtu": Some(1400) => 1400, Some(1300) => 1300;
                InPlace advmss "advmss": Some(1000) => 1000, Some(1001) => 1001;
                InPlace hop_limit "hoplimit": Some(9) => 9, Some(8) => 8;
                InPlace initcwnd "initcwnd": Some(10) => 10, Some(11) => 11;
                InPlace initrwnd "initrwnd": Some(5) => 5, Some(6) => 6;
                InPlace window "window": Some(99) => 99, Some(98) => 98;
                InPlace rtt "rtt": Some(240) => 30, Some(320) => 40;
                InPlace rttvar "rttvar": Some(80) => 20, Some(120) => 30;
                InPlace rto_min "rto_min": Some(5) => 5, Some(6) => 6;
                InPlace ssthresh "ssthresh": Some(3) => 3, Some(4) => 4;
                InPlace cwnd "cwnd": Some(2) => 2, Some(3) => 3;
                InPlace reordering "reordering": Some(4) => 4, Some(5) => 5;
                InPlace quickack "quickack": Some(1) => 1;
                InPlace features "features": Some(1) => ["ecn"];
                InPlace lock "mtu": Some(1 << RTAX_MTU) => Value::Null;
                InPlace congestion_control "congestion": Some("cubic".to_owned()) => "cubic", Some("reno".to_owned()) => "reno";
            ];
            all_covered(&RouteMetrics::default(), &of_metrics, &[]);
            let read = || first("ip -j route show 10.0.0.0/8");
            let table = agent.table::<Route>();
            each_by_itself(agent, &table, &base, &of_route, read).await;
            each_by_itself(agent, &table, &base, &of_details, read).await;
            // The reader has no value for these two.
            let (by_text, of_metrics): (Vec<_>, Vec<_>) =
                of_metrics.into_iter().partition(|row| ["lock", "features"].contains(&row.field));
            assert_eq!(by_text.len(), 2);
            each_by_itself(agent, &table, &base, &of_metrics, read).await;
            let mtu = RouteMetrics { mtu: Some(1400), ..RouteMetrics::default() };
            for (metrics, shown) in [
                (RouteMetrics { lock: Some(1 << RTAX_MTU), ..mtu.clone() }, "mtu lock 1400"),
                (mtu.clone(), "mtu 1400"),
                (RouteMetrics { features: Some(1), ..mtu.clone() }, "mtu 1400 features ecn"),
            ] {
                let route = Route { details: RouteDetails { metrics, source: None }.into(), ..base.clone() };
                takes(agent, 1, || table.set(route).expect("valid")).await;
                let printed = ksync_tests::iproute2::ip("route show 10.0.0.0/8");
                assert!(printed.contains(shown), "{shown}: {printed}");
            }
            let on_link = Route::on_link(net("10.0.0.0/8"), "v1");
            let of_scope: Vec<_> = of_scope.into_iter().map(|mut row| {
                row.steps = vec![
                    ((|route: &mut Route| route.scope = 0) as fn(&mut Route), Value::Null),
                    (|route: &mut Route| route.scope = RT_SCOPE_LINK, "link".into()),
                ];
                row
            }).collect();
            each_by_itself(agent, &table, &on_link, &of_scope, read).await;
            let nowhere = Route::nowhere(net("10.0.0.0/8"), RouteKind::Blackhole);
            let of_kind = rows![Route, |route| route, "/";
                InPlace kind "type": RouteKind::Unreachable => "unreachable", RouteKind::Prohibit => "prohibit", RouteKind::Throw => "throw", RouteKind::Blackhole => "blackhole";
            ];
            each_by_itself(agent, &table, &nowhere, &of_kind, read).await;
        });
    }
}

namespace_test! {
    fn nexthops_and_groups() {
        on_ground::<Nexthop>(async |agent: &Agent| {
            let base = Nexthop::via("core", ip("203.0.113.254"), "v1");
            agent.table().set(Address::new("br0", net("203.0.113.9/24"))).expect("valid");
            let rows = rows![Nexthop, |nexthop| nexthop, "/";
                InPlace gateway "gateway": Some(ip("203.0.113.252")) => "203.0.113.252", None => Value::Null;
                InPlace link "dev": Some(Ref::to("br0")) => "br0", Some(Ref::to("v1")) => "v1";
                InPlace onlink "flags": true => ["onlink"], false => Value::Array(vec![]);
                InPlace protocol "protocol": RouteProtocol(77) => "77", RouteProtocol(78) => "78";
            ];
            all_covered(&base, &rows, &[
                ("name", KEY),
                ("family", "goes with the gateway, and is looked at below"),
                ("blackhole", "excludes all else, and is looked at below"),
                ("encap", "has tests of its own, beside those of all ways"),
            ]);
            let table = agent.table::<Nexthop>();
            let read = || first("ip -j nexthop show id 1000000000");
            each_by_itself(agent, &table, &base, &rows, read).await;
            let nowhere = Nexthop { gateway: None, link: None, blackhole: true, ..base.clone() };
            for (value, field, shown) in [
                (nowhere.clone(), "blackhole", Value::Null),
                (Nexthop { family: Family::V6, ..nowhere }, "blackhole", Value::Null),
                (Nexthop { family: Family::V6, gateway: Some(ip("2001:db8::1")), onlink: true, ..base.clone() }, "gateway", "2001:db8::1".into()),
            ] {
                table.set(value).expect("valid");
                agent.settled().await.expect("in sync");
                assert_eq!(read().get(field), Some(&shown), "{}", read());
                assert_eq!(table.verify().await.expect("a dump"), []);
            }
        });
        on_ground::<Nexthop>(async |agent: &Agent| {
            agent.table().set_all([252, 253].map(|last: u8| Nexthop::via(format!("n{last}"), IpAddr::from([203, 0, 113, last]), "v1")));
            agent.settled().await.expect("members");
            let base = NexthopGroup::new("group", [Member::new("n252", 1)]);
            let rows = rows![NexthopGroup, |group| group, "/";
                InPlace members "group/0/weight": vec![Member::new("n252", 2)] => 2, vec![Member::new("n253", 3)] => 3;
                Anew spread "type": Spread::Resilient => "resilient";
                Anew protocol "protocol": RouteProtocol(77) => "77", RouteProtocol(78) => "78";
            ];
            all_covered(&base, &rows, &[("name", KEY), ("resilience", "goes with the spread, and has rows of its own")]);
            let table = agent.table::<NexthopGroup>();
            let read = || first("ip -j -d nexthop show id 2000000000");
            let (spread, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.field == "spread");
            each_by_itself(agent, &table, &base, &rows, read).await;
            assert_eq!(spread.len(), 1);
            let seconds = Duration::from_secs;
            let resilience = Resilience { buckets: 32, idle_timer: seconds(60), unbalanced_timer: seconds(0) };
            let of_it = rows![NexthopGroup, |group| resilient(group), "/resilient_args/";
                Anew buckets "buckets": 64 => 64, 32 => 32;
                InPlace idle_timer "idle_timer": Duration::from_secs(70) => 70, Duration::from_secs(80) => 80;
                InPlace unbalanced_timer "unbalanced_timer": Duration::from_secs(300) => 300, Duration::from_secs(400) => 400;
            ];
            all_covered(&resilience, &of_it, &[]);
            let resilient = NexthopGroup { spread: Spread::Resilient, resilience: Some(resilience), ..base };
            each_by_itself(agent, &table, &resilient, &of_it, read).await;
            assert!(read()["resilient_args"].is_object(), "the spread is shown by what goes with it");
        });
    }
}

fn resilient(group: &mut NexthopGroup) -> &mut Resilience {
    group.resilience.as_mut().expect("a resilient group")
}
