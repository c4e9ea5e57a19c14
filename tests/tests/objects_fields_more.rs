//! Every field of traffic control, nf_tables, Multipath TCP and kernel parameters by itself on the real kernel, and seen by
//! `tc`, `nft`, `ip` and `sysctl`.

mod tc_support;

use std::time::Duration;

use ksync_objects::{
    Class, ClassKind, Filter, HtbClass, HtbInit, Link, LinkKind, MptcpEndpoint, NftFamily, NftSet,
    NftSetElement, NftSetFlags, NftTable, NftType, Qdisc, QdiscKind, Sysctl, Tbf, TbfPeak, TcFlow, U32,
    U32Handle, U32Match,
};
use ksync_runtime::agent::{Agent, AgentBuilder};
use ksync_runtime::prelude::*;
use ksync_tests::compare::{kernel_knows, on_agent, shell, view};
use ksync_tests::fields::{all_covered, each_by_itself};
use ksync_tests::{namespace_test, rows};
use serde_json::Value;
use tc_support::{class, handle, ip_filter, net, root, shaper, to};

const KEY: &str = "is a part of the key";

fn on_links(test: impl AsyncFnOnce(&Agent)) {
    let builder = Agent::builder().object::<Filter>().object::<Class>().object::<Qdisc>().object::<Link>();
    on_agent(builder.object::<Sysctl>(), async |agent: &Agent| {
        agent.table().set_all([
            Link::new("v0", LinkKind::veth("v1")),
            Link::new("v1", LinkKind::PeerOf { link: Ref::to("v0") }),
        ]);
        agent.settled().await.expect("links");
        test(agent).await;
    });
}

/// The words behind some words of a line, as an object.
fn words(line: &str, wanted: &[&str]) -> Value {
    let all: Vec<&str> = line.split_whitespace().collect();
    let behind = |word: &str| {
        let at = all.iter().position(|other| *other == word)?;
        Some((word.to_owned(), all.get(at + 1)?.to_string().into()))
    };
    Value::Object(wanted.iter().filter_map(|word| behind(word)).collect())
}

/// The discipline. Its peak rate is shown to people only.
fn qdisc() -> Value {
    let mut seen = view("tc -j -d qdisc show dev v0", &[]).get(0).cloned().unwrap_or(Value::Null);
    seen["options"]["for_people"] = words(&shell("tc -d qdisc show dev v0"), &["peakrate"]);
    seen
}

fn tbf(qdisc: &mut Qdisc) -> &mut Tbf {
    match &mut qdisc.kind {
        QdiscKind::Tbf { shaper } => shaper,
        other => panic!("{other:?} is no tbf"),
    }
}

fn htb(qdisc: &mut Qdisc) -> (&mut HtbInit, &mut Option<u32>) {
    match &mut qdisc.kind {
        QdiscKind::Htb { init, direct_qlen } => (init, direct_qlen),
        other => panic!("{other:?} is no htb"),
    }
}

fn limit(qdisc: &mut Qdisc) -> &mut u32 {
    match &mut qdisc.kind {
        QdiscKind::Pfifo { limit } | QdiscKind::Bfifo { limit } | QdiscKind::PfifoHeadDrop { limit } => limit,
        other => panic!("{other:?} has no limit"),
    }
}

namespace_test! {
    fn disciplines() {
        on_links(async |agent: &Agent| {
            let table = agent.table::<Qdisc>();
            let plain = Tbf { rate: 125_000, burst: 10_240, limit: 30_000, peak: None, overhead: 0, mpu: 0 };
            let rows = rows![Qdisc, |qdisc| tbf(qdisc), "/options/";
                InPlace rate "rate": 250_000 => 250_000, 375_000 => 375_000;
                InPlace burst "burst": 20_000 => "20000b/1", 30_000 => "30000b/1";
                InPlace limit "limit": 20_000 => Value::Null;
                InPlace peak "for_people/peakrate": Some(TbfPeak { rate: 500_000, mtu: 2000 }) => "4Mbit", Some(TbfPeak { rate: 625_000, mtu: 2000 }) => "5Mbit";
                InPlace overhead "overhead": 20 => 20, 24 => 24;
                InPlace mpu "mpu": 64 => 64, 128 => 128;
            ];
            all_covered(&plain, &rows, &[]);
            let (limits, rows): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.field == "limit");
            assert_eq!(limits.len(), 1);
            each_by_itself(agent, &table, &root(shaper(plain.clone())), &rows, qdisc).await;
            // The reader shows the time that the limit takes in place of it.
            let before = qdisc()["options"]["lat"].clone();
            table.set(root(shaper(Tbf { limit: 20_000, ..plain.clone() }))).expect("valid");
            agent.settled().await.expect("in sync");
            assert_ne!(qdisc()["options"]["lat"], before);
            assert_eq!(table.verify().await.expect("a dump"), []);

            let rows = rows![Qdisc, |qdisc| htb(qdisc).0, "/options/";
                Anew default "default": 0x31 => "0x31", 0x32 => "0x32";
                Anew r2q "r2q": 20 => 20, 30 => 30;
            ];
            all_covered(&HtbInit { default: 0, r2q: 10 }, &rows, &[]);
            each_by_itself(agent, &table, &root(QdiscKind::htb(0x30)), &rows, qdisc).await;
            let mut longer = root(QdiscKind::htb(0x30));
            *htb(&mut longer).1 = Some(7);
            table.set(longer).expect("valid");
            agent.settled().await.expect("in sync");
            assert_eq!(qdisc()["options"]["direct_qlen"], 7);

            for kind in [QdiscKind::Pfifo { limit: 10 }, QdiscKind::Bfifo { limit: 10_000 }, QdiscKind::PfifoHeadDrop { limit: 10 }] {
                let rows = vec![ksync_tests::fields::Row::<Qdisc> {
                    field: "limit",
                    how: ksync_tests::fields::How::InPlace,
                    path: "/options/limit",
                    steps: vec![
                        (|qdisc| *limit(qdisc) = 20_000, 20_000.into()),
                        (|qdisc| *limit(qdisc) = 30_000, 30_000.into()),
                    ],
                }];
                // Each has the unit of its own, as `10000b` or `10p`.
                let number = || {
                    let mut seen = qdisc();
                    let limit = seen["options"]["limit"].clone();
                    let digits: String = limit.to_string().chars().filter(char::is_ascii_digit).collect();
                    seen["options"]["limit"] = digits.parse::<u64>().unwrap_or_default().into();
                    seen
                };
                each_by_itself(agent, &table, &root(kind), &rows, number).await;
            }
        });
    }
}

fn matching(prefix: &str) -> Vec<U32Match> {
    U32::matching(U32Match::destination(net(prefix))).matches
}

fn share(class: &mut Class) -> &mut HtbClass {
    match &mut class.kind {
        ClassKind::Htb { share } => share,
        other => panic!("{other:?} is no htb"),
    }
}

namespace_test! {
    fn classes_and_filters() {
        on_links(async |agent: &Agent| {
            agent.table().set(root(QdiscKind::htb(0x30))).expect("valid");
            agent.table().set_all([class("1:", "1:1", HtbClass::new(125_000)), class("1:", "1:2", HtbClass::new(125_000))]);
            agent.settled().await.expect("in sync");
            let base = class("1:", "1:10", HtbClass { ceil: Some(500_000), ..HtbClass::new(125_000) });
            let rows = rows![Class, |class| share(class), "/";
                InPlace rate "rate": 250_000 => "2Mbit", 375_000 => "3Mbit";
                InPlace ceil "ceil": Some(625_000) => "5Mbit", Some(750_000) => "6Mbit";
                InPlace burst "burst": Some(2000) => "2000b/1", Some(3000) => "3000b/1";
                InPlace cburst "cburst": Some(2000) => "2000b/1", Some(3000) => "3000b/1";
                InPlace prio "prio": 3 => "3", 4 => "4";
                InPlace quantum "quantum": Some(9000) => "9000", Some(8000) => "8000";
                InPlace overhead "overhead": 4 => "4", 8 => "8";
                InPlace mpu "mpu": 64 => "64b", 128 => "128b";
            ];
            all_covered(&HtbClass::new(1), &rows, &[]);
            let read = || {
                let all = shell("tc -d class show dev v0");
                let line = all.lines().find(|line| line.starts_with("class htb 1:10 ")).unwrap_or_default().to_owned();
                words(&line, &["rate", "ceil", "burst", "cburst", "prio", "quantum", "overhead", "mpu", "parent"])
            };
            let classes = agent.table::<Class>();
            each_by_itself(agent, &classes, &base, &rows, read).await;
            let rows = rows![Class, |entry| entry, "/";
                Anew parent "parent": class("1:1", "1:10", HtbClass::new(1)).parent => "1:1", class("1:2", "1:10", HtbClass::new(1)).parent => "1:2";
            ];
            all_covered(&base, &rows, &[("link", KEY), ("classid", KEY), ("kind", "has rows of its own")]);
            each_by_itself(agent, &classes, &base, &rows, read).await;

            let filters = agent.table::<Filter>();
            // One that stays, so that the kernel keeps the tables.
            filters.set(ip_filter(10, U32Handle::node(2), to("10.9.0.0/16", "1:1"))).expect("valid");
            let base = ip_filter(10, U32Handle::node(1), to("10.0.0.0/8", "1:1"));
            let rows = rows![Filter, |filter| filter.kind, "/options/";
                Anew matches "match/value": matching("10.1.0.0/16") => "a010000", matching("10.2.0.0/16") => "a020000";
                InPlace classid "flowid": Some(TcFlow::class("v0", handle("1:2"))) => "1:2", Some(TcFlow::class("v0", handle("1:1"))) => "1:1";
            ];
            all_covered(&U32::table(256), &rows, &[
                ("link", "is of tables, which have a test of their own"),
                ("hash_key", "is of tables, which have a test of their own"),
                ("divisor", "is of tables, which have a test of their own"),
                ("bucket", "is a part of the key"),
            ]);
            let read = || {
                let all = view("tc -j filter show dev v0 parent 1:", &[]);
                let is_it = |seen: &&Value| seen["options"]["fh"].as_str().is_some_and(|place| place.ends_with("::1"));
                all.as_array().into_iter().flatten().find(is_it).cloned().unwrap_or(Value::Null)
            };
            each_by_itself(agent, &filters, &base, &rows, read).await;
            let rows = rows![Filter, |filter| filter, "/"; Anew protocol "protocol": ETH_P_IP => "ip";];
            all_covered(&base, &rows, &[
                ("link", KEY), ("parent", KEY), ("chain", KEY), ("priority", KEY), ("handle", KEY),
                ("kind", "has rows of its own"), ("after", "is not on the wire"),
            ]);
            // All filters of one priority look at one protocol, and the kernel keeps it as long as there are others.
            filters.remove_all(filters.all().iter().map(KSyncEntry::key).collect::<Vec<_>>());
            agent.settled().await.expect("gone");
            let alone = |protocol| Filter { protocol, ..ip_filter(20, U32Handle::node(1), to("10.0.0.0/8", "1:1")) };
            for (protocol, shown) in [(ETH_P_IP, "ip"), (ETH_P_ALL, "all")] {
                filters.set(alone(protocol)).expect("valid");
                agent.settled().await.expect("in sync");
                let all = view("tc -j filter show dev v0 parent 1:", &[]);
                let seen: Vec<&Value> = all.as_array().into_iter().flatten().collect();
                assert!(!seen.is_empty() && seen.iter().all(|seen| seen["protocol"] == shown), "{shown}: {seen:?}");
            }
        });
    }
}

fn on(builder: AgentBuilder, kernel: Netlink, test: impl AsyncFnOnce(&Agent)) {
    on_agent(builder.kernel(kernel), test);
}

namespace_test! {
    fn tables_sets_and_elements() {
        if std::process::Command::new("nft").arg("-v").output().is_err() {
            return ksync_tests::namespace::skipped("tables_sets_and_elements", "nft is not installed");
        }
        let kinds = Agent::builder().object::<NftSetElement>().object::<NftSet>().object::<NftTable>();
        on(kinds, Netlink::nf_tables().expect("a netlink socket"), async |agent: &Agent| {
            let base = NftTable::new(NftFamily::Inet, "t");
            let rows = rows![NftTable, |table| table, "/";
                InPlace dormant "flags": true => "dormant", false => Value::Null;
                Anew comment "comment": Some("one".to_owned()) => "\"one\"", Some("two".to_owned()) => "\"two\"";
            ];
            all_covered(&base, &rows, &[("family", KEY), ("name", KEY)]);
            each_by_itself(agent, &agent.table(), &base, &rows, || words(&shell("nft list tables inet; nft list table inet t"), &["flags", "comment"])).await;
            let base = NftSet {
                flags: NftSetFlags { timeout: true, ..NftSetFlags::default() },
                timeout: Some(Duration::from_secs(3600)),
                gc_interval: Some(Duration::from_secs(5)),
                size: Some(100),
                ..NftSet::new(NftFamily::Inet.table("t"), "s", NftType::Ipv4Addr)
            };
            let rows = rows![NftSet, |set| set, "/";
                Anew element "type": NftType::Ipv6Addr => "ipv6_addr", NftType::Ipv4Addr => "ipv4_addr";
                Anew comment "comment": Some("one".to_owned()) => "one", Some("two".to_owned()) => "two";
                Anew flags "for_people/flags": NftSetFlags { timeout: true, dynamic: true, constant: false } => "dynamic,timeout";
                InPlace timeout "timeout": Some(Duration::from_secs(60)) => 60, Some(Duration::from_secs(70)) => 70;
                InPlace gc_interval "gc-interval": Some(Duration::from_secs(20)) => 20, Some(Duration::from_secs(30)) => 30;
                InPlace size "size": Some(200) => 200, Some(300) => 300;
            ];
            all_covered(&base, &rows, &[("table", KEY), ("name", KEY)]);
            let read = || {
                let all = view("nft -j list sets", &["handle"])["nftables"].as_array().cloned().unwrap_or_default();
                let mut set = all.iter().find_map(|seen| seen.get("set").cloned()).unwrap_or(Value::Null);
                set["for_people"] = words(&shell("nft list sets"), &["flags"]);
                set
            };
            each_by_itself(agent, &agent.table(), &base, &rows, read).await;
            agent.table().set(base.clone()).expect("valid");
            let element = NftSetElement::new(base.key(), std::net::Ipv4Addr::new(192, 0, 2, 1));
            let rows = rows![NftSetElement, |element| element, "/elem/0/elem/";
                Anew timeout "timeout": Some(Duration::from_secs(600)) => 600, Some(Duration::from_secs(700)) => 700;
                Anew comment "comment": Some("one".to_owned()) => "one", Some("two".to_owned()) => "two";
            ];
            all_covered(&element, &rows, &[("set", KEY), ("value", KEY)]);
            each_by_itself(agent, &agent.table(), &element, &rows, || {
                let set = view("nft -j list set inet t s", &[]);
                set["nftables"].as_array().into_iter().flatten().find_map(|seen| seen.get("set").cloned()).unwrap_or(Value::Null)
            })
            .await;
        });
    }
}

namespace_test! {
    fn endpoints_of_multipath_tcp() {
        if !kernel_knows("Multipath TCP", "ip mptcp endpoint show") {
            return;
        }
        let kinds = Agent::builder().object::<MptcpEndpoint>().object::<ksync_objects::Address>().object::<Link>();
        on(kinds, Netlink::generic().expect("a netlink socket"), async |agent: &Agent| {
            agent.table().set_all([Link::new("lo", LinkKind::Existing), Link::new("v0", LinkKind::veth("v1"))]);
            agent.settled().await.expect("links");
            let base = MptcpEndpoint { signal: true, ..MptcpEndpoint::new(3, [127, 0, 0, 1].into()) };
            let rows = rows![MptcpEndpoint, |endpoint| endpoint, "/";
                Anew address "address": [127, 0, 0, 2].into() => "127.0.0.2", [127, 0, 0, 3].into() => "127.0.0.3";
                Anew port "port": Some(8080) => 8080, Some(8081) => 8081;
                Anew link "dev": Some(Ref::to("lo")) => "lo", Some(Ref::to("v0")) => "v0";
                Anew subflow "subflow": true => true, false => Value::Null;
                Anew signal "signal": false => Value::Null, true => true;
                InPlace backup "backup": true => true, false => Value::Null;
            ];
            all_covered(&base, &rows, &[
                ("id", KEY),
                ("assigned", "is not on the wire"),
                ("fullmesh", "is looked at below: it excludes `signal`"),
            ]);
            let read = || view("ip -j mptcp endpoint show", &[]).get(0).cloned().unwrap_or(Value::Null);
            let table = agent.table();
            each_by_itself(agent, &table, &base, &rows, read).await;
            let rows = rows![MptcpEndpoint, |endpoint| endpoint, "/"; InPlace fullmesh "fullmesh": true => true, false => Value::Null;];
            let base = MptcpEndpoint { signal: false, subflow: true, ..base };
            each_by_itself(agent, &table, &base, &rows, read).await;
        });
    }
}

namespace_test! {
    fn parameters() {
        on_links(async |agent: &Agent| {
            let table = agent.table::<Sysctl>();
            let name = "net.ipv4.conf.v0.rp_filter";
            for value in ["1", "2"] {
                table.set(Sysctl::new(name, value)).expect("valid");
                agent.settled().await.expect("in sync");
                assert_eq!(shell(&format!("sysctl -n {name}")).trim(), value);
                assert_eq!(table.verify().await.expect("a look"), []);
            }
            all_covered::<Sysctl>(&Sysctl::new(name, 1), &[], &[
                ("name", KEY),
                ("value", "is all there is to change, above"),
                ("original", "is what was there before"),
            ]);
        });
    }
}
