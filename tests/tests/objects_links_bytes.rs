//! Sorts of links that not every kernel has, field by field, as two independent decoders read them: netlink-packet-route,
//! and iproute2; and read back by their own parser.

mod derive_support;

use derive_support::Names;
use ksync_objects::{Bond, BondHashPolicy, BondMode, Bridge, Gre, Ipip, Link, LinkKind, Lower, Vlan, Vrf};
use ksync_tests::fields::{How, Row, all_covered};
use ksync_tests::iproute2::decoded as by_iproute2;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkInfo};

fn names() -> Names {
    Names::default().with::<Link>("lo", 1).with::<Link>("x0", 3)
}

/// What netlink-packet-route makes of the kind and its data, as it prints it.
fn decoded(link: &Link) -> String {
    let bytes = names().add(link, None);
    let parsed = names().parse::<Link>(&bytes).expect("its own parser reads it");
    assert_eq!(parsed, *link, "what is written is read back");
    let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&bytes).expect("decodes");
    let NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewLink(message)) = message.payload else {
        panic!("no link");
    };
    let info: Vec<LinkInfo> = message
        .attributes
        .into_iter()
        .find_map(|attribute| match attribute {
            LinkAttribute::LinkInfo(info) => Some(info),
            _ => None,
        })
        .expect("the kind");
    format!("{info:?}")
}

/// A field, a value of it, and what the two decoders print then.
type Seen<T> = (&'static str, fn(&mut T), &'static str, &'static str);

/// Sets each field by itself, and asserts that both decoders see it; and that they did not see it before.
fn each_is_seen<T: Clone + std::fmt::Debug>(
    base: &T,
    link: impl Fn(T) -> Link,
    excepted: &[(&str, &str)],
    fields: &[Seen<T>],
) {
    let rows: Vec<Row<T>> = fields
        .iter()
        .map(|(field, ..)| Row { field, how: How::InPlace, path: "", steps: Vec::new() })
        .collect();
    all_covered(base, &rows, excepted);
    let both = |value: T| {
        let link = link(value);
        (decoded(&link), by_iproute2("ip -d", &names().add(&link, None)))
    };
    let (bare, bare_printed) = both(base.clone());
    for (field, set, decoder, printed) in fields {
        let mut value = base.clone();
        set(&mut value);
        let (seen, seen_printed) = both(value);
        assert!(seen.contains(decoder) && !bare.contains(decoder), "{field}: {decoder} in {seen}");
        // Of some the reader tells when they are off.
        let (more, less, printed) = match printed.strip_prefix('!') {
            Some(printed) => (&bare_printed, &seen_printed, printed),
            None => (&seen_printed, &bare_printed, *printed),
        };
        assert!(more.contains(printed) && !less.contains(printed), "{field}: {printed} in {seen_printed}");
    }
}

#[test]
fn kinds_without_options_have_their_names() {
    for (link, decoder, printed) in [
        (Link::new("x0", LinkKind::Dummy), "[Kind(Dummy)]", "dummy"),
        (Link::new("x0", LinkKind::Wireguard), "[Kind(Wireguard)]", "wireguard"),
        (Link::new("x0", LinkKind::Ifb), "[Kind(Ifb)]", "ifb"),
    ] {
        assert_eq!(decoded(&link), decoder);
        assert!(by_iproute2("ip -d", &names().add(&link, None)).ends_with(printed));
    }
}

#[test]
fn every_field_of_a_bond() {
    each_is_seen(
        &Bond::default(),
        |bond| Link::new("x0", LinkKind::Bond(bond)),
        &[],
        &[
            ("mode", |bond| bond.mode = Some(BondMode::Lacp), "Mode(Ieee8023Ad)", "mode 802.3ad"),
            ("miimon", |bond| bond.miimon = Some(100), "MiiMon(100)", "miimon 100"),
            ("up_delay", |bond| bond.up_delay = Some(200), "UpDelay(200)", "updelay 200"),
            ("down_delay", |bond| bond.down_delay = Some(300), "DownDelay(300)", "downdelay 300"),
            (
                "hash_policy",
                |bond| bond.hash_policy = Some(BondHashPolicy::Layer34),
                "XmitHashPolicy(Layer34)",
                "xmit_hash_policy layer3+4",
            ),
            ("resend_igmp", |bond| bond.resend_igmp = Some(5), "ResendIgmp(5)", "resend_igmp 5"),
            (
                "peer_notifications",
                |bond| bond.peer_notifications = Some(6),
                "NumPeerNotif(6)",
                "num_grat_arp 6",
            ),
            (
                "all_slaves_active",
                |bond| bond.all_slaves_active = Some(true),
                "AllPortsActive(Delivered)",
                "all_slaves_active 1",
            ),
            ("min_links", |bond| bond.min_links = Some(2), "MinLinks(2)", "min_links 2"),
            ("fast_lacp", |bond| bond.fast_lacp = Some(true), "AdLacpRate(Fast)", "lacp_rate fast"),
        ],
    );
}

#[test]
fn every_mode_and_policy_of_a_bond() {
    for (mode, decoder, printed) in [
        (BondMode::RoundRobin, "BalanceRr", "balance-rr"),
        (BondMode::ActiveBackup, "ActiveBackup", "active-backup"),
        (BondMode::Xor, "BalanceXor", "balance-xor"),
        (BondMode::Broadcast, "Broadcast", "broadcast"),
        (BondMode::Lacp, "Ieee8023Ad", "802.3ad"),
        (BondMode::Tlb, "BalanceTlb", "balance-tlb"),
        (BondMode::Alb, "BalanceAlb", "balance-alb"),
    ] {
        let link = Link::new("x0", LinkKind::Bond(Bond::new(mode)));
        assert!(decoded(&link).contains(&format!("Mode({decoder})")), "{}", decoded(&link));
        assert!(by_iproute2("ip -d", &names().add(&link, None)).contains(&format!("mode {printed}")));
    }
    for (policy, decoder, printed) in [
        (BondHashPolicy::Layer2, "Layer2", "layer2"),
        (BondHashPolicy::Layer34, "Layer34", "layer3+4"),
        (BondHashPolicy::Layer23, "Layer23", "layer2+3"),
        (BondHashPolicy::Encap23, "Encap23", "encap2+3"),
        (BondHashPolicy::Encap34, "Encap34", "encap3+4"),
        (BondHashPolicy::VlanSourceMac, "VlanSrcMac", "vlan+srcmac"),
    ] {
        let link = Link::new("x0", LinkKind::Bond(Bond { hash_policy: Some(policy), ..Bond::default() }));
        assert!(decoded(&link).contains(&format!("XmitHashPolicy({decoder})")), "{}", decoded(&link));
        assert!(
            by_iproute2("ip -d", &names().add(&link, None)).contains(&format!("xmit_hash_policy {printed}"))
        );
    }
}

#[test]
fn every_field_of_a_vlan() {
    let on_lo = |vlan| Link { lower: "lo".into(), ..Link::new("x0", LinkKind::Vlan(vlan)) };
    each_is_seen(
        &Vlan::new(5),
        on_lo,
        &[],
        &[
            ("id", |vlan| vlan.id = 6, "Id(6)", "id 6"),
            ("protocol", |vlan| vlan.protocol = Some(0x88a8), "Protocol(Ieee8021Ad)", "802.1ad"),
            (
                "reorder_header",
                |vlan| vlan.reorder_header = Some(true),
                "Flags((VlanFlags(ReorderHdr), VlanFlags(ReorderHdr)))",
                "REORDER_HDR",
            ),
            ("gvrp", |vlan| vlan.gvrp = Some(true), "Flags((VlanFlags(Gvrp), VlanFlags(Gvrp)))", "GVRP"),
            ("mvrp", |vlan| vlan.mvrp = Some(true), "Flags((VlanFlags(Mvrp), VlanFlags(Mvrp)))", "MVRP"),
            (
                "loose_binding",
                |vlan| vlan.loose_binding = Some(true),
                "Flags((VlanFlags(LooseBinding), VlanFlags(LooseBinding)))",
                "LOOSE_BINDING",
            ),
            (
                "bridge_binding",
                |vlan| vlan.bridge_binding = Some(true),
                "Flags((VlanFlags(BridgeBinding), VlanFlags(BridgeBinding)))",
                "BRIDGE_BINDING",
            ),
        ],
    );
    // Off is not the same as open.
    let off = on_lo(Vlan { gvrp: Some(false), ..Vlan::new(5) });
    assert!(decoded(&off).contains("Flags("), "{}", decoded(&off));
    assert!(!decoded(&on_lo(Vlan::new(5))).contains("Flags("));
}

#[test]
fn the_options_of_bridges_for_vlans() {
    let fields: &[Seen<Bridge>] = &[
        (
            "vlan_filtering",
            |bridge| bridge.vlan_filtering = Some(true),
            "VlanFiltering(true)",
            "vlan_filtering 1",
        ),
        (
            "vlan_default_pvid",
            |bridge| bridge.vlan_default_pvid = Some(7),
            "VlanDefaultPvid(7)",
            "vlan_default_pvid 7",
        ),
        (
            "vlan_protocol",
            |bridge| bridge.vlan_protocol = Some(0x88a8),
            "VlanProtocol(Ieee8021Ad)",
            "vlan_protocol 802.1ad",
        ),
        (
            "vlan_stats",
            |bridge| bridge.vlan_stats = Some(true),
            "VlanStatsEnabled(true)",
            "vlan_stats_enabled 1",
        ),
    ];
    let all = ksync_tests::fields::names(&Bridge::default());
    let others = all.iter().filter(|name| fields.iter().all(|(field, ..)| field != name));
    let others: Vec<(&str, &str)> =
        others.map(|name| (name.as_str(), "is tried on the real kernel")).collect();
    each_is_seen(&Bridge::default(), |bridge| Link::new("x0", LinkKind::Bridge(bridge)), &others, fields);
}

#[test]
fn every_field_of_a_vrf() {
    let red = |vrf| Link::new("x0", LinkKind::Vrf(vrf));
    each_is_seen(&Vrf::new(10), red, &[], &[("table", |vrf| vrf.table = 11, "TableId(11)", "vrf table 11")]);
}

#[test]
fn every_field_of_gre_tunnels() {
    let fields: &[Seen<Gre>] = &[
        ("local", |gre| gre.local = Some([192, 0, 2, 1].into()), "Local(192.0.2.1)", "local 192.0.2.1"),
        ("remote", |gre| gre.remote = Some([192, 0, 2, 2].into()), "Remote(192.0.2.2)", "remote 192.0.2.2"),
        ("ttl", |gre| gre.ttl = Some(9), "Ttl(9)", "ttl 9"),
        ("tos", |gre| gre.tos = Some(4), "Tos(4)", "tos 0x4"),
        ("key", |gre| gre.key = Some(77), "OKey(77)", "ikey 0.0.0.77 okey 0.0.0.77"),
        ("pmtudisc", |gre| gre.pmtudisc = Some(true), "PathMTUDiscovery(true)", "!nopmtudisc"),
        ("lower", |gre| gre.lower = Lower::from("lo"), "Link(1)", "dev lo"),
    ];
    let base = Gre { pmtudisc: Some(false), ..Gre::default() };
    each_is_seen(&base, |gre| Link::new("x0", LinkKind::Gre(gre)), &[], fields);
    each_is_seen(&base, |gre| Link::new("x0", LinkKind::Gretap(gre)), &[], fields);
}

#[test]
fn every_field_of_an_ipip_tunnel() {
    each_is_seen(
        &Ipip::default(),
        |ipip| Link::new("x0", LinkKind::Ipip(ipip)),
        &[],
        &[
            ("local", |ipip| ipip.local = Some([192, 0, 2, 1].into()), "Local(192.0.2.1)", "local 192.0.2.1"),
            (
                "remote",
                |ipip| ipip.remote = Some([192, 0, 2, 2].into()),
                "Remote(192.0.2.2)",
                "remote 192.0.2.2",
            ),
            ("ttl", |ipip| ipip.ttl = Some(9), "Ttl(9)", "ttl 9"),
            ("tos", |ipip| ipip.tos = Some(4), "Tos(4)", "tos 0x4"),
            ("pmtudisc", |ipip| ipip.pmtudisc = Some(true), "PMtuDisc(true)", "pmtudisc"),
            ("lower", |ipip| ipip.lower = Lower::from("lo"), "Link(1)", "dev lo"),
        ],
    );
}

#[test]
fn a_tunnel_is_changed_as_a_whole_and_a_bond_by_what_differs() {
    let tunnel = |ttl| Link::new("x0", LinkKind::Gre(Gre { ttl: Some(ttl), key: Some(7), ..Gre::default() }));
    let (held, wanted) = (tunnel(1), tunnel(2));
    let change = names().change(Some(&held), &wanted, Some(3));
    let parsed = names().parse::<Link>(&change).expect("parses");
    assert_eq!(parsed.kind, wanted.kind, "the kernel forgets what a change of a tunnel does not name");

    // Nothing that could change: the name alone is refused by vxlan.
    let change = names().change(None, &Link::new("x0", LinkKind::vxlan(7)), Some(3));
    assert_eq!(
        names().parse::<Link>(&change).expect("parses").kind,
        LinkKind::Existing,
        "no kind is written"
    );

    let bond = |miimon| {
        Link::new(
            "x0",
            LinkKind::Bond(Bond { miimon: Some(miimon), min_links: Some(1), ..Bond::new(BondMode::Lacp) }),
        )
    };
    let change = names().change(Some(&bond(1)), &bond(2), Some(3));
    let parsed = names().parse::<Link>(&change).expect("parses");
    assert_eq!(
        parsed.kind,
        LinkKind::Bond(Bond { miimon: Some(2), ..Bond::default() }),
        "nothing but what differs"
    );
}
