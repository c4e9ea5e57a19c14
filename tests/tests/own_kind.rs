//! Kinds that are not in the library, declared here as a user would, on the real kernel.

use std::net::Ipv4Addr;

use ksync_objects::{Link, LinkKind};
use ksync_runtime::agent::Agent;
use ksync_runtime::declare::Incomplete;
use ksync_runtime::engine::machine::State;
use ksync_runtime::prelude::*;
use ksync_tests::iproute2::{ip, list};
use ksync_tests::namespace_test;

/// `ip neighbour add ADDRESS lladdr MAC dev LINK nud permanent`
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NeighbourHeader,
    add = RTM_NEWNEIGH, delete = RTM_DELNEIGH, get = RTM_GETNEIGH,
    fill(ndm_family = AF_INET),
    fill(ndm_state = NUD_PERMANENT, on(add, change)),
)]
struct Neighbour {
    #[depends_on]
    #[ksync(key, header = ndm_ifindex)]
    link: Ref<Link>,
    #[ksync(key, nla = NDA_DST)]
    address: Ipv4Addr,
    #[ksync(nla = NDA_LLADDR)]
    mac: MacAddr6,
}

/// `ip rule add from PREFIX lookup TABLE priority PRIORITY`
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = RuleHeader,
    add = RTM_NEWRULE, delete = RTM_DELRULE, get = RTM_GETRULE,
    fill(action = FR_ACT_TO_TBL),
)]
struct Rule {
    #[ksync(key, nla = FRA_PRIORITY)]
    priority: u32,
    #[ksync(key, with = source)]
    from: IpNet,
    #[ksync(nla = FRA_TABLE, immutable)]
    table: u32,
    #[depends_on]
    lacks: Option<Ref<Incomplete>>,
}

/// `FRA_SRC`, `src_len` and `family` together.
mod source {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{AttributeValue, Incoming, Outgoing, ParseError, ValueError};
    use std::net::IpAddr;

    pub(super) fn emit(value: &IpNet, message: &mut Outgoing<'_, RuleHeader>) {
        message.header.family = if value.addr().is_ipv4() { AF_INET } else { AF_INET6 };
        message.header.src_len = value.prefix_len();
        message.attributes.put(FRA_SRC, &value.addr());
    }

    pub(super) fn parse(message: &Incoming<'_, RuleHeader>) -> Result<IpNet, ParseError> {
        let wrong = |error| ParseError::attribute(FRA_SRC, error);
        let address = IpAddr::parse(message.attributes.required(FRA_SRC)?).map_err(wrong)?;
        IpNet::new(address, message.header.src_len)
            .map_err(|error| wrong(ValueError::Content(error.to_string())))
    }
}

/// A nexthop of which there can be two at a time.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NexthopHeader,
    add = RTM_NEWNEXTHOP, delete = RTM_DELNEXTHOP, get = RTM_GETNEXTHOP,
    fill(nh_family = AF_INET, on(add, change)),
    index(from = ksync, range = 7..=8, nla = NHA_ID),
)]
struct Scarce {
    #[ksync(key)]
    name: String,
    #[depends_on]
    #[ksync(nla = NHA_OIF)]
    link: Ref<Link>,
}

fn on_agent(test: impl AsyncFnOnce(&Agent)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let agent = Agent::builder()
            .object::<Neighbour>()
            .object::<Rule>()
            .object::<Scarce>()
            .object::<Link>()
            .kernel(Netlink::route().expect("a netlink socket"))
            .start()
            .expect("an agent");
        agent.table::<Link>().set(Link::new("vx0", LinkKind::vxlan(7))).expect("valid");
        test(&agent).await;
    });
}

namespace_test! {
    fn neighbours_live_change_and_go() {
        on_agent(async |agent: &Agent| {
            let table = agent.table::<Neighbour>();
            let nine = |last| Neighbour {
                link: Ref::to("vx0"),
                address: [192, 0, 2, 9].into(),
                mac: MacAddr6::new(2, 0, 0, 0, 0, last),
            };
            table.set(nine(9)).expect("valid");
            agent.settled().await.expect("in sync");
            let held = || list("neighbour show dev vx0 nud permanent").into_iter().find(|held| held["dst"] == "192.0.2.9");
            assert_eq!(held().expect("there")["lladdr"], "02:00:00:00:00:09");
            let before = agent.totals();
            table.set(nine(10)).expect("valid");
            agent.settled().await.expect("in sync");
            assert_eq!((agent.totals().writes() - before.writes(), agent.totals().changes - before.changes), (1, 1));
            assert_eq!(held().expect("there")["lladdr"], "02:00:00:00:00:0a");
            assert_eq!(table.read_back().await.expect("a dump").objects, [nine(10)]);
            assert_eq!(table.verify().await.expect("a dump"), []);
            // Somebody else changes it: what counts as in sync is not so, and the comparison says where.
            ip("neighbour replace 192.0.2.9 lladdr 02:00:00:00:00:ff dev vx0 nud permanent");
            let told = table.verify().await.expect("a dump");
            assert_eq!(told.len(), 1);
            assert!(told[0].to_string().contains("another mac"), "{}", told[0]);
            table.remove(&nine(10).key());
            agent.settled().await.expect("in sync");
            assert_eq!(held(), None);
        });
    }
}

namespace_test! {
    fn rules_of_both_families_wait_for_what_they_lack_and_are_made_anew_for_another_table() {
        on_agent(async |agent: &Agent| {
            let table = agent.table::<Rule>();
            let rule = |from: &str, lookup| Rule {
                priority: 1000,
                from: from.parse().expect("a prefix"),
                table: lookup,
                lacks: None,
            };
            let lacking = Rule { lacks: Some(Ref::to("nobody said who may use it")), ..rule("192.0.2.0/24", 100) };
            table.set(lacking.clone()).expect("valid");
            table.set(rule("2001:db8::/32", 100)).expect("valid");
            let waits = agent.settled().await.expect_err("one is not complete").to_string();
            assert!(waits.contains("waits for Incomplete (nobody said who may use it)"), "{waits}");
            table.set(rule("192.0.2.0/24", 100)).expect("valid");
            agent.settled().await.expect("in sync");
            let find = |arguments: &str| list(arguments).into_iter().find(|rule| rule["priority"] == 1000);
            let held = find("rule show").expect("there");
            assert_eq!((&held["src"], &held["srclen"], &held["table"]), (&"192.0.2.0".into(), &24.into(), &"100".into()));
            assert_eq!(find("-6 rule show").expect("there")["src"], "2001:db8::");

            table.set(rule("192.0.2.0/24", 200)).expect("valid");
            agent.settled().await.expect("in sync");
            assert_eq!(find("rule show").expect("there")["table"], "200");
            assert_eq!(table.verify().await.expect("a dump"), []);
            table.delete_all().await.expect("emptied");
            assert_eq!((find("rule show"), find("-6 rule show")), (None, None));
            let closed = table.set(rule("192.0.2.0/24", 200)).expect_err("the table is going away");
            assert!(closed.to_string().contains("going away"), "{closed}");
        });
    }
}

namespace_test! {
    fn an_exhausted_index_range_is_told_and_heals() {
        on_agent(async |agent: &Agent| {
            let table = agent.table::<Scarce>();
            for name in ["a", "b", "c"] {
                table.set(Scarce { name: name.to_owned(), link: Ref::to("vx0") }).expect("valid");
            }
            let told = agent.settled().await.expect_err("two numbers for three").to_string();
            assert!(told.contains("Scarce c is ADD_DEFER, the index range 7..=8 is exhausted (2 in use)"), "{told}");
            assert_eq!(list("nexthop show").len(), 2);
            table.remove(&"a".to_owned());
            agent.settled().await.expect("in sync");
            assert_eq!((table.index(&"c".to_owned()), table.state(&"c".to_owned())), (Some(7), Some(State::InSync)));
            assert_eq!(list("nexthop show").len(), 2);
        });
    }
}

namespace_test! {
    fn the_field_that_the_kernel_points_at_is_named() {
        /// A rule whose author took an attribute for two bytes long; the kernel wants four.
        #[derive(Clone, Debug, PartialEq, KSyncEntry)]
        #[ksync(
            protocol = route, header = RuleHeader, add = RTM_NEWRULE, delete = RTM_DELRULE,
            fill(family = AF_INET, action = FR_ACT_TO_TBL),
        )]
        struct Undersized {
            #[ksync(key, nla = FRA_PRIORITY)]
            priority: u32,
            #[ksync(nla = FRA_TABLE)]
            table: u16,
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let kernel = Netlink::route().expect("a netlink socket");
            let agent = Agent::builder().object::<Undersized>().kernel(kernel).start().expect("an agent");
            agent.table().set(Undersized { priority: 10, table: 100 }).expect("valid, as far as anybody knows");
            let told = agent.settled().await.expect_err("the kernel refuses it").to_string();
            assert!(told.contains("ERANGE") && told.contains("Error parsing msg"), "{told}");
            assert!(told.contains("[field table]"), "{told}");
        });
    }
}

#[test]
fn what_can_t_be_right_is_refused_by_name() {
    use ksync_objects::{Nexthop, NexthopGroup, Route};
    use ksync_runtime::socket::simulated::SimulatedKernel;
    let agent = Agent::builder()
        .object::<Link>()
        .object::<Nexthop>()
        .object::<NexthopGroup>()
        .object::<Route>()
        .kernel(SimulatedKernel::new())
        .start()
        .expect("an agent");
    let told =
        agent.table().set(Link::new("a-link-with-a-long-name", LinkKind::bridge())).expect_err("too long");
    assert_eq!(
        told.to_string(),
        "Link a-link-with-a-long-name: name: \"a-link-with-a-long-name\" is no interface name: it is longer than 15 bytes"
    );
    let told = agent
        .table()
        .set(Route::new("10.0.0.1/8".parse().expect("an address"), "core"))
        .expect_err("host bits");
    assert!(told.to_string().ends_with("10.0.0.1/8 has host bits set; the prefix is 10.0.0.0/8"), "{told}");
    assert_eq!(
        agent.table::<Route>().counts().total() + agent.table::<Nexthop>().counts().total(),
        0,
        "nothing is left behind"
    );
    let told = agent.table().set(Neighbour {
        link: Ref::to("v0"),
        address: [192, 0, 2, 9].into(),
        mac: MacAddr6::nil(),
    });
    assert_eq!(
        told.expect_err("no table").to_string(),
        "Neighbour is not registered: add `.object::<Neighbour>()` where the agent is built"
    );
    drop(agent);
    let missing =
        Agent::builder().object::<Nexthop>().kernel(SimulatedKernel::new()).start().expect_err("no links");
    assert_eq!(
        missing.to_string(),
        "Nexthop refers to Link, which is not registered: add `.object::<Link>()`"
    );
}
