//! What hangs on links: addresses, labels, neighbours, forwarding entries. By command and by declaration on the real
//! kernel, and a whole life of each.

use ksync_objects::{
    Address, AddressLabel, FdbEntry, FdbState, Lifetimes, Link, LinkKind, Neighbour, NeighbourState,
    ProxyNeighbour, VxlanFdbEntry,
};
use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::prelude::*;
use ksync_tests::compare::{Elsewhere, on_agent, takes, view};
use ksync_tests::namespace_test;

const GROUND: &str = "ip link add br0 type bridge; ip link set br0 up
    ip link add v0 address 02:00:00:00:01:00 type veth peer name v1 address 02:00:00:00:01:01
    ip link set v0 up master br0; ip link set v1 up
    ip link add vx0 type vxlan id 7 dstport 4789; ip link set vx0 up\n";

fn mac(last: u8) -> MacAddr6 {
    MacAddr6::new(2, 0, 0, 0, 0, last)
}

fn ip(text: &str) -> std::net::IpAddr {
    text.parse().expect("an address")
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn ground() -> Vec<Link> {
    let near = Link {
        master: Some(Ref::to("br0")),
        mac: Some(MacAddr6::new(2, 0, 0, 0, 1, 0)),
        ..Link::new("v0", LinkKind::veth("v1"))
    };
    vec![
        Link::new(
            "vx0",
            LinkKind::Vxlan(ksync_objects::Vxlan { port: Some(4789), ..ksync_objects::Vxlan::new(7) }),
        ),
        near,
        Link {
            mac: Some(MacAddr6::new(2, 0, 0, 0, 1, 1)),
            ..Link::new("v1", LinkKind::PeerOf { link: Ref::to("v0") })
        },
        Link::new("br0", LinkKind::bridge()),
    ]
}

fn on_ground<T: KSyncEntry>(test: impl AsyncFnOnce(&Agent, &Table<T>)) {
    on_agent(Agent::builder().object::<T>().object::<Link>(), async |agent: &Agent| {
        assert!(agent.table::<Link>().set_all(ground()).is_empty());
        agent.settled().await.expect("in sync");
        test(agent, &agent.table::<T>()).await;
        ksync_tests::compare::shell("ip link del vx0; ip link del v0; ip link del br0");
    });
}

/// The commands make what the declarations do; those are read back as they are, and go.
fn the_same<T: KSyncEntry>(commands: &str, reader: &str, drop: &[&str], declared: Vec<T>) {
    let elsewhere = Elsewhere::new();
    elsewhere.shell(&format!("{GROUND}{commands}"));
    on_ground(async |agent: &Agent, table: &Table<T>| {
        let bare = view(reader, drop);
        takes(agent, declared.len() as u64, || assert!(table.set_all(declared.clone()).is_empty())).await;
        elsewhere.same(reader, drop);
        assert_eq!(table.verify().await.expect("a dump"), []);
        let held = table.read_back().await.expect("a dump");
        assert_eq!(held.malformed, []);
        for declared in &declared {
            assert!(
                held.objects.iter().any(|held| held.key() == declared.key()),
                "{declared:?} is read back"
            );
        }
        takes(agent, 0, || assert!(table.set_all(declared.clone()).is_empty())).await;
        takes(agent, declared.len() as u64, || {
            table.remove_all(declared.iter().map(KSyncEntry::key));
        })
        .await;
        assert_eq!(view(reader, drop), bare, "all of it is gone");
    });
}

/// One change after the other, each read back; `writes` is what it takes.
async fn lives<T: KSyncEntry>(agent: &Agent, table: &Table<T>, steps: Vec<(u64, T, &str)>, reader: &str) {
    for (writes, value, seen) in steps {
        takes(agent, writes, || table.set(value.clone()).expect("valid")).await;
        let printed = view(reader, &[]).to_string();
        assert!(printed.contains(seen), "{value:?}: no {seen} in {printed}");
        assert_eq!(table.verify().await.expect("a dump"), [], "{value:?}");
        takes(agent, 0, || table.set(value.clone()).expect("valid")).await;
    }
}

namespace_test! {
    fn addresses_are_what_the_commands_make() {
        let plain = |text: &str| Address::new("v1", net(text));
        let lifetimes = Some(Lifetimes { valid: 1000, preferred: 500 });
        the_same(
            "ip address add 192.0.2.1/24 dev v1 label v1:a broadcast 192.0.2.255
             ip address add 198.51.100.1/24 dev v1 scope link noprefixroute
             ip address add 192.0.2.5 peer 203.0.113.1/32 dev v1
             ip address add 203.0.113.9/24 dev v1 metric 7
             ip address add 10.0.0.1/8 dev v1 valid_lft 1000 preferred_lft 500
             ip address add 2001:db8::1/64 dev v1 nodad noprefixroute
             ip address add 2001:db8::5 peer 2001:db8::6/128 dev v1 nodad
             ip address add 2001:db8:1::1/64 dev v1 nodad valid_lft 1000 preferred_lft 500 metric 9",
            "ip -j address show dev v1",
            &["ifindex", "valid_life_time", "preferred_life_time", "operstate", "link_index", "flags", "tentative"],
            vec![
                Address { label: Some("v1:a".into()), broadcast: Some([192, 0, 2, 255].into()), ..plain("192.0.2.1/24") },
                Address { scope: Some(RT_SCOPE_LINK), no_prefix_route: true, ..plain("198.51.100.1/24") },
                Address { peer: Some(ip("203.0.113.1")), ..plain("192.0.2.5/32") },
                Address { metric: Some(7), ..plain("203.0.113.9/24") },
                Address { lifetimes, ..plain("10.0.0.1/8") },
                Address { no_dad: true, no_prefix_route: true, ..plain("2001:db8::1/64") },
                Address { no_dad: true, peer: Some(ip("2001:db8::6")), ..plain("2001:db8::5/128") },
                Address { no_dad: true, lifetimes, metric: Some(9), ..plain("2001:db8:1::1/64") },
            ],
        );
    }
}

namespace_test! {
    fn addresses_live() {
        on_ground(async |agent: &Agent, table: &Table<Address>| {
            let four = Address::new("v1", net("192.0.2.1/24"));
            let metric = Address { metric: Some(7), ..four.clone() };
            let timed = Address { lifetimes: Some(Lifetimes { valid: 1000, preferred: 500 }), ..metric.clone() };
            let no_route = Address { no_prefix_route: true, ..metric.clone() };
            let labelled = Address { label: Some("v1:x".into()), ..no_route.clone() };
            let scoped = Address { scope: Some(RT_SCOPE_HOST), ..labelled.clone() };
            let broadcast = Address { broadcast: Some([192, 0, 2, 7].into()), ..scoped.clone() };
            let peer = Address { peer: Some(ip("192.0.2.200")), ..broadcast.clone() };
            lives(
                agent,
                table,
                vec![
                    (1, four, "192.0.2.1"),
                    (1, metric, r#""metric":7"#),
                    (1, timed, r#""preferred_life_time":500"#),
                    (2, no_route, r#""noprefixroute":true"#),
                    (2, labelled, r#""label":"v1:x""#),
                    (2, scoped, r#""scope":"host""#),
                    (2, broadcast, r#""broadcast":"192.0.2.7""#),
                    (2, peer.clone(), r#""address":"192.0.2.200""#),
                ],
                "ip -j address show dev v1",
            )
            .await;
            takes(agent, 1, || assert!(table.remove(&peer.key()))).await;
            assert!(!view("ip -j address show dev v1", &[]).to_string().contains("192.0.2.1"));
        });
    }
}

namespace_test! {
    fn neighbours_are_what_the_commands_make_and_live() {
        let nine = Neighbour::new("v1", ip("192.0.2.9"), mac(9));
        let router = Neighbour { router: true, extern_learn: true, ..Neighbour::new("v1", ip("2001:db8::9"), mac(8)) };
        the_same(
            "ip neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev v1 nud permanent
             ip neighbour add 2001:db8::9 lladdr 02:00:00:00:00:08 dev v1 nud permanent router extern_learn",
            "ip -j neighbour show dev v1 nud permanent",
            &[],
            vec![nine.clone(), router],
        );
        on_ground(async |agent: &Agent, table: &Table<Neighbour>| {
            let moved = Neighbour { mac: mac(10), ..nine.clone() };
            let router = Neighbour { router: true, ..moved.clone() };
            let learnt = Neighbour { extern_learn: true, ..moved.clone() };
            let no_arp = Neighbour { state: NeighbourState::NoArp, ..moved.clone() };
            let steps = vec![
                (1, nine.clone(), "02:00:00:00:00:09"),
                (1, moved, "02:00:00:00:00:0a"),
                (1, router, "router"),
                (1, learnt, "extern_learn"),
                (1, no_arp, "NOARP"),
            ];
            lives(agent, table, steps, "ip -j neighbour show dev v1 nud permanent nud noarp").await;
        });
    }
}

namespace_test! {
    fn proxies_are_what_the_commands_make_and_live() {
        let four = ProxyNeighbour::new("v1", ip("192.0.2.20"));
        let six = ProxyNeighbour { router: true, ..ProxyNeighbour::new("v1", ip("2001:db8::20")) };
        the_same(
            "ip neighbour add proxy 192.0.2.20 dev v1; ip neighbour add proxy 2001:db8::20 dev v1 router",
            "ip -j neighbour show proxy",
            &[],
            vec![four.clone(), six],
        );
        on_ground(async |agent: &Agent, table: &Table<ProxyNeighbour>| {
            let router = ProxyNeighbour { router: true, ..four.clone() };
            lives(agent, table, vec![(1, four, "192.0.2.20"), (1, router, "router")], "ip -j neighbour show proxy").await;
        });
    }
}

namespace_test! {
    fn labels_are_what_the_commands_make_and_live() {
        let label = AddressLabel::new("2001:db8::/32".parse().expect("a prefix"), 99);
        the_same(
            "ip addrlabel add prefix 2001:db8::/32 label 99",
            "ip -j addrlabel list",
            &[],
            vec![label.clone()],
        );
        on_ground(async |agent: &Agent, table: &Table<AddressLabel>| {
            let other = AddressLabel { label: 98, ..label.clone() };
            lives(agent, table, vec![(1, label, r#""label":99"#), (1, other, r#""label":98"#)], "ip -j addrlabel list").await;
        });
    }
}

namespace_test! {
    fn stations_of_bridges_are_what_the_commands_make_and_live() {
        let reader = "bridge -j fdb show br br0 dev v0";
        let of_stations = "bridge -j fdb show br br0 dev v0 state static";
        let nine = FdbEntry::new("v0", mac(9));
        let sticky = FdbEntry { sticky: true, ..FdbEntry::new("v0", mac(8)) };
        the_same(
            "bridge fdb add 02:00:00:00:00:09 dev v0 master static
             bridge fdb add 02:00:00:00:00:08 dev v0 master static sticky",
            of_stations,
            &[],
            vec![nine.clone(), sticky],
        );
        on_ground(async |agent: &Agent, table: &Table<FdbEntry>| {
            let steps = vec![
                (1, nine.clone(), "02:00:00:00:00:09"),
                (1, FdbEntry { sticky: true, ..nine.clone() }, "sticky"),
                (1, FdbEntry { state: FdbState::Permanent, ..nine.clone() }, "permanent"),
            ];
            lives(agent, table, steps, reader).await;
            // A link that is no port yet: blocked, and carried out once it is.
            let early = FdbEntry::new("v1", mac(1));
            table.set(early).expect("valid");
            assert!(agent.settled().await.expect_err("v1 is no port").to_string().contains("EOPNOTSUPP"));
            let port = Link { master: Some(Ref::to("br0")), ..ground()[2].clone() };
            agent.table().set(port).expect("valid");
            table.settled(&FdbEntry::new("v1", mac(1)).key()).await.expect("now it is one");
        });
    }
}

namespace_test! {
    fn stations_behind_tunnels_are_what_the_commands_make_and_live() {
        let reader = "bridge -j fdb show dev vx0";
        let nine = VxlanFdbEntry::new("vx0", mac(9), ip("192.0.2.9"));
        let far = VxlanFdbEntry { port: Some(4790), vni: Some(9), via: Some(Ref::to("v1")), ..VxlanFdbEntry::new("vx0", mac(8), ip("192.0.2.8")) };
        the_same(
            "bridge fdb add 02:00:00:00:00:09 dev vx0 dst 192.0.2.9
             bridge fdb add 02:00:00:00:00:08 dev vx0 dst 192.0.2.8 port 4790 vni 9 via v1
             bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.1
             bridge fdb append 00:00:00:00:00:00 dev vx0 dst 192.0.2.2",
            reader,
            &[],
            vec![
                nine.clone(),
                far,
                VxlanFdbEntry::new("vx0", MacAddr6::nil(), ip("192.0.2.1")),
                VxlanFdbEntry::new("vx0", MacAddr6::nil(), ip("192.0.2.2")),
            ],
        );
        on_ground(async |agent: &Agent, table: &Table<VxlanFdbEntry>| {
            let steps = vec![
                (1, nine.clone(), "192.0.2.9"),
                (2, VxlanFdbEntry { port: Some(4790), ..nine.clone() }, r#""port":4790"#),
                (2, VxlanFdbEntry { vni: Some(9), ..nine.clone() }, r#""vni":9"#),
                (2, VxlanFdbEntry { via: Some(Ref::to("v1")), ..nine.clone() }, r#""viaIf":"v1""#),
            ];
            lives(agent, table, steps, reader).await;
            takes(agent, 1, || assert!(table.remove(&nine.key()))).await;
        });
    }
}

#[test]
fn what_can_t_be_right_is_refused_before_anybody_asks_the_kernel() {
    fn told<T: KSyncEntry>(value: T) -> String {
        value.check().expect_err("wrong").to_string()
    }
    let (four, six) = (Address::new("v0", net("192.0.2.1/24")), Address::new("v0", net("2001:db8::1/64")));
    for wrong in [
        Address { label: Some("x".into()), ..six.clone() },
        Address { broadcast: Some([192, 0, 2, 255].into()), ..six.clone() },
        Address { scope: Some(RT_SCOPE_LINK), ..six.clone() },
    ] {
        assert!(told(wrong).contains("the kernel ignores it for the IPv6 address 2001:db8::1"));
    }
    assert!(
        told(Address { peer: Some(ip("192.0.2.9")), ..six }).starts_with("peer: 192.0.2.9 and 2001:db8::1")
    );
    assert!(told(Address { scope: Some(7), ..four.clone() }).contains("no scope"));
    let short =
        |valid, preferred| Address { lifetimes: Some(Lifetimes { valid, preferred }), ..four.clone() };
    assert!(told(short(5, 6)).contains("preferred for 6 s and valid for 5 s"));
    assert!(told(short(0, 0)).contains("never valid"));
    assert!(told(FdbEntry::new("v0", MacAddr6::nil())).contains("no station's address"));
    assert!(told(FdbEntry { vlan: Some(4095), ..FdbEntry::new("v0", mac(1)) }).contains("1 to 4094"));
    assert!(
        told(FdbEntry { state: FdbState::Other(2), ..FdbEntry::new("v0", mac(1)) }).contains("by themselves")
    );
    let learnt =
        Neighbour { state: NeighbourState::Other(2), ..Neighbour::new("v0", ip("192.0.2.9"), mac(1)) };
    assert!(told(learnt).contains("by itself"));
    assert!(told(VxlanFdbEntry::new("vx0", mac(1), ip("0.0.0.0"))).contains("is no host"));
    assert!(
        told(AddressLabel::new("::ffff:192.0.2.0/120".parse().expect("a prefix"), 1)).contains("one label")
    );
    assert!(
        told(AddressLabel::new("2001:db8::/32".parse().expect("a prefix"), u32::MAX)).contains("no label")
    );
}
