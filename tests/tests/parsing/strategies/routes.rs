//! Routes and the ways that they go.

use ksync_objects::{
    Hop, Nexthop, NexthopGroup, Path, Route, RouteDetails, RouteKind, RouteMetrics, Through,
};
use ksync_runtime::prelude::Ref;
use proptest::prelude::*;

use super::common::{flag, ip, ipv6, link, maybe, net, network, text, u8s, u32s};
use super::nexthops::{encaps, names, protocols, weights};
use super::structs::fields;

pub(crate) fn routes() -> BoxedStrategy<Route> {
    let kinds = prop_oneof![
        5 => Just(RouteKind::Unicast),
        1 => Just(RouteKind::Local),
        2 => proptest::sample::select(vec![
            RouteKind::Blackhole,
            RouteKind::Unreachable,
            RouteKind::Prohibit,
            RouteKind::Throw,
        ]),
    ];
    let any = fields!(Route: Route::new(ipnet::IpNet::default(), "n1") => {
        table: prop_oneof![2 => 1..=255u32, 1 => u32s()],
        destination: prop_oneof![8 => network(), 1 => net()],
        metric: u32s(),
        tos: prop_oneof![3 => Just(0), 2 => u8s().prop_map(|tos| tos & !3), 1 => u8s()],
        protocol: protocols(),
        kind: kinds,
        scope: prop_oneof![4 => Just(0), 1 => u8s(), 1 => Just(254)],
        onlink: flag(),
        through: throughs(),
        details: maybe(details()).prop_map(|details| details.map(Box::new)),
    });
    (any, proptest::bool::weighted(0.8))
        .prop_map(|(route, fitted)| if fitted { fit(route) } else { route })
        .boxed()
}

/// What belongs together: to a kind its ways, and to a family what it has.
fn fit(route: Route) -> Route {
    let v4 = route.destination.addr().is_ipv4();
    let through = match route.through {
        _ if route.kind.is_nowhere() => Through::Nowhere,
        Through::Path(path) => Through::Path(Box::new(fit_path(*path, v4))),
        Through::Multipath(hops) => {
            Through::Multipath(hops.into_iter().map(|hop| fit_hop(hop, v4)).collect())
        }
        through => through,
    };
    let has_gateway =
        matches!(&through, Through::Path(path) if path.gateway.is_some() || path.gateway_ipv6.is_some());
    let scope = match &through {
        _ if !v4 => 0,
        Through::Nexthop(_) | Through::Group(_) => 0,
        _ if route.kind == RouteKind::Local => 254,
        _ => route.scope,
    };
    let details = route.details.map(|details| RouteDetails {
        source: details.source.filter(|source| source.is_ipv4() == v4),
        metrics: fit_metrics(details.metrics),
    });
    Route {
        tos: if v4 { route.tos } else { 0 },
        scope,
        onlink: route.onlink && has_gateway,
        through,
        details: details.and_then(Into::into),
        ..route
    }
}

fn fit_path(path: Path, v4: bool) -> Path {
    let gateway = path.gateway.filter(|gateway| gateway.is_ipv4() == v4);
    Path { gateway_ipv6: path.gateway_ipv6.filter(|_| v4 && gateway.is_none()), gateway, ..path }
}

fn fit_hop(hop: Hop, v4: bool) -> Hop {
    let path = fit_path(hop.path, v4);
    let onlink = hop.onlink && (path.gateway.is_some() || path.gateway_ipv6.is_some());
    Hop { path, onlink, ..hop }
}

fn fit_metrics(metrics: RouteMetrics) -> RouteMetrics {
    let most = |value: Option<u32>, most: u32| value.map(|value| value.clamp(1, most));
    RouteMetrics {
        mtu: most(metrics.mtu, 65_520),
        advmss: most(metrics.advmss, 65_495),
        hop_limit: most(metrics.hop_limit, 255),
        ..metrics
    }
}

fn throughs() -> BoxedStrategy<Through> {
    prop_oneof![
        2 => names::<Nexthop>().prop_map(|nexthop| Through::Nexthop(Ref::to(nexthop))),
        1 => names::<NexthopGroup>().prop_map(|group| Through::Group(Box::new(Ref::to(group)))),
        3 => paths().prop_map(|path| Through::Path(Box::new(path))),
        3 => proptest::collection::vec(hops(), 0..6).prop_map(|hops| Through::Multipath(hops.into())),
        1 => Just(Through::Nowhere),
    ]
    .boxed()
}

fn paths() -> BoxedStrategy<Path> {
    let encaps = proptest::option::weighted(0.2, encaps());
    fields!(Path: Path::default() => {
        gateway: maybe(ip()),
        gateway_ipv6: maybe(ipv6()),
        link: maybe(link()),
        encap: encaps,
    })
}

fn hops() -> BoxedStrategy<Hop> {
    fields!(Hop: Hop::on_link("n1", 1) => {
        path: paths(),
        weight: weights(),
        onlink: flag(),
    })
}

fn details() -> BoxedStrategy<RouteDetails> {
    fields!(RouteDetails: RouteDetails::default() => {
        source: maybe(ip()),
        metrics: metrics(),
    })
}

fn metrics() -> BoxedStrategy<RouteMetrics> {
    let some = || maybe(prop_oneof![8 => u32s().prop_map(|number| number.max(1)), 1 => Just(0)]);
    fields!(RouteMetrics: RouteMetrics::default() => {
        mtu: some(),
        advmss: some(),
        hop_limit: some(),
        initcwnd: maybe(1..=u32::MAX),
        initrwnd: maybe(1..=u32::MAX),
        window: maybe(1..=u32::MAX),
        rtt: maybe(1..=u32::MAX),
        rttvar: maybe(1..=u32::MAX),
        rto_min: maybe(1..=u32::MAX),
        ssthresh: maybe(1..=u32::MAX),
        cwnd: maybe(1..=u32::MAX),
        reordering: maybe(1..=u32::MAX),
        quickack: maybe(1..=u32::MAX),
        features: maybe(1..=u32::MAX),
        lock: maybe(1..=u32::MAX),
        congestion_control: maybe(text(15)),
    })
}
