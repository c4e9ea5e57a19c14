//! Sorts of links that not every kernel has, as an independent decoder reads them; and read back by their own parser.

mod derive_support;

use derive_support::Names;
use ksync_objects::{Bond, BondMode, Gre, Ipip, Link, LinkKind, Vlan, Vrf};
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkInfo};

fn names() -> Names {
    Names::default().with::<Link>("eth0", 2).with::<Link>("x0", 3)
}

/// What the decoder makes of the kind and its data, as it prints it.
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

#[test]
fn the_sorts_have_their_names_and_their_data() {
    let ends = |ttl| Gre {
        ttl,
        tos: Some(4),
        key: Some(77),
        pmtudisc: Some(true),
        ..Gre::new([192, 0, 2, 1].into(), [192, 0, 2, 2].into())
    };
    let ipip = Ipip { ttl: Some(9), ..Ipip::new([192, 0, 2, 3].into(), [192, 0, 2, 4].into()) };
    let bond = Bond { miimon: Some(100), fast_lacp: Some(true), ..Bond::new(BondMode::Lacp) };
    let vlan = Vlan { protocol: Some(0x88a8), gvrp: Some(true), mvrp: Some(false), ..Vlan::new(5) };
    let on_eth0 = Link { lower: "eth0".into(), ..Link::new("x0", LinkKind::Vlan(vlan)) };
    let expected: &[(Link, &[&str])] = &[
        (Link::new("x0", LinkKind::Dummy), &["Kind(Dummy)"]),
        (Link::new("x0", LinkKind::Wireguard), &["Kind(Wireguard)"]),
        (on_eth0, &["Kind(Vlan)", "Id(5)", "Protocol(Ieee8021Ad)", "Flags("]),
        (Link::new("x0", LinkKind::Vrf(Vrf::new(10))), &["Kind(Vrf)", "TableId(10)"]),
        (
            Link::new("x0", LinkKind::Bond(bond)),
            &["Kind(Bond)", "Mode(Ieee8023Ad)", "MiiMon(100)", "AdLacpRate("],
        ),
        (Link::new("x0", LinkKind::Gre(ends(Some(9)))), &["Kind(GreTun)"]),
        (Link::new("x0", LinkKind::Gretap(ends(None))), &["Kind(GreTap)"]),
        (Link::new("x0", LinkKind::Ipip(ipip)), &["Kind(IpIp)"]),
    ];
    for (link, parts) in expected {
        let text = decoded(link);
        for part in *parts {
            assert!(text.contains(part), "no {part} in {text}");
        }
    }
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
