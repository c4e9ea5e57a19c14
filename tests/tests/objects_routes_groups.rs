//! Groups of nexthops: what `ip nexthop ... group` does, our declaration does; and their life on the real kernel.

mod derive_support;

use std::time::Duration;

use derive_support::Names;
use ksync_objects::{
    Family, Link, LinkKind, Member, Nexthop, NexthopGroup, Resilience, Route, RouteProtocol, Spread,
};
use ksync_runtime::agent::{Agent, AgentBuilder};
use ksync_runtime::declare::Difference;
use ksync_runtime::prelude::*;
use ksync_tests::compare::{Elsewhere, on_agent, shell, takes};
use ksync_tests::iproute2::list;
use ksync_tests::namespace_test;

const GROUND: &str = "ip link set lo up
    ip link add v0 type veth peer name v1
    ip link set v0 up
    ip link set v1 up
    ip address add 192.0.2.1/24 dev v0";

const MEMBERS: &str = "ip nexthop add id 1000000000 via 192.0.2.254 dev v0 protocol static
    ip nexthop add id 1000000001 dev v1 protocol static
    ip nexthop add id 1000000002 blackhole protocol static";

fn agent() -> AgentBuilder {
    Agent::builder().object::<Route>().object::<NexthopGroup>().object::<Nexthop>().object::<Link>()
}

async fn members(agent: &Agent) {
    for name in ["v0", "v1"] {
        agent.table().set(Link::new(name, LinkKind::Existing)).expect("valid");
    }
    for nexthop in [
        Nexthop::via("a", [192, 0, 2, 254].into(), "v0"),
        Nexthop::on_link("b", "v1"),
        Nexthop::blackhole("hole", Family::V4),
    ] {
        agent.table().set(nexthop).expect("valid");
        agent.settled().await.expect("in sync");
    }
}

fn resilience() -> Resilience {
    Resilience {
        idle_timer: Duration::from_secs(60),
        unbalanced_timer: Duration::from_millis(300_010),
        ..Resilience::new(8)
    }
}

fn both() -> [Member; 2] {
    [Member::new("a", 1), Member::new("b", 1)]
}

/// Each with the arguments of `ip nexthop add id ID group` that do the same.
fn all() -> Vec<(&'static str, NexthopGroup)> {
    vec![
        ("1000000000/1000000001", NexthopGroup::new("g", both())),
        ("1000000000,256/1000000001,3", NexthopGroup::new("g", [Member::new("a", 256), Member::new("b", 3)])),
        ("1000000001", NexthopGroup::new("g", [Member::new("b", 1)])),
        ("1000000002", NexthopGroup::new("g", [Member::new("hole", 1)])),
        ("1000000001/1000000000 type resilient buckets 16", {
            NexthopGroup::resilient("g", [Member::new("b", 1), Member::new("a", 1)], Resilience::new(16))
        }),
        ("1000000000/1000000001 type resilient buckets 8 idle_timer 60 unbalanced_timer 300.01", {
            NexthopGroup::resilient("g", both(), resilience())
        }),
    ]
}

namespace_test! {
    fn groups_are_those_of_the_documented_commands() {
        shell(GROUND);
        let commands = Elsewhere::new();
        commands.shell(&format!("{GROUND}\n{MEMBERS}"));
        on_agent(agent(), async |agent: &Agent| {
            members(agent).await;
            let groups = agent.table::<NexthopGroup>();
            for (number, (arguments, group)) in all().into_iter().enumerate() {
                // iproute2 takes whole seconds.
                let arguments = arguments.replace("300.01", "300");
                let resilience = group.resilience.map(|resilience| {
                    let whole = resilience.unbalanced_timer.as_secs();
                    Resilience { unbalanced_timer: Duration::from_secs(whole), ..resilience }
                });
                let id = 2_000_000_000 + number;
                commands.shell(&format!("ip nexthop add id {id} group {arguments} protocol static"));
                groups.set(NexthopGroup { name: format!("g{number}").into(), resilience, ..group }).expect("valid");
                agent.settled().await.expect("in sync");
            }
            commands.same("ip -j -d nexthop", &["unbalanced_time"]);
            assert_eq!(groups.verify().await.expect("a dump"), []);
            assert_eq!(groups.read_back().await.expect("a dump").objects.len(), all().len());
            assert_eq!(agent.table::<Nexthop>().read_back().await.expect("a dump").objects.len(), 3);
        });
    }
}

namespace_test! {
    fn a_group_changes_in_place_but_for_how_it_spreads() {
        shell(GROUND);
        on_agent(agent(), async |agent: &Agent| {
            members(agent).await;
            let groups = agent.table::<NexthopGroup>();
            let mut was: Option<NexthopGroup> = None;
            for (arguments, group) in all() {
                let writes = match &was {
                    Some(was) => match was.compare(&group) {
                        Difference::Recreate { .. } => 2,
                        Difference::Change => 1,
                        Difference::Same => panic!("{arguments}"),
                    },
                    None => 1,
                };
                let buckets = |group: &NexthopGroup| group.resilience.as_ref().map(|resilience| resilience.buckets);
                let anew = was.as_ref().is_some_and(|was| buckets(was) != buckets(&group));
                assert_eq!(writes, if anew { 2 } else { 1 }, "{arguments}");
                takes(agent, writes, || groups.set(group.clone()).expect("valid")).await;
                takes(agent, 0, || groups.set(group.clone()).expect("valid")).await;
                assert_eq!(groups.verify().await.expect("a dump"), [], "{arguments}");
                was = Some(group);
            }
            let timers = Resilience { idle_timer: Duration::from_secs(5), ..resilience() };
            let group = NexthopGroup::resilient("g", [Member::new("b", 1)], timers);
            takes(agent, 1, || groups.set(group.clone()).expect("valid")).await;
            let shown = list("nexthop show id 2000000000");
            assert_eq!(shown[0]["resilient_args"]["idle_timer"], 5);
            assert_eq!(shown[0]["group"].as_array().map(Vec::len), Some(1));
            takes(agent, 2, || groups.set(NexthopGroup { protocol: RouteProtocol::BGP, ..group }).expect("valid")).await;
            assert_eq!(list("nexthop show id 2000000000")[0]["protocol"], "bgp");
            takes(agent, 1, || assert!(groups.remove(&"g".into()))).await;
            assert!(list("nexthop show").iter().all(|nexthop| nexthop.get("group").is_none()));
            assert_eq!(agent.totals().refusals, 0);
        });
    }
}

namespace_test! {
    fn routes_by_way_of_a_group_outlive_its_renewal() {
        shell(GROUND);
        on_agent(agent(), async |agent: &Agent| {
            members(agent).await;
            let groups = agent.table::<NexthopGroup>();
            agent.table().set(Route::by_group("10.0.0.0/8".parse().expect("a prefix"), "g")).expect("valid");
            takes(agent, 2, || groups.set(NexthopGroup::new("g", both())).expect("valid")).await;
            // Delete, add, and the route that the kernel dropped with the group.
            takes(agent, 3, || groups.set(NexthopGroup::resilient("g", both(), Resilience::new(8))).expect("valid")).await;
            assert_eq!(list("route show 10.0.0.0/8")[0]["nhid"], 2_000_000_000);
            assert_eq!(agent.table::<Route>().verify().await.expect("a dump"), []);
        });
    }
}

namespace_test! {
    fn a_member_that_the_kernel_dropped_with_its_link_comes_back_into_the_group() {
        shell("ip link set lo up");
        on_agent(agent(), async |agent: &Agent| {
            let links = agent.table::<Link>();
            links.set(Link::new("x0", LinkKind::vxlan(10))).expect("valid");
            links.set(Link::new("x1", LinkKind::vxlan(11))).expect("valid");
            for (name, link) in [("a", "x0"), ("b", "x1")] {
                agent.table().set(Nexthop::on_link(name, link)).expect("valid");
            }
            let groups = agent.table::<NexthopGroup>();
            groups.set(NexthopGroup::new("g", both())).expect("valid");
            groups.set(NexthopGroup::new("alone", [Member::new("a", 1)])).expect("valid");
            let routes = agent.table::<Route>();
            routes.set(Route::by_group("10.0.0.0/8".parse().expect("a prefix"), "g")).expect("valid");
            routes.set(Route::by_group("11.0.0.0/8".parse().expect("a prefix"), "alone")).expect("valid");
            agent.settled().await.expect("in sync");

            // Another number makes another link: the kernel drops nexthop `a`, shrinks one group, drops the other
            // with its route.
            links.set(Link::new("x0", LinkKind::vxlan(12))).expect("valid");
            if let Err(unsettled) = agent.settled().await {
                panic!("{unsettled}");
            }
            assert_eq!(groups.verify().await.expect("a dump"), []);
            assert_eq!(routes.verify().await.expect("a dump"), []);
            let group = |id: &str| list(&format!("nexthop show id {id}"))[0]["group"].as_array().map(Vec::len);
            let sizes: Vec<_> = ["g", "alone"].iter().map(|name| groups.index(&(*name).into()).expect("an index")).collect();
            assert_eq!((group(&sizes[0].to_string()), group(&sizes[1].to_string())), (Some(2), Some(1)));
            assert_eq!(list("route show proto static").len(), 2);
        });
    }
}

#[test]
fn groups_are_read_as_they_are_written() {
    let names = || {
        let names =
            Names::default().with::<Nexthop>("a", 1).with::<Nexthop>("b", 2).with::<Nexthop>("hole", 3);
        names.with::<NexthopGroup>("g", 9)
    };
    for (arguments, group) in all() {
        let bytes = names().add(&group, Some(9));
        assert_eq!(names().parse::<NexthopGroup>(&bytes).as_ref(), Ok(&group), "{arguments}");
        assert!(names().parse::<Nexthop>(&bytes).is_err_and(|error| error.is_foreign()), "no nexthop");
    }
    // `struct nexthop_grp`: id, weight less one, two reserved fields.
    let bytes = names().add(&NexthopGroup::new("g", [Member::new("a", 256), Member::new("b", 1)]), Some(9));
    let expected = [&1u32.to_ne_bytes()[..], &[255, 0, 0, 0], &2u32.to_ne_bytes(), &[0; 4]].concat();
    assert!(bytes.windows(expected.len()).any(|window| window == expected), "{bytes:?}");
}

#[test]
fn wrong_values_are_refused_before_the_kernel_is_asked() {
    for (wrong, expected) in [
        (NexthopGroup::new("g", []), "members: a group has at least one nexthop"),
        (
            NexthopGroup::new("g", [Member::new("a", 0)]),
            "members: nexthop a: weight 0 is not within 1 and 256",
        ),
        (
            NexthopGroup::new("g", [Member::new("a", 1), Member::new("a", 2)]),
            "members: nexthop a is there twice; give it a weight",
        ),
        (
            NexthopGroup { spread: Spread::Resilient, ..NexthopGroup::new("g", both()) },
            "resilience: a resilient group needs a number of buckets",
        ),
        (
            NexthopGroup { resilience: Some(resilience()), ..NexthopGroup::new("g", both()) },
            "resilience: a group that spreads by hash has none; say `spread: Spread::Resilient`",
        ),
        (
            NexthopGroup::resilient("g", both(), Resilience::new(0)),
            "resilience: buckets: there is one at least",
        ),
    ] {
        assert_eq!(wrong.check().map_err(|invalid| invalid.to_string()), Err(expected.to_owned()));
    }
    let uneven = Resilience { idle_timer: Duration::from_millis(15), ..Resilience::new(1) };
    let told = NexthopGroup::resilient("g", both(), uneven).check().expect_err("no whole number").to_string();
    assert!(told.starts_with("resilience: ") && told.contains("idle_timer"), "{told}");
    for (arguments, group) in all() {
        assert_eq!(group.check(), Ok(()), "{arguments}");
    }
}
