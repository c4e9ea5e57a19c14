//! All that a route can be, each beside the arguments of `ip route` that do the same.

use std::net::IpAddr;

use ksync_objects::{
    Encap, Hop, Path, Route, RouteDetails, RouteKind, RouteMetrics, RouteProtocol, Seg6Mode, Through,
};
use ksync_runtime::prelude::*;

pub(crate) fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

pub(crate) fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn mtu(mtu: u32) -> Option<Box<RouteDetails>> {
    RouteDetails { metrics: RouteMetrics { mtu: Some(mtu), ..RouteMetrics::default() }, source: None }.into()
}

pub(crate) fn encapsulated(route: Route, encap: Encap) -> Route {
    match route.through {
        Through::Path(path) => {
            Route { through: Through::Path(Box::new(Path { encap: Some(encap), ..*path })), ..route }
        }
        other => panic!("{other:?}"),
    }
}

fn seg6() -> Encap {
    let segment = |text: &str| text.parse().expect("an address");
    Encap::Seg6 { mode: Seg6Mode::Encap, segments: vec![segment("2001:db8::a"), segment("2001:db8::b")] }
}

fn tunnel() -> Encap {
    Encap::Ip { id: 7, destination: [10, 9, 9, 9].into(), source: [10, 8, 8, 8].into(), ttl: 64, tos: 8 }
}

/// All that a route can be, at one destination, with the arguments of `ip route replace` that do the same: what
/// stands before the destination, and what behind.
pub(crate) fn ipv4() -> Vec<(&'static str, &'static str, Route)> {
    let to = net("10.0.0.0/8");
    let via = || Route::via(to, address("192.0.2.254"), "v0");
    let hop = |gateway: &str, weight| Hop::via(address(gateway), "v0", weight);
    let all_metrics = RouteMetrics {
        mtu: Some(1400),
        advmss: Some(1000),
        hop_limit: Some(9),
        initcwnd: Some(10),
        initrwnd: Some(5),
        window: Some(99),
        rtt: Some(240),
        rttvar: Some(80),
        rto_min: Some(5),
        ssthresh: Some(3),
        cwnd: Some(2),
        reordering: Some(4),
        quickack: Some(1),
        features: Some(1),
        lock: Some(1 << RTAX_MTU),
        congestion_control: Some("cubic".into()),
    };
    vec![
        ("", "nhid 1000000000", Route::new(to, "n4")),
        ("", "nhid 1000000001", Route::new(to, "n6")),
        ("", "nhid 1000000002", Route::new(to, "hole")),
        ("", "nhid 1000000003 mtu 1400", Route { details: mtu(1400), ..Route::new(to, "far") }),
        ("", "nhid 2000000000", Route::by_group(to, "g4")),
        ("", "via 192.0.2.254 dev v0", via()),
        ("", "dev v0", Route::on_link(to, "v0")),
        ("", "dev v0 scope global", Route { scope: 0, ..Route::on_link(to, "v0") }),
        (
            "",
            "via 203.0.113.1 dev v0 onlink",
            Route { onlink: true, ..Route::via(to, address("203.0.113.1"), "v0") },
        ),
        ("", "via inet6 2001:db8::fe dev v0", {
            let path = Path {
                gateway_ipv6: Some("2001:db8::fe".parse().expect("an address")),
                link: Some(Ref::to("v0")),
                ..Path::default()
            };
            Route { through: Through::Path(Box::new(path)), ..via() }
        }),
        // The kernel finds the link.
        ("", "via 192.0.2.254", {
            let path = Path { gateway: Some(address("192.0.2.254")), ..Path::default() };
            Route { through: Through::Path(Box::new(path)), ..via() }
        }),
        ("blackhole", "", Route::nowhere(to, RouteKind::Blackhole)),
        ("unreachable", "", Route::nowhere(to, RouteKind::Unreachable)),
        ("prohibit", "", Route::nowhere(to, RouteKind::Prohibit)),
        ("throw", "", Route::nowhere(to, RouteKind::Throw)),
        (
            "",
            "nexthop via 192.0.2.254 dev v0 weight 2 nexthop via 203.0.113.1 dev v0 weight 256 onlink nexthop dev v1",
            Route::multipath(
                to,
                vec![
                    hop("192.0.2.254", 2),
                    Hop { onlink: true, ..hop("203.0.113.1", 256) },
                    Hop::on_link("v1", 1),
                ],
            ),
        ),
        (
            "",
            "nexthop encap ip id 7 dst 10.9.9.9 src 10.8.8.8 ttl 64 tos 8 via 192.0.2.254 dev v0 nexthop via inet6 2001:db8::fe dev v0",
            Route::multipath(
                to,
                vec![
                    Hop {
                        path: Path { encap: Some(tunnel()), ..hop("192.0.2.254", 1).path },
                        ..hop("192.0.2.254", 1)
                    },
                    Hop {
                        path: Path {
                            gateway_ipv6: Some("2001:db8::fe".parse().expect("an address")),
                            ..Hop::on_link("v0", 1).path
                        },
                        ..Hop::on_link("v0", 1)
                    },
                ],
            ),
        ),
        (
            "",
            "encap ip id 7 dst 10.9.9.9 src 10.8.8.8 ttl 64 tos 8 via 192.0.2.254 dev v0",
            encapsulated(via(), tunnel()),
        ),
        (
            "",
            "encap seg6 mode encap segs 2001:db8::a,2001:db8::b via 192.0.2.254 dev v0",
            encapsulated(via(), seg6()),
        ),
        (
            "",
            "via 192.0.2.254 dev v0 mtu lock 1400 advmss 1000 hoplimit 9 initcwnd 10 initrwnd 5 window 99 rtt 30ms rttvar 20ms rto_min 5ms ssthresh 3 cwnd 2 reordering 4 quickack 1 features ecn congctl cubic",
            Route { details: RouteDetails { metrics: all_metrics, source: None }.into(), ..via() },
        ),
        (
            "",
            "via 192.0.2.254 dev v0 src 192.0.2.2",
            Route {
                details: RouteDetails { source: Some(address("192.0.2.2")), ..RouteDetails::default() }
                    .into(),
                ..via()
            },
        ),
        ("", "via 192.0.2.254 dev v0 protocol zebra", Route { protocol: RouteProtocol::ZEBRA, ..via() }),
    ]
}

pub(crate) fn ipv6() -> Vec<(&'static str, &'static str, Route)> {
    let to = net("2001:db8:1::/48");
    let via = || Route::via(to, address("2001:db8::fe"), "v0");
    vec![
        ("", "nhid 1000000001", Route::new(to, "n6")),
        ("", "nhid 2000000001", Route::by_group(to, "g6")),
        ("", "via 2001:db8::fe dev v0", via()),
        ("", "dev v0", Route::on_link(to, "v0")),
        (
            "",
            "via 2001:db8:ffff::1 dev v0 onlink",
            Route { onlink: true, ..Route::via(to, address("2001:db8:ffff::1"), "v0") },
        ),
        ("blackhole", "", Route::nowhere(to, RouteKind::Blackhole)),
        ("unreachable", "", Route::nowhere(to, RouteKind::Unreachable)),
        ("prohibit", "", Route::nowhere(to, RouteKind::Prohibit)),
        (
            "",
            "nexthop via 2001:db8::fe dev v0 weight 2 nexthop via 2001:db8::fd dev v0",
            Route::multipath(
                to,
                vec![Hop::via(address("2001:db8::fe"), "v0", 2), Hop::via(address("2001:db8::fd"), "v0", 1)],
            ),
        ),
        (
            "",
            "encap seg6 mode encap segs 2001:db8::a,2001:db8::b via 2001:db8::fe dev v0",
            encapsulated(via(), seg6()),
        ),
        ("", "via 2001:db8::fe dev v0 mtu 1400 src 2001:db8::5", {
            let metrics = RouteMetrics { mtu: Some(1400), ..RouteMetrics::default() };
            Route { details: RouteDetails { source: Some(address("2001:db8::5")), metrics }.into(), ..via() }
        }),
    ]
}
