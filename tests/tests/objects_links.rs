//! Links of all sorts on the real kernel: the command in one namespace and the declaration in another, and a whole
//! life of each. What the running kernel lacks is said, and its bytes are looked at in `objects_links_bytes.rs`.

use std::time::Duration;

use ksync_objects::{
    Bond, BondMode, Bridge, Gre, Ipip, Link, LinkKind, Macvlan, MacvlanMode, Namespace, VethPeer, Vlan, Vrf,
    Vxlan,
};
use ksync_runtime::agent::{Agent, AgentBuilder};
use ksync_runtime::prelude::*;
use ksync_tests::compare::{Elsewhere, kernel_knows, on_agent, shell, takes};
use ksync_tests::iproute2::link;
use ksync_tests::namespace_test;
use serde_json::Value;

/// What two kernels can't have in common: timers, the hardware addresses that they think up, and how far they have
/// come in finding out that there is a carrier.
const DROP: &[&str] = &[
    "ifindex",
    "address",
    "operstate",
    "flags=NO-CARRIER",
    "flags=LOWER_UP",
    "gc_timer",
    "hello_timer",
    "bridge_id",
    "root_id",
    "info_slave_data.forward_delay_timer",
    "info_slave_data.state",
    "topology_change_timer",
    "topology_change",
    "topology_change_detected",
    "tcn_timer",
    "hold_timer",
    "info_slave_data.id",
];

/// What the reader calls an option, what it shows of it then, and the change.
type Step<T> = (&'static str, Value, fn(&mut T));

fn links() -> AgentBuilder {
    Agent::builder().object::<Link>()
}

fn mac(last: u8) -> MacAddr6 {
    MacAddr6::new(2, 0, 0, 0, 0, last)
}

/// The command makes what the declaration does, and what is declared is read back as it is.
fn the_same(commands: &str, declared: Vec<Link>) {
    let elsewhere = Elsewhere::new();
    elsewhere.shell(commands);
    on_agent(links(), async |agent: &Agent| {
        let table = agent.table::<Link>();
        assert!(table.set_all(declared.clone()).is_empty());
        if let Err(unsettled) = agent.settled().await {
            panic!("{unsettled}");
        }
        elsewhere.same("ip -j -d link show", DROP);
        assert_eq!(table.verify().await.expect("a dump"), []);
        takes(agent, 0, || assert!(table.set_all(declared.clone()).is_empty())).await;
        for link in &declared {
            table.remove(&link.name);
        }
        agent.settled().await.expect("gone");
        let left = shell("ip -o link show");
        assert_eq!(left.lines().count(), 1, "only lo is left: {left}");
    });
}

fn info(name: &str) -> Value {
    link(name).expect("there")["linkinfo"]["info_data"].clone()
}

fn number(name: &str) -> u64 {
    link(name).expect("there")["ifindex"].as_u64().expect("a number")
}

namespace_test! {
    fn a_bridge_with_all_its_options() {
        let centis = |number: u64| Some(Duration::from_millis(number * 10));
        let bridge = Bridge {
            stp: Some(true),
            forward_delay: centis(400),
            hello_time: centis(300),
            max_age: centis(3000),
            ageing_time: centis(10_000),
            priority: Some(4096),
            vlan_default_pvid: None,
            vlan_protocol: None,
            group_fwd_mask: Some(8),
            group_address: Some(MacAddr6::new(1, 0x80, 0xc2, 0, 0, 5)),
            mcast_snooping: Some(false),
            mcast_router: Some(2),
            mcast_querier: Some(true),
            mcast_query_use_ifaddr: Some(true),
            mcast_hash_max: Some(512),
            mcast_igmp_version: Some(3),
            mcast_mld_version: Some(2),
            mcast_stats: Some(true),
            mcast_last_member_count: Some(3),
            mcast_startup_query_count: Some(4),
            mcast_last_member_interval: centis(55),
            mcast_membership_interval: centis(20_000),
            mcast_querier_interval: centis(21_000),
            mcast_query_interval: centis(11_000),
            mcast_query_response_interval: centis(900),
            mcast_startup_query_interval: centis(3000),
            nf_call_iptables: Some(true),
            nf_call_ip6tables: Some(true),
            nf_call_arptables: Some(true),
            ..Bridge::default()
        };
        the_same(
            "ip link add br0 type bridge stp_state 1 forward_delay 400 hello_time 300 max_age 3000 ageing_time 10000 \
             priority 4096 group_fwd_mask 8 group_address 01:80:c2:00:00:05 mcast_snooping 0 mcast_router 2 \
             mcast_querier 1 mcast_query_use_ifaddr 1 mcast_hash_max 512 mcast_igmp_version 3 mcast_mld_version 2 \
             mcast_stats_enabled 1 mcast_last_member_count 3 mcast_startup_query_count 4 \
             mcast_last_member_interval 55 mcast_membership_interval 20000 mcast_querier_interval 21000 \
             mcast_query_interval 11000 mcast_query_response_interval 900 mcast_startup_query_interval 3000 \
             nf_call_iptables 1 nf_call_ip6tables 1 nf_call_arptables 1; ip link set br0 up",
            vec![Link::new("br0", LinkKind::Bridge(bridge))],
        );
    }
}

namespace_test! {
    fn vxlan_tunnels_of_both_families() {
        let tunnel = Vxlan {
            remote: Some([192, 0, 2, 1].into()),
            local: Some([192, 0, 2, 2].into()),
            port: Some(4789),
            source_ports: Some((10_000, 20_000)),
            ttl: Some(7),
            tos: Some(4),
            learning: Some(false),
            ageing: Some(Duration::from_secs(100)),
            max_addresses: Some(10),
            proxy: Some(true),
            rsc: Some(true),
            l2miss: Some(true),
            l3miss: Some(true),
            udp_csum: Some(false),
            lower: Some(Ref::to("br0")),
            ..Vxlan::new(7)
        };
        let six = Vxlan {
            remote: Some("2001:db8::1".parse().expect("an address")),
            port: Some(4790),
            flow_label: Some(5),
            udp_zero_csum6_tx: Some(true),
            udp_zero_csum6_rx: Some(true),
            ..Vxlan::new(8)
        };
        the_same(
            "ip link add br0 type bridge; ip link set br0 up
             ip link add vx0 type vxlan id 7 remote 192.0.2.1 local 192.0.2.2 dstport 4789 srcport 10000 20000 ttl 7 \
             tos 4 nolearning ageing 100 maxaddress 10 proxy rsc l2miss l3miss noudpcsum dev br0
             ip link add vx6 type vxlan id 8 remote 2001:db8::1 dstport 4790 flowlabel 5 udp6zerocsumtx udp6zerocsumrx
             ip link set vx0 up; ip link set vx6 up",
            vec![
                Link::new("br0", LinkKind::bridge()),
                Link::new("vx0", LinkKind::Vxlan(tunnel)),
                Link::new("vx6", LinkKind::Vxlan(six)),
            ],
        );
    }
}

namespace_test! {
    fn what_all_links_have() {
        let fields = |link: Link| Link {
            mtu: Some(1400), group: Some(7), txqlen: Some(50), ..link
        };
        the_same(
            "ip link add br0 type bridge; ip link set br0 up
             ip link add if0 type ifb; ip link set if0 mtu 1400 group 7 txqueuelen 50 up
             ip link add v0 type veth peer name v1 mtu 1300
             ip link set v0 mtu 1400 group 7 txqueuelen 50 up master br0",
            vec![
                Link::new("br0", LinkKind::bridge()),
                fields(Link::new("if0", LinkKind::Ifb)),
                Link {
                    master: Some(Ref::to("br0")),
                    ..fields(Link::new(
                        "v0",
                        LinkKind::Veth { peer: VethPeer { name: "v1".into(), mtu: Some(1300), ..VethPeer::default() } },
                    ))
                },
            ],
        );
    }
}

namespace_test! {
    fn a_macvlan_on_a_link() {
        the_same(
            "ip link add br0 type bridge; ip link set br0 up; ip link add mv0 link br0 type macvlan mode bridge bcqueuelen 500; ip link set mv0 up",
            vec![
                Link::new("br0", LinkKind::bridge()),
                Link {
                    lower: "br0".into(),
                    ..Link::new("mv0", LinkKind::Macvlan(Macvlan { broadcast_queue: Some(500), ..Macvlan::new(MacvlanMode::Bridge) }))
                },
            ],
        );
    }
}

namespace_test! {
    fn the_far_end_of_a_pair_is_created_elsewhere() {
        let far = Elsewhere::new();
        on_agent(links(), async |agent: &Agent| {
            let namespace = Some(Namespace::OfProcess(far.process()));
            let peer = VethPeer { name: "eth0".into(), mac: Some(mac(9)), namespace, ..VethPeer::default() };
            takes(agent, 1, || agent.table().set(Link::new("v0", LinkKind::Veth { peer })).expect("valid")).await;
            let seen = far.view("ip -j link show eth0", &[]);
            assert_eq!((&seen[0]["address"], &seen[0]["link_netnsid"]), (&"02:00:00:00:00:09".into(), &0.into()));
            assert_eq!(link("eth0"), None, "it is not here");
            assert_eq!(agent.table::<Link>().verify().await.expect("a dump"), []);
            takes(agent, 1, || assert!(agent.table::<Link>().remove(&"v0".to_owned()))).await;
            assert!(far.attempt("ip link show eth0").is_err(), "it went with the near end");
        });
    }
}

namespace_test! {
    fn sorts_that_not_every_kernel_has() {
        let lower = |link: Link| Link { lower: "br0".into(), ..link };
        let gre = Gre { ttl: Some(9), tos: Some(4), key: Some(77), ..Gre::new([192, 0, 2, 1].into(), [192, 0, 2, 2].into()) };
        let ipip = Ipip { pmtudisc: Some(false), ..Ipip::new([192, 0, 2, 3].into(), [192, 0, 2, 4].into()) };
        let bond = Bond { miimon: Some(100), min_links: Some(1), ..Bond::new(BondMode::ActiveBackup) };
        let vlan = Vlan { protocol: Some(0x88a8), gvrp: Some(true), ..Vlan::new(5) };
        let bridge = "ip link add br0 type bridge; ip link set br0 up; ";
        for (command, link) in [
            ("x0 type dummy", Link::new("x0", LinkKind::Dummy)),
            ("x0 link br0 type vlan id 5 protocol 802.1ad gvrp on", lower(Link::new("x0", LinkKind::Vlan(vlan)))),
            ("x0 type vrf table 10", Link::new("x0", LinkKind::Vrf(Vrf::new(10)))),
            ("x0 type bond mode active-backup miimon 100 min_links 1", Link::new("x0", LinkKind::Bond(bond))),
            ("x0 type gre local 192.0.2.1 remote 192.0.2.2 ttl 9 tos 4 key 77", Link::new("x0", LinkKind::Gre(gre.clone()))),
            ("x0 type gretap local 192.0.2.1 remote 192.0.2.2 ttl 9 tos 4 key 77", Link::new("x0", LinkKind::Gretap(gre))),
            ("x0 type ipip local 192.0.2.3 remote 192.0.2.4 nopmtudisc", Link::new("x0", LinkKind::Ipip(ipip))),
            ("x0 type wireguard", Link::new("x0", LinkKind::Wireguard)),
        ] {
            let command = format!("{bridge}ip link add {command}; ip link set x0 up");
            let sort = format!("{:?}", link.kind);
            if kernel_knows(sort.split('(').next().unwrap_or_default(), &command) {
                the_same(&command, vec![Link::new("br0", LinkKind::bridge()), link]);
            }
        }
    }
}

namespace_test! {
    fn a_bridge_lives_and_changes_in_place() {
        on_agent(links(), async |agent: &Agent| {
            let table = agent.table::<Link>();
            let set = |options: Bridge| {
                let table = &table;
                move || table.set(Link::new("br0", LinkKind::Bridge(options))).expect("valid")
            };
            let second = |number| Some(Duration::from_secs(number));
            let mut bridge = Bridge { stp: Some(true), priority: Some(10), hello_time: second(2), ..Bridge::default() };
            takes(agent, 1, set(bridge.clone())).await;
            let first = number("br0");
            // One field at a time, and the kernel's own reader sees it each time.
            let steps: [Step<Bridge>; 9] = [
                ("priority", 11.into(), |bridge| bridge.priority = Some(11)),
                ("hello_time", 300.into(), |bridge| bridge.hello_time = Some(Duration::from_secs(3))),
                ("forward_delay", 500.into(), |bridge| bridge.forward_delay = Some(Duration::from_secs(5))),
                ("max_age", 1200.into(), |bridge| bridge.max_age = Some(Duration::from_secs(12))),
                ("ageing_time", 6000.into(), |bridge| bridge.ageing_time = Some(Duration::from_secs(60))),
                ("stp_state", 0.into(), |bridge| bridge.stp = Some(false)),
                ("mcast_snooping", 0.into(), |bridge| bridge.mcast_snooping = Some(false)),
                ("group_fwd_mask", "0x8".into(), |bridge| bridge.group_fwd_mask = Some(8)),
                ("mcast_igmp_version", 3.into(), |bridge| bridge.mcast_igmp_version = Some(3)),
            ];
            for (key, value, change) in steps {
                change(&mut bridge);
                takes(agent, 1, set(bridge.clone())).await;
                assert_eq!(info("br0")[key], value, "{key}");
                takes(agent, 0, set(bridge.clone())).await;
                assert_eq!(table.verify().await.expect("a dump"), [], "{key}");
            }
            assert_eq!(number("br0"), first, "it is still the same bridge");
            // Somebody else's change is told.
            shell("ip link set br0 type bridge priority 99");
            assert_eq!(table.verify().await.expect("a dump").len(), 1);
            // An option that is asked for no longer can only be forgotten with the bridge.
            bridge.priority = None;
            takes(agent, 2, set(bridge)).await;
            assert_ne!(number("br0"), first);
            assert_eq!(info("br0")["priority"], 32768);
            takes(agent, 1, || assert!(table.remove(&"br0".to_owned()))).await;
            assert_eq!(link("br0"), None);
        });
    }
}

namespace_test! {
    fn a_vxlan_tunnel_changes_in_place_what_the_kernel_can_and_is_made_anew_for_the_rest() {
        on_agent(links(), async |agent: &Agent| {
            let table = agent.table::<Link>();
            let set = |options: Vxlan| {
                let table = &table;
                move || table.set(Link::new("vx0", LinkKind::Vxlan(options))).expect("valid")
            };
            shell("ip link add br0 type bridge");
            takes(agent, 1, || table.set(Link::new("br0", LinkKind::Existing)).expect("valid")).await;
            let mut tunnel = Vxlan { port: Some(4789), remote: Some([192, 0, 2, 1].into()), ..Vxlan::new(7) };
            takes(agent, 1, set(tunnel.clone())).await;
            let first = number("vx0");
            let in_place: [Step<Vxlan>; 7] = [
                ("remote", "192.0.2.9".into(), |tunnel| tunnel.remote = Some([192, 0, 2, 9].into())),
                ("local", "192.0.2.8".into(), |tunnel| tunnel.local = Some([192, 0, 2, 8].into())),
                ("ttl", 5.into(), |tunnel| tunnel.ttl = Some(5)),
                ("tos", "0x4".into(), |tunnel| tunnel.tos = Some(4)),
                ("learning", false.into(), |tunnel| tunnel.learning = Some(false)),
                ("ageing", 60.into(), |tunnel| tunnel.ageing = Some(Duration::from_secs(60))),
                ("link", "br0".into(), |tunnel| tunnel.lower = Some(Ref::to("br0"))),
            ];
            for (key, value, change) in in_place {
                change(&mut tunnel);
                takes(agent, 1, set(tunnel.clone())).await;
                assert_eq!(info("vx0")[key], value, "{key}");
                assert_eq!(table.verify().await.expect("a dump"), [], "{key}");
            }
            assert_eq!(number("vx0"), first, "it is still the same tunnel");
            let anew: [Step<Vxlan>; 6] = [
                ("id", 8.into(), |tunnel| tunnel.id = 8),
                ("port", 4790.into(), |tunnel| tunnel.port = Some(4790)),
                ("proxy", true.into(), |tunnel| tunnel.proxy = Some(true)),
                ("limit", 10.into(), |tunnel| tunnel.max_addresses = Some(10)),
                ("udp_csum", false.into(), |tunnel| tunnel.udp_csum = Some(false)),
                ("remote6", "2001:db8::9".into(), |tunnel| {
                    tunnel.remote = "2001:db8::9".parse().ok();
                    tunnel.local = "2001:db8::8".parse().ok();
                }),
            ];
            for (key, value, change) in anew {
                let before = number("vx0");
                change(&mut tunnel);
                takes(agent, 2, set(tunnel.clone())).await;
                assert_eq!(info("vx0")[key], value, "{key}");
                assert_ne!(number("vx0"), before, "{key}");
                assert_eq!(table.verify().await.expect("a dump"), [], "{key}");
            }
        });
    }
}

namespace_test! {
    fn what_all_links_have_changes_in_place_and_goes() {
        on_agent(links(), async |agent: &Agent| {
            let table = agent.table::<Link>();
            let plain = Link::new("br0", LinkKind::bridge());
            takes(agent, 1, || table.set(plain.clone()).expect("valid")).await;
            let first = number("br0");
            let full = Link {
                mtu: Some(1400), mac: Some(mac(3)), group: Some(9), txqlen: Some(11), up: false,
                ..plain.clone()
            };
            takes(agent, 1, || table.set(full.clone()).expect("valid")).await;
            let seen = link("br0").expect("there");
            assert_eq!(seen["group"], "9");
            assert_eq!((&seen["txqlen"], &seen["mtu"]), (&11.into(), &1400.into()));
            assert_eq!(seen["address"], "02:00:00:00:00:03");
            let bare = Link { group: Some(0), ..full };
            takes(agent, 1, || table.set(bare.clone()).expect("valid")).await;
            assert_eq!(link("br0").expect("there")["group"], "default");
            assert_eq!(number("br0"), first);
            assert_eq!(table.verify().await.expect("a dump"), []);
            shell("ip link set br0 group 77");
            let told = table.verify().await.expect("a dump");
            assert_eq!(told.len(), 1, "{told:?}");
            takes(agent, 2, || table.set(Link { txqlen: None, ..bare }).expect("valid")).await;
            assert_ne!(number("br0"), first, "the kernel has no word for the length that it would choose");
        });
    }
}

namespace_test! {
    fn a_macvlan_changes_its_mode_in_place_and_its_lower_link_anew() {
        on_agent(links(), async |agent: &Agent| {
            let table = agent.table::<Link>();
            let on = |lower: &str, mode| Link { lower: lower.into(), ..Link::new("mv0", LinkKind::Macvlan(Macvlan::new(mode))) };
            table.set(on("br0", MacvlanMode::Bridge)).expect("valid");
            for name in ["br0", "br1"] {
                table.set(Link::new(name, LinkKind::bridge())).expect("valid");
            }
            agent.settled().await.expect("in sync");
            let first = number("mv0");
            takes(agent, 1, || table.set(on("br0", MacvlanMode::Private)).expect("valid")).await;
            assert_eq!((&info("mv0")["mode"], number("mv0")), (&"private".into(), first));
            takes(agent, 2, || table.set(on("br1", MacvlanMode::Private)).expect("valid")).await;
            assert_eq!(link("mv0").expect("there")["link"], "br1");
            assert_eq!(table.verify().await.expect("a dump"), []);
        });
    }
}

namespace_test! {
    fn an_alias_is_given_to_a_link_that_is_there() {
        on_agent(links(), async |agent: &Agent| {
            let table = agent.table::<Link>();
            let named = |alias: Option<String>| Link { alias, ..Link::new("lo", LinkKind::Existing) };
            let longest = "a".repeat(255);
            takes(agent, 1, || table.set(named(Some(longest.clone()))).expect("valid")).await;
            assert_eq!(link("lo").expect("there")["ifalias"], longest);
            takes(agent, 1, || table.set(named(Some("the way out".to_owned()))).expect("valid")).await;
            assert_eq!(link("lo").expect("there")["ifalias"], "the way out");
            assert_eq!(table.verify().await.expect("a dump"), []);
        });
        let created = Link { alias: Some("x".to_owned()), ..Link::new("br0", LinkKind::bridge()) };
        assert!(created.check().expect_err("ignored by the kernel").to_string().starts_with("alias: the kernel ignores"));
    }
}

#[test]
fn what_can_t_be_right_is_refused_before_anybody_asks_the_kernel() {
    let told = |link: Link| link.check().expect_err("wrong").to_string();
    let bridge = |options| told(Link::new("br0", LinkKind::Bridge(options)));
    let half = Some(Duration::from_millis(500));
    assert_eq!(
        bridge(Bridge { hello_time: half, ..Bridge::default() }),
        "kind: hello_time: 500ms is out of range: it is 1s to 10s"
    );
    assert!(bridge(Bridge { max_age: half, ..Bridge::default() }).contains("6s to 40s"));
    let listening = Bridge { stp: Some(true), forward_delay: half, ..Bridge::default() };
    assert!(bridge(listening).contains("with the spanning tree on, it is 2 s to 30 s"));
    assert!(
        bridge(Bridge { ageing_time: Some(Duration::from_millis(5)), ..Bridge::default() })
            .contains("ageing_time")
    );
    assert!(bridge(Bridge { group_fwd_mask: Some(1), ..Bridge::default() }).contains("never forwarded"));
    assert!(bridge(Bridge { group_address: Some(mac(1)), ..Bridge::default() }).contains("01:80:c2"));
    assert!(bridge(Bridge { vlan_protocol: Some(1), ..Bridge::default() }).contains("marks no vlan"));
    assert!(bridge(Bridge { vlan_default_pvid: Some(4095), ..Bridge::default() }).contains("below 4095"));
    assert!(bridge(Bridge { mcast_igmp_version: Some(1), ..Bridge::default() }).contains("version 2 or 3"));
    let vxlan = |options| told(Link::new("vx0", LinkKind::Vxlan(options)));
    assert!(
        vxlan(Vxlan { remote: Some([239, 0, 0, 1].into()), ..Vxlan::new(1) }).contains("is joined on a link")
    );
    let mixed = Vxlan {
        remote: Some([192, 0, 2, 1].into()),
        local: Some("::1".parse().expect("an address")),
        ..Vxlan::new(1)
    };
    assert!(vxlan(mixed).contains("different families"));
    assert!(vxlan(Vxlan { flow_label: Some(1 << 20), ..Vxlan::new(1) }).contains("20 bits"));
    assert!(
        told(Link::new("v", LinkKind::Vlan(Vlan::new(5))))
            .starts_with("lower: a link of this kind stands on")
    );
    assert!(told(Link { lower: "eth0".into(), ..Link::new("v", LinkKind::Ifb) }).starts_with("lower: "));
    let itself = Link { lower: "v".into(), ..Link::new("v", LinkKind::Vlan(Vlan::new(5))) };
    assert_eq!(told(itself), "lower: a link can't stand on itself");
    assert!(
        told(Link { lower: "eth0".into(), ..Link::new("v", LinkKind::Vlan(Vlan::new(4095))) })
            .contains("1 to 4094")
    );
    assert!(told(Link::new("r", LinkKind::Vrf(Vrf::new(0)))).contains("no routing table"));
    assert!(
        told(Link { alias: Some("a".repeat(256)), ..Link::new("i", LinkKind::Existing) })
            .contains("256 bytes")
    );
    let gre = Gre { ttl: Some(1), pmtudisc: Some(false), ..Gre::default() };
    assert!(told(Link::new("g", LinkKind::Gre(gre))).contains("drop `ttl`"));
}
