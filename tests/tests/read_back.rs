//! What the kernel shows only in parts is read back on the real kernel: classes link by link, filters parent by parent,
//! elements set by set; and parameters, for which nobody has to be asked.

mod tc_support;

use ksync_objects::{
    Class, Filter, HtbClass, Link, LinkKind, NftFamily, NftSet, NftSetElement, NftTable, NftType, Qdisc,
    QdiscKind, Sysctl, TcParent, U32, U32Handle,
};
use ksync_runtime::agent::{Agent, AgentBuilder, Table};
use ksync_runtime::prelude::*;
use ksync_tests::compare::{on_agent, shell, takes};
use ksync_tests::namespace_test;
use tc_support::{class, handle, ip_filter, root, to};

async fn settled(agent: &Agent) {
    if let Err(unsettled) = agent.settled().await {
        panic!("{unsettled}");
    }
}

/// What `verify` tells: the keys, and the fields that differ.
async fn told<T: KSyncEntry>(table: &Table<T>) -> Vec<(String, Option<&'static str>)> {
    let mismatches = table.verify().await.expect("a dump");
    let mut told: Vec<_> = mismatches.into_iter().map(|told| (told.key, told.field)).collect();
    told.sort();
    told
}

fn gone(key: &str) -> Vec<(String, Option<&'static str>)> {
    vec![(key.to_owned(), None)]
}

/// Puts right what differs, and looks again.
async fn mended<T: KSyncEntry>(agent: &Agent, table: &Table<T>, key: &T::Key) {
    assert!(table.renew(key));
    settled(agent).await;
    assert_eq!(told(table).await, []);
}

fn tree() -> AgentBuilder {
    Agent::builder().object::<Filter>().object::<Class>().object::<Qdisc>().object::<Link>()
}

/// Two links with a tree each.
async fn planted(agent: &Agent) {
    let pair =
        [Link::new("v0", LinkKind::veth("v1")), Link::new("v1", LinkKind::PeerOf { link: Ref::to("v0") })];
    agent.table().set_all(pair);
    agent.table().set(root(QdiscKind::htb(0x10))).expect("valid");
    agent.table().set(Qdisc::new("v1", handle("1:"), TcParent::Root, QdiscKind::htb(0x10))).expect("valid");
    agent.table().set(Qdisc::clsact("v1")).expect("valid");
    agent.table().set_all([
        class("1:", "1:1", HtbClass::new(125_000)),
        class("1:1", "1:10", HtbClass::new(125_000)),
        Class::htb("v1", handle("1:"), handle("1:1"), HtbClass::new(250_000)),
    ]);
    agent.table().set_all([
        ip_filter(10, U32Handle::node(1), to("10.0.0.0/8", "1:10")),
        ip_filter(10, U32Handle::node(2), to("10.1.0.0/16", "1:1")),
    ]);
    // Of one priority the kernel would show both in both places: they share their tables.
    let unled = U32 { classid: None, ..to("10.0.0.0/8", "1:10") };
    let at =
        |parent, priority| Filter::u32("v1", parent, priority, ETH_P_IP, U32Handle::node(1), unled.clone());
    agent.table().set_all([at(TcParent::incoming("v1"), 10), at(TcParent::outgoing("v1"), 11)]);
    settled(agent).await;
}

namespace_test! {
    fn classes_are_read_back_link_by_link() {
        on_agent(tree(), async |agent: &Agent| {
            planted(agent).await;
            let table = agent.table::<Class>();
            let before = agent.totals();
            assert_eq!(told(&table).await, []);
            assert_eq!(agent.totals().reads - before.reads, 2, "one question a link, not one a class");
            assert_eq!(agent.totals().writes(), before.writes());

            shell("tc class change dev v0 parent 1:1 classid 1:10 htb rate 2mbit");
            assert_eq!(told(&table).await, [("link=v0 classid=1:10".to_owned(), Some("kind"))]);
            assert!(table.set(class("1:1", "1:10", HtbClass::new(125_001))).is_ok(), "another value puts it right");
            settled(agent).await;
            assert_eq!(told(&table).await, []);

            shell("tc class del dev v1 classid 1:1");
            assert_eq!(told(&table).await, gone("link=v1 classid=1:1"));
            let key = Class::htb("v1", handle("1:"), handle("1:1"), HtbClass::new(250_000)).key();
            mended(agent, &table, &key).await;
            assert!(shell("tc class show dev v1").contains("rate 2Mbit"));

            // Somebody else's class is in what is read back, and no mismatch.
            shell("tc class add dev v1 parent 1: classid 1:77 htb rate 1mbit");
            let seen = table.read_back().await.expect("a dump");
            assert_eq!((seen.objects.len(), seen.foreign), (4, 0));
            assert_eq!(told(&table).await, []);
            // The whole link is gone behind the back: nothing is there, and that is no failure.
            shell("ip link del v0");
            assert_eq!(told(&table).await.len(), 3);
        });
    }
}

namespace_test! {
    fn filters_are_read_back_parent_by_parent() {
        on_agent(tree(), async |agent: &Agent| {
            planted(agent).await;
            let table = agent.table::<Filter>();
            let before = agent.totals().reads;
            assert_eq!(told(&table).await, []);
            assert_eq!(agent.totals().reads - before, 3, "two parents on v1, one on v0");

            let second = ip_filter(10, U32Handle::node(2), to("10.1.0.0/16", "1:1"));
            shell("tc filter del dev v0 parent 1: protocol ip prio 10 handle 800::2 u32");
            let missing = gone("link=v0 parent=1: chain=0 priority=10 handle=::2");
            assert_eq!(told(&table).await, missing);
            mended(agent, &table, &second.key()).await;

            shell("tc filter del dev v1 egress protocol ip prio 11 handle 801::1 u32");
            assert_eq!(told(&table).await.len(), 1, "what came in is still there");
            let outgoing = table.all().into_iter().find(|filter| filter.parent == TcParent::outgoing("v1")).expect("it");
            mended(agent, &table, &outgoing.key()).await;

            shell("tc filter change dev v0 parent 1: protocol ip prio 10 handle 800::1 u32 classid 1:1");
            assert_eq!(told(&table).await, [("link=v0 parent=1: chain=0 priority=10 handle=::1".to_owned(), Some("kind"))]);

            // Nothing is left to be asked for when nothing is declared.
            let all: Vec<_> = table.all().iter().map(KSyncEntry::key).collect();
            table.remove_all(all);
            settled(agent).await;
            let before = agent.totals().reads;
            assert_eq!(table.read_back().await.expect("nothing").objects, []);
            assert_eq!(agent.totals().reads, before);
            // The parent is gone behind the back.
            agent.table().set(second).expect("valid");
            settled(agent).await;
            shell("tc qdisc del dev v0 root");
            assert_eq!(told(&table).await.len(), 1);
        });
    }
}

fn nft() -> Agent {
    Agent::builder()
        .object::<NftSetElement>()
        .object::<NftSet>()
        .object::<NftTable>()
        .kernel(Netlink::nf_tables().expect("a netlink socket"))
        .start()
        .expect("an agent")
}

namespace_test! {
    fn elements_are_read_back_set_by_set() {
        if std::process::Command::new("nft").arg("-v").output().is_err() {
            return ksync_tests::namespace::skipped("elements_are_read_back_set_by_set", "nft is not installed");
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let agent = nft();
            let (sets, elements) = (agent.table::<NftSet>(), agent.table::<NftSetElement>());
            agent.table().set(NftTable::new(NftFamily::Inet, "t")).expect("valid");
            let set = |name: &str| NftSet::new(NftFamily::Inet.table("t"), name, NftType::Ipv4Addr);
            sets.set_all(["full", "small", "empty"].map(set));
            // Far more than one message of the kernel holds.
            let many = |number: u32| NftSetElement::new(set("full").key(), std::net::Ipv4Addr::from(0x0a00_0000 + number));
            let one = NftSetElement { comment: Some("x".to_owned()), ..NftSetElement::new(set("small").key(), std::net::Ipv4Addr::from(1)) };
            assert!(elements.set_all((0..5000).map(many).chain([one.clone()])).is_empty());
            settled(&agent).await;
            let before = agent.totals().reads;
            let seen = elements.read_back().await.expect("a dump");
            assert_eq!((seen.objects.len(), seen.foreign, seen.malformed.len()), (5001, 0, 0));
            assert!(seen.objects.contains(&one));
            assert_eq!(agent.totals().reads - before, 2, "one question a set");
            assert_eq!(told(&elements).await, []);

            shell("nft delete element inet t full '{ 10.0.0.7 }'; nft add element inet t full '{ 192.0.2.1 }'");
            let told_of = told(&elements).await;
            assert_eq!(told_of.len(), 1, "the stranger's element is none of ours");
            assert!(told_of[0].0.contains("10.0.0.7") && told_of[0].1.is_none(), "{told_of:?}");
            mended(&agent, &elements, &many(7).key()).await;
            assert_eq!(elements.read_back().await.expect("a dump").objects.len(), 5002);

            // An empty set, and one that is gone.
            let lonely = NftSetElement::new(set("empty").key(), std::net::Ipv4Addr::from(1));
            takes(&agent, 1, || elements.set(lonely.clone()).expect("valid")).await;
            shell("nft flush set inet t empty");
            assert_eq!(told(&elements).await.len(), 1);
            mended(&agent, &elements, &lonely.key()).await;
            shell("nft delete set inet t empty");
            assert_eq!(told(&elements).await.len(), 1, "no set, no element, and no failure either");
        });
    }
}

namespace_test! {
    fn parameters_are_read_where_they_stand() {
        on_agent(Agent::builder().object::<Sysctl>().object::<Link>(), async |agent: &Agent| {
            let table = agent.table::<Sysctl>();
            let (ttl, ports) = ("net.ipv4.ip_default_ttl", "net.ipv4.ip_local_port_range");
            takes(agent, 0, || {
                table.set_all([Sysctl::new(ttl, 17), Sysctl::new(ports, "40000  50000")]);
            })
            .await;
            let before = agent.totals().reads;
            assert_eq!(told(&table).await, []);
            assert_eq!(agent.totals().reads, before, "nobody is asked");
            shell(&format!("sysctl -qw {ttl}=18"));
            assert_eq!(told(&table).await, [(ttl.to_owned(), Some("value"))]);
            mended(agent, &table, &ttl.into()).await;
            assert_eq!(shell(&format!("sysctl -n {ttl}")).trim(), "17");

            // One whose link is gone behind the back.
            agent.table().set(Link::new("if0", LinkKind::Ifb)).expect("valid");
            let filter = "net.ipv4.conf.if0.rp_filter";
            table.set(Sysctl::new(filter, 2)).expect("valid");
            settled(agent).await;
            shell("ip link del if0");
            assert_eq!(told(&table).await, gone(filter));
        });
    }
}
