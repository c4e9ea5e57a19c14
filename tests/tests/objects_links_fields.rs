//! Every field of a link, and of every sort of link that this kernel has, by itself on the real kernel: changed in place
//! where the kernel can, made anew where it can't, and read back with `ip -j -d link`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ksync_objects::{
    Bridge, BridgePort, DontFragment, Link, LinkKind, Macvlan, MacvlanMode, Port, PortKind, VethPeer, Vxlan,
};
use ksync_runtime::agent::Agent;
use ksync_runtime::prelude::*;
use ksync_tests::compare::{kernel_knows, on_agent, shell, takes};
use ksync_tests::fields::{all_covered, each_by_itself};
use ksync_tests::iproute2::link;
use ksync_tests::{namespace_test, rows};
use serde_json::Value;

fn centis(number: u64) -> Option<Duration> {
    Some(Duration::from_millis(number * 10))
}

fn mac(last: u8) -> Option<MacAddr6> {
    Some(MacAddr6::new(2, 0, 0, 0, 0, last))
}

fn group(last: u8) -> Option<MacAddr6> {
    Some(MacAddr6::new(1, 0x80, 0xc2, 0, 0, last))
}

fn shown(name: &str) -> Value {
    link(name).unwrap_or(Value::Null)
}

/// The link `x0`, on a ground of two bridges.
fn on_links(test: impl AsyncFnOnce(&Agent)) {
    on_agent(Agent::builder().object::<Link>().object::<Port>(), async |agent: &Agent| {
        let grounds = ["br0", "br1"].map(|name| Link::new(name, LinkKind::bridge()));
        assert!(agent.table().set_all(grounds).is_empty());
        agent.settled().await.expect("bridges");
        test(agent).await;
    });
}

namespace_test! {
    fn what_all_links_have() {
        on_links(async |agent: &Agent| {
            let base = Link::new("x0", LinkKind::veth("x1"));
            let rows = rows![Link, |link| link, "/";
                InPlace mtu "mtu": Some(1400) => 1400, Some(1300) => 1300;
                InPlace mac "address": mac(1) => "02:00:00:00:00:01", mac(2) => "02:00:00:00:00:02";
                InPlace group "group": Some(7) => "7", Some(0) => "default";
                InPlace txqlen "txqlen": Some(50) => 50, Some(51) => 51;
                InPlace master "master": Some(Ref::to("br0")) => "br0", Some(Ref::to("br1")) => "br1", None => Value::Null;
                Anew kind "linkinfo/info_kind": LinkKind::Ifb => "ifb", LinkKind::bridge() => "bridge";
            ];
            all_covered(&base, &rows, &[
                ("name", "is the key"),
                ("up", "is looked at below: it is one of several flags"),
                ("alias", "is looked at below: it is for links that are there"),
                ("lower", "is looked at with macvlan"),
            ]);
            each_by_itself(agent, &agent.table(), &base, &rows, || shown("x0")).await;
            let table = agent.table::<Link>();
            table.set(base.clone()).expect("valid");
            agent.settled().await.expect("in sync");
            for (up, is_shown) in [(false, false), (true, true), (false, false)] {
                takes(agent, 1, || table.set(Link { up, ..base.clone() }).expect("valid")).await;
                let seen = shown("x0");
                let flags = seen["flags"].as_array().expect("a list");
                assert_eq!(flags.contains(&"UP".into()), is_shown, "{flags:?}");
            }
            let there = Link { up: false, ..Link::new("lo", LinkKind::Existing) };
            table.set(there.clone()).expect("valid");
            let rows = rows![Link, |link| link, "/";
                InPlace alias "ifalias": Some("one".to_owned()) => "one", Some("two".to_owned()) => "two";
            ];
            each_by_itself(agent, &table, &there, &rows, || shown("lo")).await;
        });
    }
}

fn bridge(link: &mut Link) -> &mut Bridge {
    match &mut link.kind {
        LinkKind::Bridge(bridge) => bridge,
        other => panic!("{other:?} is no bridge"),
    }
}

namespace_test! {
    fn every_option_of_a_bridge() {
        let mut rows = rows![Link, |link| bridge(link), "/linkinfo/info_data/";
            InPlace stp "stp_state": Some(true) => 1, Some(false) => 0;
            InPlace forward_delay "forward_delay": centis(500) => 500, centis(600) => 600;
            InPlace hello_time "hello_time": centis(300) => 300, centis(400) => 400;
            InPlace max_age "max_age": centis(1200) => 1200, centis(1300) => 1300;
            InPlace ageing_time "ageing_time": centis(6000) => 6000, centis(7000) => 7000;
            InPlace priority "priority": Some(10) => 10, Some(11) => 11;
            InPlace group_fwd_mask "group_fwd_mask": Some(8) => "0x8", Some(16) => "0x10";
            InPlace group_address "group_addr": group(4) => "01:80:c2:00:00:04", group(5) => "01:80:c2:00:00:05";
            InPlace mcast_snooping "mcast_snooping": Some(false) => 0, Some(true) => 1;
            InPlace mcast_router "mcast_router": Some(0) => 0, Some(2) => 2;
            InPlace mcast_querier "mcast_querier": Some(true) => 1, Some(false) => 0;
            InPlace mcast_query_use_ifaddr "mcast_query_use_ifaddr": Some(true) => 1, Some(false) => 0;
            InPlace mcast_hash_max "mcast_hash_max": Some(512) => 512, Some(1024) => 1024;
            InPlace mcast_igmp_version "mcast_igmp_version": Some(3) => 3, Some(2) => 2;
            InPlace mcast_mld_version "mcast_mld_version": Some(2) => 2, Some(1) => 1;
            InPlace mcast_stats "mcast_stats_enabled": Some(true) => 1, Some(false) => 0;
            InPlace mcast_last_member_count "mcast_last_member_cnt": Some(3) => 3, Some(4) => 4;
            InPlace mcast_startup_query_count "mcast_startup_query_cnt": Some(3) => 3, Some(4) => 4;
            InPlace mcast_last_member_interval "mcast_last_member_intvl": centis(200) => 200, centis(300) => 300;
            InPlace mcast_membership_interval "mcast_membership_intvl": centis(20_000) => 20_000, centis(21_000) => 21_000;
            InPlace mcast_querier_interval "mcast_querier_intvl": centis(20_000) => 20_000, centis(21_000) => 21_000;
            InPlace mcast_query_interval "mcast_query_intvl": centis(11_000) => 11_000, centis(12_000) => 12_000;
            InPlace mcast_query_response_interval "mcast_query_response_intvl": centis(800) => 800, centis(900) => 900;
            InPlace mcast_startup_query_interval "mcast_startup_query_intvl": centis(3000) => 3000, centis(3500) => 3500;
            InPlace nf_call_iptables "nf_call_iptables": Some(true) => 1, Some(false) => 0;
            InPlace nf_call_ip6tables "nf_call_ip6tables": Some(true) => 1, Some(false) => 0;
            InPlace nf_call_arptables "nf_call_arptables": Some(true) => 1, Some(false) => 0;
        ];
        let of_vlans = rows![Link, |link| bridge(link), "/linkinfo/info_data/";
            InPlace vlan_filtering "vlan_filtering": Some(true) => 1, Some(false) => 0;
            InPlace vlan_default_pvid "vlan_default_pvid": Some(5) => 5, Some(0) => 0;
            InPlace vlan_protocol "vlan_protocol": Some(0x88a8) => "802.1ad", Some(0x8100) => "802.1Q";
            InPlace vlan_stats "vlan_stats_enabled": Some(true) => 1, Some(false) => 0;
        ];
        let names: Vec<(&str, &str)> = of_vlans.iter().map(|row| (row.field, "is for kernels with vlan filtering")).collect();
        all_covered(&Bridge::default(), &rows, &names);
        if kernel_knows("vlan filtering of bridges", "ip link add br0 type bridge vlan_filtering 1") {
            rows.extend(of_vlans);
        }
        on_links(async |agent: &Agent| {
            let base = Link::new("x0", LinkKind::bridge());
            each_by_itself(agent, &agent.table(), &base, &rows, || shown("x0")).await;
        });
    }
}

fn vxlan(link: &mut Link) -> &mut Vxlan {
    match &mut link.kind {
        LinkKind::Vxlan(vxlan) => vxlan,
        other => panic!("{other:?} is no vxlan"),
    }
}

fn four(last: u8) -> Option<IpAddr> {
    Some(Ipv4Addr::new(192, 0, 2, last).into())
}

fn six(last: u16) -> Option<IpAddr> {
    Some(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last).into())
}

namespace_test! {
    fn every_option_of_a_vxlan_tunnel() {
        on_links(async |agent: &Agent| {
            let rows = rows![Link, |link| vxlan(link), "/linkinfo/info_data/";
                Anew id "id": 8 => 8, 9 => 9;
                InPlace remote "remote": four(1) => "192.0.2.1", four(2) => "192.0.2.2";
                InPlace local "local": four(3) => "192.0.2.3", four(4) => "192.0.2.4";
                Anew port "port": Some(4790) => 4790, Some(4791) => 4791;
                Anew source_ports "port_range/high": Some((10_000, 20_000)) => 20_000, Some((10_000, 30_000)) => 30_000;
                InPlace ttl "ttl": Some(5) => 5, Some(6) => 6;
                InPlace tos "tos": Some(4) => "0x4", Some(8) => "0x8";
                InPlace df "df": Some(DontFragment::Set) => "set", Some(DontFragment::Inherit) => "inherit";
                InPlace learning "learning": Some(false) => false, Some(true) => true;
                InPlace ageing "ageing": Some(Duration::from_secs(60)) => 60, Some(Duration::from_secs(61)) => 61;
                Anew max_addresses "limit": Some(10) => 10, Some(11) => 11;
                Anew proxy "proxy": Some(true) => true;
                Anew rsc "rsc": Some(true) => true;
                Anew l2miss "l2miss": Some(true) => true;
                Anew l3miss "l3miss": Some(true) => true;
                Anew udp_csum "udp_csum": Some(false) => false, Some(true) => true;
                Anew udp_zero_csum6_tx "udp_zero_csum6_tx": Some(true) => true, Some(false) => false;
                Anew udp_zero_csum6_rx "udp_zero_csum6_rx": Some(true) => true, Some(false) => false;
                InPlace lower "link": Some(Ref::to("br0")) => "br0", Some(Ref::to("br1")) => "br1";
            ];
            all_covered(&Vxlan::default(), &rows, &[("flow_label", "is looked at below: it is of IPv6")]);
            let base = Link::new("x0", LinkKind::Vxlan(Vxlan { port: Some(4789), ..Vxlan::new(7) }));
            each_by_itself(agent, &agent.table(), &base, &rows, || shown("x0")).await;
            let rows = rows![Link, |link| vxlan(link), "/linkinfo/info_data/";
                InPlace flow_label "label": Some(5) => "0x5", Some(6) => "0x6";
                InPlace remote "remote6": six(8) => "2001:db8::8";
                InPlace local "local6": six(9) => "2001:db8::9";
            ];
            let base = Link::new("x0", LinkKind::Vxlan(Vxlan { remote: six(1), ..Vxlan::new(7) }));
            assert!(agent.table::<Link>().remove(&base.name), "addresses of the other family take a new tunnel");
            agent.settled().await.expect("gone");
            each_by_itself(agent, &agent.table(), &base, &rows, || shown("x0")).await;
        });
    }
}

fn macvlan(link: &mut Link) -> &mut Macvlan {
    match &mut link.kind {
        LinkKind::Macvlan(macvlan) => macvlan,
        other => panic!("{other:?} is no macvlan"),
    }
}

namespace_test! {
    fn every_option_of_a_macvlan() {
        on_links(async |agent: &Agent| {
            let rows = rows![Link, |link| macvlan(link), "/linkinfo/info_data/";
                InPlace mode "mode": Some(MacvlanMode::Private) => "private", Some(MacvlanMode::Vepa) => "vepa", Some(MacvlanMode::Bridge) => "bridge";
                InPlace broadcast_queue "bcqueuelen": Some(500) => 500, Some(600) => 600;
            ];
            all_covered(&Macvlan::default(), &rows, &[]);
            let options = Macvlan { broadcast_queue: Some(1000), ..Macvlan::new(MacvlanMode::Bridge) };
            let base = Link { lower: "br0".into(), ..Link::new("x0", LinkKind::Macvlan(options)) };
            each_by_itself(agent, &agent.table(), &base, &rows, || shown("x0")).await;
            let rows = rows![Link, |link| link, "/"; Anew lower "link": "br1".into() => "br1", "br0".into() => "br0";];
            each_by_itself(agent, &agent.table(), &base, &rows, || shown("x0")).await;
        });
    }
}

fn peer(link: &mut Link) -> &mut VethPeer {
    match &mut link.kind {
        LinkKind::Veth { peer } => peer,
        other => panic!("{other:?} is no veth"),
    }
}

namespace_test! {
    fn every_option_of_the_far_end_of_a_pair() {
        on_links(async |agent: &Agent| {
            let rows = rows![Link, |link| peer(link), "/";
                Anew mtu "mtu": Some(1400) => 1400, Some(1300) => 1300;
                Anew mac "address": mac(1) => "02:00:00:00:00:01", mac(2) => "02:00:00:00:00:02";
            ];
            let base = Link::new("x0", LinkKind::veth("x1"));
            let far = VethPeer { name: "x1".into(), ..VethPeer::default() };
            all_covered(&far, &rows, &[
                ("name", "is looked at below: it is what the reader is asked for"),
                ("namespace", "has a test of its own, beside those of all sorts of links"),
            ]);
            each_by_itself(agent, &agent.table(), &base, &rows, || shown("x1")).await;
            takes(agent, 2, || agent.table().set(base.clone()).expect("valid")).await;
            takes(agent, 2, || agent.table().set(Link::new("x0", LinkKind::veth("x2"))).expect("valid")).await;
            assert_eq!((link("x1").is_some(), link("x2").is_some()), (false, true));
        });
    }
}

fn port(port: &mut Port) -> &mut BridgePort {
    match &mut port.kind {
        PortKind::Bridge(options) => options,
        other => panic!("{other:?} is no port of a bridge"),
    }
}

namespace_test! {
    fn every_option_of_a_port() {
        on_links(async |agent: &Agent| {
            let rows = rows![Port, |entry| port(entry), "/linkinfo/info_slave_data/";
                InPlace priority "priority": Some(8) => 8, Some(9) => 9;
                InPlace cost "cost": Some(7) => 7, Some(8) => 8;
                InPlace hairpin "hairpin": Some(true) => true, Some(false) => false;
                InPlace guard "guard": Some(true) => true, Some(false) => false;
                InPlace root_block "root_block": Some(true) => true, Some(false) => false;
                InPlace fast_leave "fastleave": Some(true) => true, Some(false) => false;
                InPlace learning "learning": Some(false) => false, Some(true) => true;
                InPlace flood "flood": Some(false) => false, Some(true) => true;
                InPlace mcast_flood "mcast_flood": Some(false) => false, Some(true) => true;
                InPlace bcast_flood "bcast_flood": Some(false) => false, Some(true) => true;
                InPlace mcast_to_unicast "mcast_to_unicast": Some(true) => true, Some(false) => false;
                InPlace mcast_router "multicast_router": Some(0) => 0, Some(2) => 2;
                InPlace proxy_arp "proxy_arp": Some(true) => true, Some(false) => false;
                InPlace proxy_arp_wifi "proxy_arp_wifi": Some(true) => true, Some(false) => false;
                InPlace neigh_suppress "neigh_suppress": Some(true) => true, Some(false) => false;
                InPlace isolated "isolated": Some(true) => true, Some(false) => false;
                InPlace locked "locked": Some(true) => true, Some(false) => false;
                InPlace vlan_tunnel "vlan_tunnel": Some(true) => true, Some(false) => false;
                InPlace group_fwd_mask "group_fwd_mask": Some(8) => "0x8", Some(16) => "0x10";
                InPlace backup_port "backup_port": Some(Ref::to("x2")) => "x2", Some(Ref::to("x4")) => "x4";
            ];
            all_covered(&BridgePort::default(), &rows, &[]);
            let in_br0 = |link: Link| Link { master: Some(Ref::to("br0")), ..link };
            let pairs = [("x0", "x1"), ("x2", "x3"), ("x4", "x5")];
            let links = agent.table::<Link>();
            links.set_all(pairs.map(|(near, far)| in_br0(Link::new(near, LinkKind::veth(far)))));
            agent.settled().await.expect("ports");
            let table = agent.table::<Port>();
            let base = Port::bridge("x0", BridgePort::default());
            each_by_itself(agent, &table, &base, &rows, || shown("x0")).await;

            // By the command in place of the declaration it is told, and an entry that goes leaves what is there.
            shell("bridge link set dev x0 learning off");
            table.set(Port::bridge("x0", BridgePort { learning: Some(true), ..BridgePort::default() })).expect("valid");
            agent.settled().await.expect("in sync");
            shell("bridge link set dev x0 learning off");
            let told = table.verify().await.expect("a dump");
            assert_eq!(told.iter().map(ToString::to_string).collect::<Vec<_>>(), ["Port x0: the kernel holds another kind"]);
            assert!(table.renew(&base.key()));
            agent.settled().await.expect("mended");
            assert_eq!(table.verify().await.expect("a dump"), []);
            takes(agent, 0, || assert!(table.remove(&base.key()))).await;
            assert!(shown("x0")["linkinfo"]["info_slave_data"]["learning"].as_bool().expect("told"));

            // A link that is no port yet.
            let early = Port::bridge("x1", BridgePort { flood: Some(false), ..BridgePort::default() });
            let far = Link::new("x1", LinkKind::PeerOf { link: Ref::to("x0") });
            links.set(far.clone()).expect("valid");
            table.set(early.clone()).expect("valid");
            assert!(agent.settled().await.expect_err("no port").to_string().contains("EOPNOTSUPP"));
            links.set(in_br0(far)).expect("valid");
            table.settled(&early.key()).await.expect("now it is one");
            assert_eq!(shown("x1")["linkinfo"]["info_slave_data"]["flood"], false);
        });
    }
}

namespace_test! {
    fn a_tunnel_whose_next_lower_link_is_missing_is_not_taken_for_gone() {
        on_agent(Agent::builder().object::<Link>(), async |agent: &Agent| {
            let table = agent.table::<Link>();
            shell("ip link add br0 type bridge");
            let on = |lower: Option<&str>| {
                Link::new("vx0", LinkKind::Vxlan(Vxlan { port: Some(4789), lower: lower.map(Ref::to), ..Vxlan::new(7) }))
            };
            table.set_all([Link::new("br0", LinkKind::Existing), on(None)]);
            agent.settled().await.expect("in sync");
            let tunnel = shown("vx0")["ifindex"].clone();
            // Behind the back of the agent, which still has a number for the link.
            shell("ip link del br0");
            takes_however(agent, || table.set(on(Some("br0"))).expect("valid")).await;
            let why = table.why(&"vx0".to_owned()).expect("declared").to_string();
            assert!(why.contains("CHANGE_DEFER") && why.contains("Invalid local interface"), "{why}");
            assert_eq!(shown("vx0")["ifindex"], tunnel, "the tunnel is where it was");

            // The link comes back, under another number.
            shell("ip link add if0 type ifb; ip link add br0 type bridge");
            assert!(table.renew(&"br0".to_owned()));
            agent.settled().await.expect("in sync");
            assert_eq!((shown("vx0")["ifindex"].clone(), shown("vx0")["linkinfo"]["info_data"]["link"].clone()), (tunnel.clone(), "br0".into()));
            assert_eq!(table.verify().await.expect("a dump"), []);

            // And one that is gone itself is made anew.
            shell("ip link del vx0");
            takes_however(agent, || table.set(Link { mtu: Some(1400), ..on(Some("br0")) }).expect("valid")).await;
            agent.settled().await.expect("in sync");
            assert_ne!(shown("vx0")["ifindex"], tunnel);
        });
    }
}

/// Lets `act` declare something, and all settle that can.
async fn takes_however(agent: &Agent, act: impl FnOnce()) {
    act();
    agent.settled_so_far().await.expect("the agent goes on");
}
