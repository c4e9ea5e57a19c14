//! Rules: what `ip rule` does, our declaration does; and their life on the real kernel.

mod derive_support;

use derive_support::Names;
use ksync_objects::{Family, Mark, RouteProtocol, Rule, RuleAction};
use ksync_runtime::agent::{Agent, AgentBuilder};
use ksync_runtime::declare::{Difference, ErrorClass, OperationError, Verb};
use ksync_runtime::prelude::*;
use ksync_tests::compare::{Elsewhere, on_agent, shell, takes};
use ksync_tests::iproute2::list;
use ksync_tests::namespace_test;

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn agent() -> AgentBuilder {
    Agent::builder().object::<Rule>()
}

fn rule(priority: u32) -> Rule {
    Rule::ipv4(priority, RuleAction::Table(100))
}

/// Each with the arguments of `ip rule add` that do the same.
fn all() -> Vec<(&'static str, Rule)> {
    vec![
        ("priority 1000 table 100", rule(1000)),
        ("priority 0 table 7", Rule { action: RuleAction::Table(7), ..rule(0) }),
        (
            "priority 1001 from 10.0.0.0/8 to 192.0.2.1 table 70000",
            Rule {
                from: Some(net("10.0.0.0/8")),
                to: Some(net("192.0.2.1/32")),
                ..Rule::ipv4(1001, RuleAction::Table(70000))
            },
        ),
        (
            "priority 1002 iif lo oif nowhere fwmark 0x7 table 100",
            Rule {
                iif: Some("lo".into()),
                oif: Some("nowhere".into()),
                fwmark: Some(7.into()),
                ..rule(1002)
            },
        ),
        (
            "priority 1003 fwmark 0/0xff table 255",
            Rule { fwmark: Some(Mark { value: 0, mask: 0xff }), ..Rule::ipv4(1003, RuleAction::Table(255)) },
        ),
        (
            "priority 1004 tos 0x10 ipproto tcp sport 1000-2000 dport 80 table 100",
            Rule {
                tos: 0x10,
                ip_protocol: Some(6),
                sport: Some(1000..=2000),
                dport: Some(80..=80),
                ..rule(1004)
            },
        ),
        // Root is the only user of the namespace.
        (
            "priority 1005 uidrange 0-0 tun_id 77 table 100",
            Rule { uid_range: Some(0..=0), tun_id: Some(77), ..rule(1005) },
        ),
        (
            "priority 1006 not from 10.0.0.0/8 table 100",
            Rule { invert: true, from: Some(net("10.0.0.0/8")), ..rule(1006) },
        ),
        (
            "priority 1007 table 254 suppress_prefixlength 0 suppress_ifgroup 5",
            Rule {
                suppress_prefix_length: Some(0),
                suppress_group: Some(5),
                ..Rule::ipv4(1007, RuleAction::Table(254))
            },
        ),
        ("priority 1008 goto 2000", Rule::ipv4(1008, RuleAction::Goto(2000))),
        ("priority 1009 goto 3000", Rule::ipv4(1009, RuleAction::Goto(3000))),
        ("priority 2000 nop", Rule::ipv4(2000, RuleAction::Nop)),
        ("priority 2001 blackhole", Rule::ipv4(2001, RuleAction::Blackhole)),
        ("priority 2002 unreachable", Rule::ipv4(2002, RuleAction::Unreachable)),
        ("priority 2003 prohibit", Rule::ipv4(2003, RuleAction::Prohibit)),
        ("priority 2004 l3mdev", Rule::ipv4(2004, RuleAction::L3mdev)),
        ("priority 2005 table 100 protocol 99", Rule { protocol: RouteProtocol(99), ..rule(2005) }),
    ]
}

fn all_of_ipv6() -> Vec<(&'static str, Rule)> {
    vec![
        (
            "priority 1000 from 2001:db8::/32 tos 0x10 table 100",
            Rule { from: Some(net("2001:db8::/32")), tos: 0x10, ..Rule::ipv6(1000, RuleAction::Table(100)) },
        ),
        (
            "priority 1001 to 2001:db8::1 ipproto udp dport 53-54 table 100",
            Rule {
                to: Some(net("2001:db8::1/128")),
                ip_protocol: Some(17),
                dport: Some(53..=54),
                ..Rule::ipv6(1001, RuleAction::Table(100))
            },
        ),
        (
            "priority 1002 iif lo unreachable",
            Rule { iif: Some("lo".into()), ..Rule::ipv6(1002, RuleAction::Unreachable) },
        ),
    ]
}

namespace_test! {
    fn rules_are_those_of_the_documented_commands() {
        on_agent(agent(), async |agent: &Agent| {
            let commands = Elsewhere::new();
            for (family, rules) in [("-4", all()), ("-6", all_of_ipv6())] {
                for (arguments, rule) in rules {
                    let protocol = if arguments.contains("protocol") { "" } else { "protocol static" };
                    commands.shell(&format!("ip {family} rule add {arguments} {protocol}"));
                    agent.table().set(rule).expect("valid");
                }
            }
            agent.settled().await.expect("in sync");
            commands.same("ip -j -d -4 rule", &[]);
            commands.same("ip -j -d -6 rule", &[]);

            // Our own reader agrees. Five rules are the kernel's own, and one for each family of multicast routing.
            let rules = agent.table::<Rule>();
            let held = rules.read_back().await.expect("a dump");
            assert_eq!(rules.verify().await.expect("a dump"), []);
            assert_eq!(held.malformed, []);
            assert_eq!((held.objects.len(), held.foreign), (all().len() + all_of_ipv6().len(), 7));
            for (_, rule) in all().into_iter().chain(all_of_ipv6()) {
                assert!(held.objects.contains(&rule), "{rule:?} among {:?}", held.objects);
            }
        });
    }
}

namespace_test! {
    fn every_rule_comes_stays_and_goes_alone() {
        on_agent(agent(), async |agent: &Agent| {
            let rules = agent.table::<Rule>();
            let before = list("rule show");
            for (arguments, rule) in all() {
                takes(agent, 1, || rules.set(rule.clone()).expect("valid")).await;
                takes(agent, 0, || rules.set(rule.clone()).expect("valid")).await;
                assert_eq!(list("rule show").len(), before.len() + 1, "{arguments}");
                takes(agent, 1, || assert!(rules.remove(&rule.key()))).await;
                assert_eq!(list("rule show"), before, "{arguments}");
            }
            // The delete of one leaves its like alone.
            for (_, rule) in all() {
                rules.set(rule).expect("valid");
            }
            agent.settled().await.expect("in sync");
            for (_, rule) in all() {
                takes(agent, 1, || assert!(rules.remove(&rule.key()))).await;
                assert_eq!(rules.verify().await.expect("a dump"), []);
            }
            assert_eq!(list("rule show"), before);
            assert_eq!(agent.totals().refusals, 0);
        });
    }
}

namespace_test! {
    fn what_is_done_with_packets_changes_by_delete_and_add() {
        on_agent(agent(), async |agent: &Agent| {
            let rules = agent.table::<Rule>();
            takes(agent, 1, || rules.set(rule(1000)).expect("valid")).await;
            let mut was = rule(1000);
            for (key, value, changed) in [
                ("table", "200", Rule { action: RuleAction::Table(200), ..rule(1000) }),
                ("action", "blackhole", Rule { action: RuleAction::Blackhole, ..rule(1000) }),
                ("suppress_prefixlen", "3", Rule { suppress_prefix_length: Some(3), ..rule(1000) }),
                ("suppress_ifgroup", "4", Rule { suppress_group: Some(4), ..rule(1000) }),
                ("protocol", "zebra", Rule { protocol: RouteProtocol::ZEBRA, ..rule(1000) }),
            ] {
                assert!(matches!(was.compare(&changed), Difference::Recreate { .. }), "{key}");
                takes(agent, 2, || rules.set(changed.clone()).expect("valid")).await;
                let mine: Vec<_> = list("rule show").into_iter().filter(|rule| rule["priority"] == 1000).collect();
                assert_eq!(mine.len(), 1);
                let shown = &mine[0][key];
                assert_eq!(shown.as_str().map_or_else(|| shown.to_string(), str::to_owned), value, "{mine:?}");
                assert_eq!(rules.verify().await.expect("a dump"), []);
                was = changed;
            }
            takes(agent, 2, || rules.set(Rule { invert: true, ..was.clone() }).expect("valid")).await;
            let shown = list("rule show priority 1000");
            assert!(shown[0].get("not").is_some(), "{shown:?}");
            takes(agent, 1, || assert!(rules.remove(&was.key()))).await;
            assert_eq!(list("rule show priority 1000").len(), 0);
        });
    }
}

namespace_test! {
    fn rules_of_others_are_left_alone() {
        on_agent(agent(), async |agent: &Agent| {
            shell("ip rule add priority 1000 table 100 protocol 99");
            let rules = agent.table::<Rule>();
            // Another protocol makes another rule.
            takes(agent, 1, || rules.set(rule(1000)).expect("valid")).await;
            assert_eq!(list("rule show priority 1000").len(), 2);
            takes(agent, 1, || assert!(rules.remove(&rule(1000).key()))).await;
            assert_eq!(list("rule show priority 1000")[0]["protocol"], "openr");

            // One that is gone already is no failure; the like of it by somebody else stays.
            takes(agent, 1, || rules.set(rule(1000)).expect("valid")).await;
            shell("ip rule del priority 1000 table 100 protocol static");
            rules.remove(&rule(1000).key());
            agent.settled().await.expect("gone");
            assert_eq!(list("rule show priority 1000").len(), 1);

            // The same of the same protocol is somebody's, and reported.
            shell("ip rule add priority 1001 table 100 protocol static");
            rules.set(rule(1001)).expect("valid");
            let text = agent.settled().await.expect_err("it is there").to_string();
            assert!(text.contains("EEXIST") && text.contains("left alone"), "{text}");
        });
    }
}

#[test]
fn errors_mean_what_they_usually_mean() {
    // Of the real kernel, as measured in the tests above: EEXIST, and ENOENT on a delete.
    assert_eq!(Rule::classify(Verb::Add, &OperationError::kernel(17, None, None)), ErrorClass::AlreadyThere);
    assert_eq!(Rule::classify(Verb::Delete, &OperationError::kernel(2, None, None)), ErrorClass::Gone);
}

#[test]
fn wrong_values_are_refused_before_the_kernel_is_asked() {
    let refused = |rule: Rule| rule.check().expect_err("it is wrong").to_string();
    let from = |text: &str| Rule { from: Some(net(text)), ..rule(5) };
    assert_eq!(refused(from("10.0.0.1/8")), "from: 10.0.0.1/8 has host bits set; the prefix is 10.0.0.0/8");
    assert_eq!(
        refused(from("2001:db8::/32")),
        "from: 2001:db8::/32 is no prefix of IPv4, as `family` says; use `Rule::ipv6`"
    );
    assert_eq!(refused(from("0.0.0.0/0")), "from: 0.0.0.0/0 is every packet of IPv4; leave it out");
    for (wrong, field) in [
        (Rule { iif: Some("a-name-that-is-too-long".into()), ..rule(5) }, "iif"),
        (Rule { oif: Some(String::new()), ..rule(5) }, "oif"),
        (Rule { fwmark: Some(Mark { value: 0x100, mask: 0xff }), ..rule(5) }, "fwmark"),
        (Rule { fwmark: Some(Mark { value: 0, mask: 0 }), ..rule(5) }, "fwmark"),
        (Rule { tos: 0x11, ..rule(5) }, "tos"),
        (Rule { ip_protocol: Some(0), ..rule(5) }, "ip_protocol"),
        (Rule { sport: Some(0..=5), ..rule(5) }, "sport"),
        (Rule { dport: Some(5..=65535), ..rule(5) }, "dport"),
        #[expect(clippy::reversed_empty_ranges, reason = "it is to be refused")]
        (Rule { dport: Some(6..=5), ..rule(5) }, "dport"),
        #[expect(clippy::reversed_empty_ranges, reason = "it is to be refused")]
        (Rule { uid_range: Some(6..=5), ..rule(5) }, "uid_range"),
        (Rule { tun_id: Some(0), ..rule(5) }, "tun_id"),
        (Rule { suppress_group: Some(u32::MAX), ..rule(5) }, "suppress_group"),
        (Rule { protocol: RouteProtocol(2), ..rule(5) }, "protocol"),
        (Rule { protocol: RouteProtocol(0), ..rule(5) }, "protocol"),
        (Rule::ipv4(5, RuleAction::Table(0)), "action"),
        (Rule::ipv4(5, RuleAction::Goto(5)), "action"),
    ] {
        let text = refused(wrong.clone());
        assert!(text.starts_with(&format!("{field}: ")), "{text} of {wrong:?}");
    }
    for (arguments, rule) in all() {
        assert_eq!(rule.check(), Ok(()), "{arguments}");
    }
}

#[test]
fn rules_are_read_as_they_are_written() {
    for (arguments, rule) in all().into_iter().chain(all_of_ipv6()) {
        let mut names = Names::default();
        let bytes = names.add(&rule, None);
        assert_eq!(names.parse::<Rule>(&bytes).as_ref(), Ok(&rule), "{arguments}");
        // A delete names all of it, or the kernel takes the first rule that matches what it names.
        assert_eq!(names.delete(&rule, None)[16..], bytes[16..], "{arguments}");
        assert_eq!(names.add_again(&rule, None)[6..8], bytes[6..8], "no twin after a lost answer");
    }
}

#[test]
fn rules_of_other_families_are_foreign() {
    let mut bytes = Names::default().add(&rule(5), None);
    bytes[16] = 128; // RTNL_FAMILY_IPMR: multicast routing
    let error = Names::default().parse::<Rule>(&bytes).expect_err("no rule of ours");
    assert!(error.is_foreign(), "{error}");
    assert_eq!(Family::V4.to_string(), "IPv4");
}
