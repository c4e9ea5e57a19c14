//! The whole way, from a declared value to the real kernel, read back with iproute2.

use std::time::Duration;

use ksync_objects::{Address, Link, LinkKind, Nexthop, NexthopGroup, Route};
use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::engine::machine::State;
use ksync_runtime::prelude::*;
use ksync_tests::iproute2::{ip, link, list};
use ksync_tests::namespace_test;
use serde_json::Value;

struct Host {
    agent: Agent,
    links: Table<Link>,
    addresses: Table<Address>,
    nexthops: Table<Nexthop>,
    routes: Table<Route>,
}

impl Host {
    fn new() -> Self {
        let agent = Agent::builder()
            .object::<Route>()
            .object::<NexthopGroup>()
            .object::<Nexthop>()
            .object::<Address>()
            .object::<Link>()
            .kernel(Netlink::route().expect("a netlink socket"))
            .start()
            .expect("an agent");
        Host {
            links: agent.table(),
            addresses: agent.table(),
            nexthops: agent.table(),
            routes: agent.table(),
            agent,
        }
    }

    /// A link with a carrier, an address, a nexthop and a route, declared the wrong way round.
    fn declare_upside_down(&self) {
        self.routes.set(route("198.51.100.0/24", "core1")).expect("valid");
        self.nexthops.set(gateway("core1", "192.0.2.254")).expect("valid");
        self.addresses.set(Address::new("v0", net("192.0.2.1/24"))).expect("valid");
        assert!(self.links.set_all(pair("v0", "v1")).is_empty());
    }

    /// Everything that counts as in sync is in the kernel as our own parser reads it.
    async fn verified(&self) {
        assert_eq!(self.links.verify().await.expect("a dump"), []);
        assert_eq!(self.addresses.verify().await.expect("a dump"), []);
        assert_eq!(self.nexthops.verify().await.expect("a dump"), []);
        assert_eq!(self.routes.verify().await.expect("a dump"), []);
    }

    async fn settled(&self) {
        if let Err(unsettled) = self.agent.settled().await {
            panic!("{unsettled}");
        }
    }
}

fn with_host(test: impl AsyncFnOnce(&Host)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { test(&Host::new()).await });
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn route(destination: &str, nexthop: &str) -> Route {
    Route::new(net(destination), nexthop)
}

fn gateway(name: &str, address: &str) -> Nexthop {
    Nexthop::via(name, address.parse().expect("an address"), "v0")
}

/// Both ends of a veth pair, up, so that there is a carrier.
fn pair(name: &str, peer: &str) -> [Link; 2] {
    [Link::new(name, LinkKind::veth(peer)), Link::new(peer, LinkKind::PeerOf { link: Ref::to(name) })]
}

fn static_routes() -> Vec<Value> {
    list("route show proto static")
}

namespace_test! {
    fn what_is_declared_in_the_wrong_order_gets_into_the_kernel() {
        with_host(async |host: &Host| {
            host.declare_upside_down();
            host.settled().await;

            assert_eq!(link("v0").expect("the link")["linkinfo"]["info_kind"], "veth");
            assert_eq!(list("address show dev v0")[0]["addr_info"][0]["local"], "192.0.2.1");
            let nexthops = list("nexthop show");
            assert_eq!((&nexthops[0]["gateway"], &nexthops[0]["dev"]), (&"192.0.2.254".into(), &"v0".into()));
            let routes = static_routes();
            assert_eq!(routes.len(), 1);
            assert_eq!(routes[0]["dst"], "198.51.100.0/24");
            assert_eq!(routes[0]["nhid"], nexthops[0]["id"]);
            host.verified().await;
        });
    }
}

namespace_test! {
    fn a_new_gateway_is_one_write_and_the_same_again_is_none() {
        with_host(async |host: &Host| {
            host.declare_upside_down();
            host.settled().await;
            let before = host.agent.totals();

            host.nexthops.set(gateway("core1", "192.0.2.253")).expect("valid");
            host.settled().await;
            let after = host.agent.totals();
            assert_eq!((after.writes() - before.writes(), after.changes - before.changes), (1, 1));
            assert_eq!(list("nexthop show")[0]["gateway"], "192.0.2.253");
            assert_eq!(static_routes().len(), 1, "the route stayed");

            host.declare_upside_down();
            host.nexthops.set(gateway("core1", "192.0.2.253")).expect("valid");
            host.settled().await;
            // The first of the two calls undid the change, the second one did it again, maybe in time to
            // become one write of the same, or none: never more than two.
            assert!(host.agent.totals().writes() - after.writes() <= 2);

            let before = host.agent.totals();
            host.links.set_all(pair("v0", "v1"));
            host.routes.set(route("198.51.100.0/24", "core1")).expect("valid");
            host.settled().await;
            assert_eq!(host.agent.totals(), before, "nothing had to be written");
        });
    }
}

namespace_test! {
    fn the_link_goes_last_however_early_it_is_removed() {
        with_host(async |host: &Host| {
            host.declare_upside_down();
            host.settled().await;

            assert!(host.links.remove(&"v0".to_owned()));
            assert!(!host.links.remove(&"v0".to_owned()), "it was removed already");
            let stays = host.agent.settled().await.expect_err("the link is still referred to");
            assert!(stays.to_string().contains("still referred to by"), "{stays}");
            assert!(link("v0").is_some());

            for removed in [
                host.nexthops.remove(&"core1".into()),
                host.addresses.remove(&Address::new("v0", net("192.0.2.1/24")).key()),
                host.links.remove(&"v1".to_owned()),
                host.routes.remove(&route("198.51.100.0/24", "core1").key()),
            ] {
                assert!(removed);
            }
            host.settled().await;
            assert_eq!((static_routes().len(), list("nexthop show").len()), (0, 0));
            assert!(link("v0").is_none() && link("v1").is_none());
            assert_eq!(host.links.counts().total() + host.nexthops.counts().total(), 0);
            assert_eq!(host.agent.totals().refusals, 0, "nothing was deleted twice, or too late");
        });
    }
}

namespace_test! {
    fn a_refusal_is_told_with_errno_text_and_what_happens_next() {
        with_host(async |host: &Host| {
            host.declare_upside_down();
            host.settled().await;

            // Two routes in one place: the table is another key, the kernel's place is the same.
            ip("route add 203.0.113.0/24 dev v0 proto static");
            host.routes.set(route("203.0.113.0/24", "core1")).expect("valid");
            // 203.0.113.1 is on no prefix of the link.
            host.nexthops.set(gateway("core2", "203.0.113.1")).expect("valid");
            ip("route del 192.0.2.0/24 dev v0");
            host.nexthops.set(gateway("core3", "198.18.0.1")).expect("valid");

            let unsettled = host.agent.settled().await.expect_err("the kernel refuses some");
            let text = unsettled.to_string();
            assert!(text.contains("Route table=254 destination=203.0.113.0/24 metric=0 tos=0 is ADD_DEFER"), "{text}");
            assert!(text.contains("EEXIST"), "{text}");
            assert!(text.contains("left alone"), "{text}");
            assert!(text.contains("Nexthop core3 is ADD_DEFER"), "{text}");
            assert!(text.contains("ENETUNREACH"), "{text}");
            assert!(text.contains("Nexthop has invalid gateway"), "{text}");
            assert!(text.contains("tried again"), "{text}");
            let foreign = static_routes().into_iter().find(|route| route["dst"] == "203.0.113.0/24");
            assert_eq!(foreign.expect("somebody else's route")["nhid"], Value::Null, "left alone");

            // What is blocked goes on when what it waited for comes, without being asked.
            host.addresses.set(Address::new("v0", net("198.18.0.2/24"))).expect("valid");
            for _ in 0..100 {
                if host.nexthops.state(&"core3".into()) == Some(State::InSync) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("{}", host.nexthops.why(&"core3".into()).expect("declared"));
        });
    }
}

namespace_test! {
    fn an_immutable_field_takes_delete_and_add_and_what_depends_on_it_comes_back() {
        with_host(async |host: &Host| {
            host.links.set(Link::new("vx", LinkKind::vxlan(10))).expect("valid");
            host.addresses.set(Address::new("vx", net("192.0.2.1/24"))).expect("valid");
            host.nexthops.set(Nexthop::via("core1", [192, 0, 2, 254].into(), "vx")).expect("valid");
            host.routes.set(route("198.51.100.0/24", "core1")).expect("valid");
            host.settled().await;
            let old = link("vx").expect("the link");

            host.links.set(Link::new("vx", LinkKind::vxlan(11))).expect("valid");
            host.settled().await;
            let new = link("vx").expect("the link");
            assert_eq!((&old["linkinfo"]["info_data"]["id"], &new["linkinfo"]["info_data"]["id"]), (&10.into(), &11.into()));
            assert_ne!(old["ifindex"], new["ifindex"]);
            assert_eq!(u64::from(host.links.index(&"vx".to_owned()).expect("an index")), new["ifindex"]);
            assert_eq!(list("nexthop show")[0]["dev"], "vx");
            assert_eq!(static_routes()[0]["dst"], "198.51.100.0/24");
            host.verified().await;
        });
    }
}

namespace_test! {
    fn links_change_in_place_in_every_field_that_the_kernel_can_change() {
        with_host(async |host: &Host| {
            host.links.set(Link { master: Some(Ref::to("br0")), ..Link::new("v0", LinkKind::veth("v1")) }).expect("valid");
            host.links.set(Link::new("br0", LinkKind::bridge())).expect("valid");
            host.settled().await;
            let v0 = link("v0").expect("the link");
            assert_eq!(v0["master"], "br0");

            let mac = MacAddr6::new(2, 0, 0, 0, 0, 7);
            let changed = Link { up: false, mtu: Some(1400), mac: Some(mac), ..Link::new("v0", LinkKind::veth("v1")) };
            host.links.set(changed).expect("valid");
            host.settled().await;
            let after = link("v0").expect("the link");
            assert_eq!(after["ifindex"], v0["ifindex"], "it was changed, not made anew");
            assert_eq!(after["master"], Value::Null);
            assert_eq!((&after["mtu"], &after["address"]), (&1400.into(), &"02:00:00:00:00:07".into()));
            assert!(!after["flags"].as_array().expect("flags").contains(&"UP".into()));
            host.verified().await;
        });
    }
}

namespace_test! {
    fn ipv6_works_like_ipv4() {
        with_host(async |host: &Host| {
            host.routes.set(route("2001:db8:1::/48", "core6")).expect("valid");
            host.routes.set(route("::/0", "core6")).expect("valid");
            host.nexthops.set(gateway("core6", "2001:db8::fe")).expect("valid");
            host.addresses.set(Address { no_dad: true, ..Address::new("v0", net("2001:db8::1/64")) }).expect("valid");
            host.links.set_all(pair("v0", "v1"));
            host.settled().await;
            let routes = list("-6 route show proto static");
            let destinations: Vec<&str> = routes.iter().filter_map(|route| route["dst"].as_str()).collect();
            assert_eq!(destinations, ["2001:db8:1::/48", "default"]);
            assert!(routes.iter().all(|route| route["metric"] == 1024));
            host.verified().await;

            let moved = host.agent.totals();
            host.nexthops.set(gateway("core6", "2001:db8::fd")).expect("valid");
            host.settled().await;
            assert_eq!(host.agent.totals().writes() - moved.writes(), 1);
            assert_eq!(list("nexthop show")[0]["gateway"], "2001:db8::fd");
        });
    }
}

namespace_test! {
    fn existing_links_are_configured_and_left_where_they_are() {
        with_host(async |host: &Host| {
            host.links.set(Link::new("lo", LinkKind::Existing)).expect("valid");
            host.addresses.set(Address::new("lo", net("203.0.113.1/32"))).expect("valid");
            // One that is not there yet: it is waited for.
            host.links.set(Link::new("later", LinkKind::Existing)).expect("valid");
            let waiting = host.agent.settled().await.expect_err("one link is missing").to_string();
            assert!(waiting.contains("Link later is ADD_DEFER") && waiting.contains("ENODEV"), "{waiting}");
            assert!(link("lo").expect("lo")["flags"].as_array().expect("flags").contains(&"UP".into()));

            ip("link add later type veth peer name remote");
            for _ in 0..100 {
                if host.links.state(&"later".to_owned()) == Some(State::InSync) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            host.settled().await;
            host.links.remove(&"lo".to_owned());
            host.links.remove(&"later".to_owned());
            host.addresses.remove(&Address::new("lo", net("203.0.113.1/32")).key());
            host.settled().await;
            assert!(link("lo").is_some() && link("later").is_some());
            let left = &list("address show dev lo")[0]["addr_info"];
            assert!(!left.to_string().contains("203.0.113.1"), "{left}");
        });
    }
}

namespace_test! {
    fn answers_that_are_lost_leave_nothing_wrong() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut kernel = Netlink::route().expect("a netlink socket");
            // Room for a few answers only: most of the refusals below are lost.
            kernel.set_receive_buffer(4608).expect("a small buffer");
            let agent = Agent::builder().object::<Link>().object::<Nexthop>().object::<NexthopGroup>().object::<Route>().kernel(kernel).start().expect("an agent");
            agent.table::<Link>().set(Link::new("vx", LinkKind::vxlan(10))).expect("valid");
            agent.table::<Nexthop>().set(Nexthop::on_link("direct", "vx")).expect("valid");
            agent.settled().await.expect("in sync");
            for number in 0..100 {
                ip(&format!("route add 10.{number}.0.0/16 dev vx proto static"));
            }
            let routes = agent.table::<Route>();
            for number in 0..200 {
                routes.set(route(&format!("10.{number}.0.0/16"), "direct")).expect("valid");
            }
            let unsettled = agent.settled().await.expect_err("half of the places are taken");
            assert!(agent.totals().lost_answers > 0, "the buffer was meant to be too small");
            let held = static_routes();
            // After a lost answer an add no longer insists on being the first, so some of the foreign routes
            // may have been replaced. What counts: in sync means that the kernel has it, and nothing else.
            for route in routes.all() {
                let there = held.iter().any(|held| {
                    held["dst"] == route.destination.to_string().as_str() && held["nhid"].is_u64()
                });
                assert_eq!(routes.state(&route.key()) == Some(State::InSync), there, "{route:?}: {unsettled}");
            }
        });
    }
}
