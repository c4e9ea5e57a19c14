//! Messages about objects that not every kernel knows, as KSync writes them: seeds where there are no dumps.

use std::time::Duration;

use ksync_objects::{
    Bond, BondMode, BridgeVlan, Encap, Gre, Ipip, Link, LinkKind, Nexthop, Qdisc, QdiscKind, Route, TcHandle,
    TcParent, Vlan, Vrf,
};
use ksync_runtime::declare::{KSyncEntry, OperationError};
use ksync_runtime::prelude::IpNet;

use super::message::added;
use super::numbers::name;

/// The name of a target, and what stands behind `struct nlmsghdr` of a message for it.
///
/// # Errors
/// When one of them can't be written.
pub fn written() -> Result<Vec<(&'static str, Vec<u8>)>, OperationError> {
    let mut all = Vec::new();
    let mut add =
        |target, written: Result<Vec<u8>, OperationError>| written.map(|body| all.push((target, body)));
    for link in links() {
        add("link", added(&link))?;
    }
    add("bridge_vlan", added(&BridgeVlan { pvid: true, untagged: true, ..BridgeVlan::new(name(1), 7) }))?;
    let encap = Encap::Mpls { labels: vec![100, 200], ttl: Some(9) };
    let nexthop = Nexthop { encap: Some(encap), ..Nexthop::on_link(name(1_000_000_000), name(1)) };
    add("nexthop", added(&nexthop))?;
    add("route", added(&Route::on_link(IpNet::default(), name(1))))?;
    let codel = QdiscKind::FqCodel {
        target: Some(Duration::from_millis(3)),
        limit: Some(10),
        interval: Some(Duration::from_millis(70)),
        ecn: Some(true),
        flows: Some(64),
        quantum: Some(1600),
        ce_threshold: Some(Duration::from_millis(5)),
        drop_batch: Some(7),
        memory_limit: Some(1_000_000),
    };
    for kind in [codel, QdiscKind::PfifoFast, QdiscKind::PfifoHeadDrop { limit: 9 }] {
        add("qdisc", written_qdisc(kind))?;
    }
    Ok(all)
}

fn written_qdisc(kind: QdiscKind) -> Result<Vec<u8>, OperationError> {
    let qdisc = Qdisc::new(name(1), TcHandle::new(1, 0), TcParent::Root, kind);
    debug_assert_eq!(qdisc.check(), Ok(()));
    added(&qdisc)
}

fn links() -> Vec<Link> {
    let on_another = |kind| Link { lower: name(1).as_str().into(), ..Link::new("x0", kind) };
    let vlan = Vlan { protocol: Some(0x88a8), gvrp: Some(true), mvrp: Some(false), ..Vlan::new(5) };
    let bond = Bond { miimon: Some(100), fast_lacp: Some(true), ..Bond::new(BondMode::Lacp) };
    let ends = Gre {
        ttl: Some(9),
        tos: Some(4),
        key: Some(77),
        pmtudisc: Some(true),
        ..Gre::new([192, 0, 2, 1].into(), [192, 0, 2, 2].into())
    };
    let ipip = Ipip { ttl: Some(9), ..Ipip::new([192, 0, 2, 3].into(), [192, 0, 2, 4].into()) };
    vec![
        on_another(LinkKind::Vlan(vlan)),
        Link::new("x0", LinkKind::Dummy),
        Link::new("x0", LinkKind::Vrf(Vrf::new(10))),
        Link::new("x0", LinkKind::Bond(bond)),
        Link::new("x0", LinkKind::Gre(ends.clone())),
        Link::new("x0", LinkKind::Gretap(ends)),
        Link::new("x0", LinkKind::Ipip(ipip)),
        Link::new("x0", LinkKind::Wireguard),
    ]
}
