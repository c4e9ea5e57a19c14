//! Queueing disciplines, classes and filters on the real kernel, read back with `tc`.

mod tc_support;

use std::time::Duration;

use ksync_objects::{
    Class, Filter, HtbClass, HtbInit, Link, LinkKind, Qdisc, QdiscKind, Tbf, TbfPeak, TcFlow, TcHandle,
    TcParent, U32, U32Handle, U32HashKey, U32Match,
};
use ksync_runtime::agent::Agent;
use ksync_runtime::prelude::*;
use ksync_tests::compare::{Elsewhere, kernel_knows, on_agent, shell, takes, view};
use ksync_tests::namespace_test;
use tc_support::{class, handle, ip_filter, net, root, shaper, to};

const LINKS: &str = "ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up;";

/// An agent, and a pair of links.
fn on_links(test: impl AsyncFnOnce(&Agent)) {
    let builder = Agent::builder().object::<Filter>().object::<Class>().object::<Qdisc>().object::<Link>();
    on_agent(builder, async |agent: &Agent| {
        let pair = [
            Link::new("v0", LinkKind::veth("v1")),
            Link::new("v1", LinkKind::PeerOf { link: Ref::to("v0") }),
        ];
        agent.table::<Link>().set_all(pair);
        agent.settled().await.expect("links");
        test(agent).await;
    });
}

async fn settled(agent: &Agent) {
    if let Err(unsettled) = agent.settled().await {
        panic!("{unsettled}");
    }
}

/// In sync in the end, after the kernel was asked again.
async fn settled_later(agent: &Agent) {
    for _ in 0..200 {
        if agent.settled().await.is_ok() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    settled(agent).await;
}

fn qdiscs() -> Vec<serde_json::Value> {
    view("tc -j -d qdisc show dev v0", &[]).as_array().cloned().unwrap_or_default()
}

/// What `tc class` prints; it has no JSON for classes.
fn classes() -> Vec<String> {
    lines(&shell("tc -d class show dev v0"))
}

fn lines(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(|line| line.trim().to_owned()).collect();
    lines.sort();
    lines
}

/// The filters of `1:` that match or lead somewhere.
fn filters() -> Vec<serde_json::Value> {
    filters_of("parent 1:")
}

fn filters_of(parent: &str) -> Vec<serde_json::Value> {
    let all = view(&format!("tc -j filter show dev v0 {parent}"), &[]);
    let matching = |filter: &&serde_json::Value| filter["options"]["key_ht"].is_string();
    all.as_array().into_iter().flatten().filter(matching).cloned().collect()
}

namespace_test! {
    fn qdiscs_are_those_that_tc_makes() {
        let cases = [
            ("root handle 1: htb default 30", root(QdiscKind::htb(0x30))),
            (
                "root handle 1: htb default 0x31 r2q 20 direct_qlen 5",
                root(QdiscKind::Htb { init: HtbInit { default: 0x31, r2q: 20 }, direct_qlen: Some(5) }),
            ),
            ("root handle 1: tbf rate 1mbit burst 10k limit 3000", root(QdiscKind::tbf(125_000, 10_240, 3000))),
            // 50 ms at the rate, and the burst.
            ("root handle 1: tbf rate 7mbit burst 12345 latency 50ms", root(QdiscKind::tbf(875_000, 12_345, 56_095))),
            (
                "root handle 1: tbf rate 40gbit burst 1mb limit 2mb overhead 20 mpu 64 peakrate 50gbit mtu 9000",
                root(shaper(Tbf {
                    rate: 5_000_000_000,
                    burst: 1 << 20,
                    limit: 2 << 20,
                    peak: Some(TbfPeak { rate: 6_250_000_000, mtu: 9000 }),
                    overhead: 20,
                    mpu: 64,
                })),
            ),
            ("root handle 1: pfifo limit 17", root(QdiscKind::Pfifo { limit: 17 })),
            // The length of the link's own queue.
            ("root handle 1: pfifo", root(QdiscKind::Pfifo { limit: 1000 })),
            ("root handle 1: bfifo limit 17000", root(QdiscKind::Bfifo { limit: 17_000 })),
            ("root handle 1: pfifo_head_drop limit 9", root(QdiscKind::PfifoHeadDrop { limit: 9 })),
            ("root handle 1: pfifo_fast", root(QdiscKind::PfifoFast)),
            ("ingress", Qdisc::ingress("v0")),
            ("clsact", Qdisc::clsact("v0")),
        ];
        for (command, qdisc) in cases {
            on_links(async |agent: &Agent| {
                let table = agent.table::<Qdisc>();
                takes(agent, 1, || table.set(qdisc.clone()).expect("valid")).await;
                let elsewhere = Elsewhere::new();
                elsewhere.shell(&format!("{LINKS} tc qdisc add dev v0 {command}"));
                elsewhere.same("tc -j -d qdisc show dev v0", &["direct_packets_stat"]);
                // The JSON lacks the peak rate.
                if let QdiscKind::Tbf { .. } = qdisc.kind {
                    let reader = "tc -d qdisc show dev v0";
                    assert_eq!(lines(&shell(reader)), lines(&elsewhere.shell(reader)));
                }
                assert_eq!(table.verify().await.expect("a dump"), [], "{command}");
                takes(agent, 1, || assert!(table.remove(&qdisc.key()))).await;
                assert!(qdiscs().iter().all(|held| held["handle"] == "0:"), "{command}");
                agent.table::<Link>().remove(&"v1".to_owned());
                takes(agent, 1, || assert!(agent.table::<Link>().remove(&"v0".to_owned()))).await;
            });
        }
    }
}

namespace_test! {
    fn classes_and_filters_are_those_that_tc_makes() {
        on_links(async |agent: &Agent| {
            agent.table::<Qdisc>().set(root(QdiscKind::htb(0x30))).expect("valid");
            agent.table::<Class>().set_all([
                class("1:", "1:1", HtbClass::new(12_500_000)),
                class("1:1", "1:10", HtbClass { ceil: Some(625_000), burst: Some(20 << 10), cburst: Some(3 << 10), prio: 3, quantum: Some(3000), ..HtbClass::new(12_500) }),
                class("1:1", "1:11", HtbClass { burst: Some(30_000_000), cburst: Some(30_000_000), quantum: Some(60_000), ..HtbClass::new(10_000_000_000) }),
                class("1:1", "1:12", HtbClass { overhead: 20, mpu: 64, burst: Some(777), ceil: Some(77_777_777), cburst: Some(100_000), ..HtbClass::new(33_333) }),
                class("1:1", "1:13", HtbClass::new(375_000)),
            ]);
            agent.table::<Qdisc>().set(Qdisc::new("v0", handle("10:"), TcParent::of("v0", handle("1:10")), QdiscKind::Bfifo { limit: 9000 })).expect("valid");
            let hashed = U32 {
                link: Some(5),
                hash_key: Some(U32HashKey { mask: 0xff, offset: 12 }),
                ..U32::matching(U32Match::source(net("10.0.0.0/8")))
            };
            let mut tcp = to("10.1.0.0/16", "1:11");
            tcp.matches.push(U32Match::ip_protocol(6));
            agent.table::<Filter>().set_all([
                ip_filter(10, U32Handle::node(1), to("10.0.0.0/8", "1:10")),
                ip_filter(10, U32Handle::node(2), tcp),
                ip_filter(10, U32Handle::table(5), U32::table(256)),
                ip_filter(10, U32Handle::in_bucket(5, 0xa, 1), U32 { matches: U32Match::source(net("10.0.0.10/32")), ..to("0.0.0.0/0", "1:12") }),
                ip_filter(10, U32Handle::node(3), hashed),
                Filter::u32("v0", TcParent::qdisc("v0", handle("1:")), 20, ETH_P_IPV6, U32Handle::node(1), to("2001:db8::/32", "1:12")),
            ]);
            settled(agent).await;
            let elsewhere = Elsewhere::new();
            elsewhere.shell(&format!(
                "{LINKS}
                tc qdisc add dev v0 root handle 1: htb default 30
                tc class add dev v0 parent 1: classid 1:1 htb rate 100mbit
                tc class add dev v0 parent 1:1 classid 1:10 htb rate 100kbit ceil 5mbit burst 20k cburst 3k prio 3 quantum 3000
                tc class add dev v0 parent 1:1 classid 1:11 htb rate 80gbit burst 30000000 cburst 30000000 quantum 60000
                tc class add dev v0 parent 1:1 classid 1:12 htb rate 33333bps burst 777 ceil 77777777bps cburst 100000 overhead 20 mpu 64
                tc class add dev v0 parent 1:1 classid 1:13 htb rate 3mbit
                tc qdisc add dev v0 parent 1:10 handle 10: bfifo limit 9000
                tc filter add dev v0 parent 1: protocol ip prio 10 handle ::1 u32 match ip dst 10.0.0.0/8 classid 1:10
                tc filter add dev v0 parent 1: protocol ip prio 10 handle ::2 u32 match ip dst 10.1.0.0/16 match ip protocol 6 0xff classid 1:11
                tc filter add dev v0 parent 1: protocol ip prio 10 handle 5: u32 divisor 256
                tc filter add dev v0 parent 1: protocol ip prio 10 handle 5:a:1 u32 ht 5:a: match ip src 10.0.0.10/32 classid 1:12
                tc filter add dev v0 parent 1: protocol ip prio 10 handle ::3 u32 match ip src 10.0.0.0/8 link 5: hashkey mask 0xff at 12
                tc filter add dev v0 parent 1: protocol ipv6 prio 20 handle ::1 u32 match ip6 dst 2001:db8::/32 classid 1:12"
            ));
            elsewhere.same("tc -j -d qdisc show dev v0", &["direct_packets_stat"]);
            elsewhere.same("tc -j filter show dev v0 parent 1:", &[]);
            assert_eq!(classes(), lines(&elsewhere.shell("tc -d class show dev v0")));
            assert_eq!(classes().len(), 5, "{:?}", classes());
        });
    }
}

namespace_test! {
    fn a_shaper_is_changed_in_place_and_made_anew_only_where_it_has_to_be() {
        on_links(async |agent: &Agent| {
            let table = agent.table::<Qdisc>();
            let set = |kind: QdiscKind| table.set(root(kind)).expect("valid");
            let first = Tbf { rate: 125_000, burst: 10_240, limit: 30_000, peak: None, overhead: 0, mpu: 0 };
            takes(agent, 1, || set(shaper(first.clone()))).await;
            let peak = Some(TbfPeak { rate: 500_000, mtu: 2000 });
            let steps = [
                (Tbf { rate: 250_000, ..first.clone() }, "rate", "250000"),
                (Tbf { burst: 20_480, ..first.clone() }, "burst", "\"20Kb/1\""),
                (Tbf { limit: 10_240, ..first.clone() }, "lat", "0"),
                (Tbf { mpu: 64, ..first.clone() }, "mpu", "64"),
                (Tbf { overhead: 20, ..first.clone() }, "overhead", "20"),
                (Tbf { peak: peak.clone(), ..first.clone() }, "mtu", "\"2000b/1\""),
                (first.clone(), "mtu", "null"),
            ];
            for (tbf, option, value) in steps {
                takes(agent, 1, || set(shaper(tbf))).await;
                assert_eq!(qdiscs()[0]["options"][option].to_string(), value, "{option}");
                assert_eq!(table.verify().await.expect("a dump"), [], "{option}");
            }
            // Another discipline under the same handle.
            takes(agent, 2, || set(QdiscKind::Bfifo { limit: 9000 })).await;
            takes(agent, 1, || set(QdiscKind::Bfifo { limit: 8000 })).await;
            assert_eq!((&qdiscs()[0]["kind"], &qdiscs()[0]["options"]["limit"]), (&"bfifo".into(), &8000.into()));
            // What is there by itself without being asked for is nobody's.
            takes(agent, 1, || assert!(table.remove(&root(QdiscKind::PfifoFast).key()))).await;
            assert_eq!((qdiscs()[0]["handle"].as_str(), qdiscs().len()), (Some("0:"), 1));
            assert_eq!(table.verify().await.expect("a dump"), []);
        });
    }
}

/// A tree with a filter, declared the wrong way round.
fn upside_down(agent: &Agent) {
    agent.table::<Filter>().set(ip_filter(10, U32Handle::node(1), to("10.0.0.0/8", "1:10"))).expect("valid");
    let leaf =
        Qdisc::new("v0", handle("10:"), TcParent::of("v0", handle("1:10")), QdiscKind::Pfifo { limit: 7 });
    agent.table::<Qdisc>().set(leaf).expect("valid");
    agent.table::<Class>().set(class("1:1", "1:10", HtbClass::new(125_000))).expect("valid");
    agent.table::<Class>().set(class("1:", "1:1", HtbClass::new(1_250_000))).expect("valid");
    agent.table::<Class>().set(class("1:", "1:2", HtbClass::new(125_000))).expect("valid");
}

namespace_test! {
    fn a_tree_declared_the_wrong_way_round_stands_and_survives_its_root_and_its_link() {
        on_links(async |agent: &Agent| {
            upside_down(agent);
            let told = agent.settled().await.expect_err("the root is missing").to_string();
            assert!(told.contains("is ADD_DEFER, waits for Qdisc link=v0 handle=1:"), "{told}");
            takes(agent, 6, || agent.table::<Qdisc>().set(root(QdiscKind::htb(0x10))).expect("valid")).await;
            let (tree, found) = (classes(), filters());
            assert_eq!((tree.len(), found.len(), qdiscs().len()), (3, 1, 2));
            assert_eq!(found[0]["options"]["flowid"], "1:10");

            // The kernel can't change the options of htb: the root goes, and everything with it.
            takes(agent, 7, || agent.table::<Qdisc>().set(root(QdiscKind::htb(0x2))).expect("valid")).await;
            assert_eq!(qdiscs().iter().find(|held| held["kind"] == "htb").expect("it")["options"]["default"], "0x2");
            assert_eq!((classes(), filters(), qdiscs().len()), (tree.clone(), found.clone(), 2));

            // Another link of the same name.
            assert!(agent.table::<Link>().remove(&"v1".to_owned()));
            agent.table::<Link>().set(Link::new("v0", LinkKind::bridge())).expect("valid");
            settled(agent).await;
            assert_eq!((classes(), filters(), qdiscs().len()), (tree, found, 2));

            // Removed from the root on, it goes from the leaves on.
            assert!(agent.table::<Qdisc>().remove(&root(QdiscKind::htb(0)).key()));
            let told = agent.settled().await.expect_err("much refers to it").to_string();
            assert!(told.contains("Qdisc link=v0 handle=1:") && told.contains("still referred to by"), "{told}");
            agent.table::<Class>().remove(&class("1:", "1:1", HtbClass::new(1)).key());
            agent.table::<Class>().remove(&class("1:", "1:2", HtbClass::new(1)).key());
            agent.table::<Class>().remove(&class("1:1", "1:10", HtbClass::new(1)).key());
            assert_eq!(agent.settled().await.expect_err("leaves are left").count, 3);
            assert_eq!(classes().len(), 2, "the one that nothing refers to is gone");
            agent.table::<Qdisc>().remove(&Qdisc::new("v0", handle("10:"), TcParent::Root, QdiscKind::PfifoFast).key());
            agent.table::<Filter>().remove(&ip_filter(10, U32Handle::node(1), U32::default()).key());
            settled(agent).await;
            assert_eq!((classes().len(), filters().len()), (0, 0));
            assert_eq!(qdiscs()[0]["handle"], "0:");
        });
    }
}

namespace_test! {
    fn a_class_is_changed_in_every_field() {
        on_links(async |agent: &Agent| {
            let table = agent.table::<Class>();
            agent.table::<Qdisc>().set(root(QdiscKind::htb(0))).expect("valid");
            table.set(class("1:", "1:1", HtbClass::new(1_250_000))).expect("valid");
            table.set(class("1:", "1:2", HtbClass::new(1_250_000))).expect("valid");
            let first = HtbClass::new(125_000);
            table.set(class("1:1", "1:10", first.clone())).expect("valid");
            settled(agent).await;
            let line = || classes().into_iter().find(|line| line.starts_with("class htb 1:10 ")).expect("it");
            let steps = [
                (HtbClass { rate: 250_000, ..first.clone() }, "rate 2Mbit ceil 2Mbit "),
                (HtbClass { rate: 6_250_000_000, ..first.clone() }, "rate 50Gbit ceil 50Gbit "),
                (HtbClass { ceil: Some(500_000), ..first.clone() }, "rate 1Mbit ceil 4Mbit "),
                (first.clone(), "rate 1Mbit ceil 1Mbit linklayer ethernet burst 1600b/1 mpu 0b cburst 1600b/1 "),
                (HtbClass { burst: Some(4096), ..first.clone() }, " burst 4Kb/1 mpu 0b cburst 1600b"),
                (HtbClass { cburst: Some(4096), ..first.clone() }, " burst 1600b/1 mpu 0b cburst 4Kb/1 "),
                (HtbClass { prio: 7, ..first.clone() }, " prio 7 "),
                (HtbClass { quantum: Some(2000), ..first.clone() }, " quantum 2000 "),
                (first.clone(), " quantum 12500 "),
                (HtbClass { overhead: 24, ..first.clone() }, " overhead 24 "),
                (HtbClass { mpu: 64, ..first.clone() }, " mpu 64b "),
            ];
            for (share, text) in steps {
                takes(agent, 1, || table.set(class("1:1", "1:10", share)).expect("valid")).await;
                assert!(line().contains(text), "{}", line());
            }
            // The kernel would take another parent, and do nothing.
            takes(agent, 2, || table.set(class("1:2", "1:10", first.clone())).expect("valid")).await;
            assert!(line().contains("parent 1:2 "), "{}", line());
            // One that has children can't be made anew: the kernel says so, and nothing is lost.
            table.set(class("1:1", "1:2", HtbClass::new(1_250_000))).expect("valid");
            let told = agent.settled().await.expect_err("1:2 has a child").to_string();
            assert!(told.contains("Class link=v0 classid=1:2") && told.contains("EBUSY") && told.contains("HTB class in use"), "{told}");
            assert!(table.remove(&class("1:2", "1:10", first.clone()).key()));
            settled_later(agent).await;
            assert!(classes().iter().any(|line| line.starts_with("class htb 1:2 parent 1:1 ")), "{:?}", classes());
        });
    }
}

namespace_test! {
    fn a_filter_leads_elsewhere_in_place_and_looks_for_something_else_anew() {
        on_links(async |agent: &Agent| {
            upside_down(agent);
            agent.table::<Qdisc>().set(root(QdiscKind::htb(0))).expect("valid");
            let table = agent.table::<Filter>();
            let at = U32Handle::node(1);
            // The kernel drops all tables together with the last filter; this one stays.
            table.set(ip_filter(10, U32Handle::node(2), to("12.0.0.0/8", "1:2"))).expect("valid");
            for number in [5, 6] {
                table.set(ip_filter(10, U32Handle::table(number), U32::table(1))).expect("valid");
            }
            settled(agent).await;
            let held = || filters().into_iter().find(|held| held["options"]["fh"] == "800::1");
            let options = || held().expect("it")["options"].clone();
            let flow = |classid: &str| ip_filter(10, at, to("10.0.0.0/8", classid));
            takes(agent, 1, || table.set(flow("1:2")).expect("valid")).await;
            assert_eq!(options()["flowid"], "1:2");
            // Nothing holds the class any more that it led to.
            takes(agent, 1, || { agent.table::<Qdisc>().remove(&Qdisc::new("v0", handle("10:"), TcParent::Root, QdiscKind::PfifoFast).key()); }).await;
            takes(agent, 1, || assert!(agent.table::<Class>().remove(&class("1:1", "1:10", HtbClass::new(1)).key()))).await;

            takes(agent, 2, || table.set(ip_filter(10, at, to("11.0.0.0/8", "1:2"))).expect("valid")).await;
            assert_eq!(options()["match"]["value"], "b000000");
            let onwards = |link| ip_filter(10, at, U32 { link: Some(link), ..U32::matching(U32Match::source(net("10.0.0.0/8"))) });
            takes(agent, 2, || table.set(onwards(5)).expect("valid")).await;
            assert_eq!((&options()["link"], &options()["flowid"]), (&"5:".into(), &serde_json::Value::Null));
            takes(agent, 1, || table.set(onwards(6)).expect("valid")).await;
            assert_eq!(options()["link"], "6:");
            // A table that a filter leads to stays.
            assert!(table.remove(&ip_filter(10, U32Handle::table(6), U32::table(1)).key()));
            let told = agent.settled().await.expect_err("a filter leads to it").to_string();
            assert!(told.contains("handle=6:") && told.contains("still referred to by"), "{told}");
            // The kernel lets go of a table only after a while: it is asked again.
            assert!(table.remove(&onwards(6).key()));
            settled_later(agent).await;
            assert_eq!(held(), None);
            takes(agent, 1, || {
                assert!(table.remove(&ip_filter(10, U32Handle::node(2), U32::default()).key()));
            })
            .await;
            // Another protocol for the priority: that went with the last of its filters.
            let ipv6 = Filter { protocol: ETH_P_IPV6, ..ip_filter(10, at, to("2001:db8::/32", "1:2")) };
            takes(agent, 1, || table.set(flow("1:2")).expect("valid")).await;
            takes(agent, 2, || table.set(ipv6).expect("valid")).await;
            assert_eq!(filters()[0]["protocol"], "ipv6");
        });
    }
}

namespace_test! {
    fn filters_on_what_comes_in_and_goes_out_hang_on_clsact() {
        on_links(async |agent: &Agent| {
            let table = agent.table::<Filter>();
            let some = || U32 { classid: Some(TcFlow::At(TcHandle::new(0, 1))), ..U32::matching(U32Match::source(net("10.0.0.0/8"))) };
            // What hangs on one discipline shares its tables: of one priority, tc would show each in both places.
            let place = |parent: TcParent| {
                let priority = if parent == TcParent::incoming("v0") { 1 } else { 2 };
                Filter::u32("v0", parent, priority, ETH_P_ALL, U32Handle::node(1), some())
            };
            table.set(place(TcParent::incoming("v0"))).expect("valid");
            table.set(place(TcParent::outgoing("v0"))).expect("valid");
            assert_eq!(agent.settled().await.expect_err("clsact is missing").count, 2);
            takes(agent, 3, || agent.table::<Qdisc>().set(Qdisc::clsact("v0")).expect("valid")).await;
            let elsewhere = Elsewhere::new();
            let by_tc = "handle ::1 u32 match ip src 10.0.0.0/8 classid :1";
            elsewhere.shell(&format!("{LINKS} tc qdisc add dev v0 clsact; tc filter add dev v0 ingress protocol all prio 1 {by_tc}; tc filter add dev v0 egress protocol all prio 2 {by_tc}"));
            elsewhere.same("tc -j filter show dev v0 ingress", &[]);
            elsewhere.same("tc -j filter show dev v0 egress", &[]);
            takes(agent, 1, || assert!(table.remove(&place(TcParent::incoming("v0")).key()))).await;
            assert_eq!((filters_of("ingress").len(), filters_of("egress").len()), (0, 1));
        });
    }
}

namespace_test! {
    fn what_is_somebody_else_s_is_left_alone_and_what_is_gone_counts_as_removed() {
        on_links(async |agent: &Agent| {
            shell("tc qdisc add dev v0 root handle 7: pfifo limit 3");
            upside_down(agent);
            agent.table::<Qdisc>().set(root(QdiscKind::htb(0))).expect("valid");
            let told = agent.settled().await.expect_err("the place is taken").to_string();
            assert!(told.contains("EEXIST") && told.contains("left alone"), "{told}");
            assert_eq!(qdiscs()[0]["handle"], "7:");
            shell("tc qdisc delete dev v0 root");
            agent.table::<Qdisc>().set(root(QdiscKind::htb(2))).expect("valid");
            settled(agent).await;

            shell("tc filter add dev v0 parent 1: protocol ip prio 10 handle ::2 u32 match ip dst 12.0.0.0/8 classid 1:1");
            agent.table::<Filter>().set(ip_filter(10, U32Handle::node(2), to("10.0.0.0/8", "1:2"))).expect("valid");
            let told = agent.settled().await.expect_err("the place is taken").to_string();
            assert!(told.contains("ENOSPC") && told.contains("left alone"), "{told}");

            // Somebody puts another discipline in the place of the root: all that is ours is gone.
            shell("tc qdisc delete dev v0 root; tc qdisc add dev v0 root handle 7: pfifo limit 3");
            for priority in [1, 2] {
                agent.table::<Filter>().remove(&ip_filter(10, U32Handle::node(priority), U32::default()).key());
            }
            agent.table::<Qdisc>().remove(&Qdisc::new("v0", handle("10:"), TcParent::Root, QdiscKind::PfifoFast).key());
            for classid in ["1:10", "1:2", "1:1"] {
                agent.table::<Class>().remove(&class("1:", classid, HtbClass::new(1)).key());
            }
            agent.table::<Qdisc>().remove(&root(QdiscKind::PfifoFast).key());
            settled(agent).await;
            assert_eq!((qdiscs()[0]["handle"].as_str(), &qdiscs()[0]["options"]["limit"]), (Some("7:"), &3.into()));
        });
    }
}

namespace_test! {
    fn a_discipline_that_the_kernel_lacks_is_waited_for() {
        let codel = |quantum, flows| {
            root(QdiscKind::FqCodel {
                target: Some(Duration::from_millis(3)),
                limit: Some(10),
                interval: Some(Duration::from_millis(70)),
                ecn: Some(false),
                flows: Some(flows),
                quantum: Some(quantum),
                ce_threshold: None,
                drop_batch: None,
                memory_limit: Some(1_000_000),
            })
        };
        let command = "tc qdisc add dev v0 root handle 1: fq_codel limit 10 flows 64 target 3ms interval 70ms quantum 1600 noecn memory_limit 1000000";
        let known = kernel_knows("fq_codel", &format!("{LINKS} {command}"));
        on_links(async |agent: &Agent| {
            let table = agent.table::<Qdisc>();
            table.set(codel(1600, 64)).expect("valid");
            if known {
                settled(agent).await;
                let elsewhere = Elsewhere::new();
                elsewhere.shell(&format!("{LINKS} {command}"));
                elsewhere.same("tc -j -d qdisc show dev v0", &[]);
                assert_eq!(table.verify().await.expect("a dump"), []);
                takes(agent, 1, || table.set(codel(3000, 64)).expect("valid")).await;
                takes(agent, 2, || table.set(codel(3000, 128)).expect("valid")).await;
            } else {
                let told = agent.settled().await.expect_err("unknown").to_string();
                assert!(told.contains("ENOENT") && told.contains("qdisc kind is unknown") && told.contains("tried again later"), "{told}");
            }
        });
    }
}

namespace_test! {
    fn what_the_kernel_dumps_is_read_as_what_was_declared() {
        on_links(async |agent: &Agent| {
            upside_down(agent);
            agent.table::<Qdisc>().set(root(QdiscKind::htb(0x10))).expect("valid");
            let fast = HtbClass { ceil: Some(12_500_000_001), burst: Some(5_000_000), overhead: 4, prio: 2, quantum: Some(9000), ..HtbClass::new(7_777_777_777) };
            agent.table::<Class>().set(class("1:", "1:3", fast)).expect("valid");
            let hashed = U32 {
                link: Some(5),
                hash_key: Some(U32HashKey { mask: 0xff00, offset: -4 }),
                ..U32::matching(U32Match::source(net("10.0.0.0/8")))
            };
            agent.table::<Filter>().set_all([
                ip_filter(10, U32Handle::table(5), U32::table(256)),
                ip_filter(10, U32Handle::in_bucket(5, 0xff, 0xfff), to("2001:db8::/65", "1:3")),
                ip_filter(10, U32Handle::node(0xfff), hashed),
            ]);
            settled(agent).await;
            let (classes, filters) = (agent.table::<Class>(), agent.table::<Filter>());
            assert_eq!((classes.all().len(), filters.all().len()), (4, 4));
            assert_eq!(classes.verify().await.expect("a dump"), []);
            assert_eq!(filters.verify().await.expect("a dump"), []);
            assert_eq!(agent.table::<Qdisc>().verify().await.expect("a dump"), []);
            let (classes, filters) = (classes.read_back().await.expect("a dump"), filters.read_back().await.expect("a dump"));
            assert_eq!((classes.objects.len(), filters.objects.len()), (4, 4), "and nothing else");
            assert_eq!((classes.malformed, filters.malformed), (vec![], vec![]));
            // Other values are told apart.
            let seen = classes.objects.iter().find(|class| class.classid == handle("1:2")).expect("it");
            for share in [
                HtbClass { ceil: Some(125_001), ..HtbClass::new(125_000) },
                HtbClass { burst: Some(1610), ..HtbClass::new(125_000) },
                HtbClass { cburst: Some(1610), ..HtbClass::new(125_000) },
                HtbClass { prio: 1, ..HtbClass::new(125_000) },
                HtbClass { quantum: Some(1), ..HtbClass::new(125_000) },
                HtbClass::new(125_001),
            ] {
                assert_eq!(class("1:", "1:2", share).unmet(seen), Some("kind"));
            }
        });
    }
}
