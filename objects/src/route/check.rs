//! What can be known to be wrong with a route before the kernel is asked.

use std::net::IpAddr;

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;
use ksync_runtime::wire::AttributeField;

use super::{IPV6_METRIC, Path, Route, RouteDetails, RouteKind, Through};
use crate::route_family::Family;

/// `IP_MAX_MTU - 16`, the largest that the kernel keeps (`fib_metrics.c`).
const LARGEST_MTU: u32 = 65_520;
/// What is left of it for TCP.
const LARGEST_ADVMSS: u32 = 65_495;

fn wrong(field: &'static str, reason: impl Into<String>) -> Result<(), Invalid> {
    Err(Invalid { field, reason: reason.into() })
}

pub(super) fn check(route: &Route) -> Result<(), Invalid> {
    let family = Family::of(route.destination.addr());
    place(route, family)?;
    scope(route, family)?;
    way(route, family)?;
    route.details.as_deref().map_or(Ok(()), |details| check_details(details, family))
}

/// The key must be the one that the kernel stores.
fn place(route: &Route, family: Family) -> Result<(), Invalid> {
    if route.table == RT_TABLE_UNSPEC {
        return wrong("table", format!("the kernel takes 0 for the main table; say {RT_TABLE_MAIN}"));
    }
    if route.metric == 0 && family == Family::V6 {
        return wrong(
            "metric",
            format!(
                "the kernel stores metric 0 of an IPv6 route as {IPV6_METRIC}, and would not know the route \
                 by 0 again; say {IPV6_METRIC}, or use `Route::new`"
            ),
        );
    }
    if route.tos != 0 && family == Family::V6 {
        return wrong("tos", "routes of IPv6 are for packets of any traffic class");
    }
    if route.tos & 0x03 != 0 {
        return wrong(
            "tos",
            format!("{:#04x} has bits of congestion notification, which no route looks at", route.tos),
        );
    }
    Ok(())
}

fn scope(route: &Route, family: Family) -> Result<(), Invalid> {
    if family == Family::V6 {
        return match route.scope {
            RT_SCOPE_UNIVERSE => Ok(()),
            scope => wrong("scope", format!("routes of IPv6 have none, so it is 0, and not {scope}")),
        };
    }
    match (route.kind, &route.through, route.scope) {
        (_, _, RT_SCOPE_NOWHERE) => wrong("scope", "255 is nowhere; a route is somewhere"),
        (RouteKind::Local, _, RT_SCOPE_HOST) => Ok(()),
        (RouteKind::Local, _, scope) => {
            wrong("scope", format!("what is local has scope {RT_SCOPE_HOST}, and not {scope}"))
        }
        (_, Through::Nexthop(_) | Through::Group(_), scope) if scope != RT_SCOPE_UNIVERSE => {
            wrong("scope", format!("by way of a nexthop object it is 0, and not {scope}"))
        }
        (_, Through::Path(path), scope) if path.has_gateway() && scope >= RT_SCOPE_LINK => {
            wrong("scope", format!("what is behind a gateway is farther away than {scope}"))
        }
        _ => Ok(()),
    }
}

fn way(route: &Route, family: Family) -> Result<(), Invalid> {
    let onlink = |reason| if route.onlink { wrong("onlink", reason) } else { Ok(()) };
    match &route.through {
        Through::Nowhere if route.kind.is_nowhere() => onlink("there is no gateway that could be on a link"),
        Through::Nowhere => wrong("through", "packets that are not dropped or refused need a way to go"),
        _ if route.kind.is_nowhere() => {
            wrong("through", format!("a route of kind {:?} leads nowhere, so it has no way", route.kind))
        }
        Through::Nexthop(_) | Through::Group(_) => onlink("by way of a nexthop object, that one says so"),
        Through::Path(path) => {
            path.check(family)?;
            if path.has_gateway() { Ok(()) } else { onlink("there is no gateway that could be on the link") }
        }
        Through::Multipath(hops) => {
            if hops.len() < 2 {
                let reason =
                    format!("{} ways; several are two at least, and one is a `Through::Path`", hops.len());
                return wrong("through", reason);
            }
            for hop in hops {
                if let Err(reason) = hop.weight.check() {
                    return wrong("through", reason);
                }
                if hop.onlink && !hop.path.has_gateway() {
                    return wrong("through", "onlink: there is no gateway that could be on the link");
                }
                hop.path.check(family)?;
            }
            onlink("each of several ways says so by itself")
        }
    }
}

impl Path {
    fn has_gateway(&self) -> bool {
        self.gateway.is_some() || self.gateway_ipv6.is_some()
    }

    fn check(&self, family: Family) -> Result<(), Invalid> {
        let field = "through";
        match (self.gateway, self.gateway_ipv6) {
            (Some(gateway), None) if Family::of(gateway) != family => {
                let cure = if family == Family::V4 { "; say `gateway_ipv6`" } else { "" };
                return wrong(field, format!("gateway {gateway} is no address of {family}{cure}"));
            }
            (Some(_), Some(_)) => return wrong(field, "one way has one gateway, and not two"),
            (None, Some(gateway)) if family == Family::V6 => {
                return wrong(field, format!("{gateway} is the gateway's own family; say `gateway`"));
            }
            (Some(gateway), None) if gateway.is_unspecified() || gateway.is_multicast() => {
                return wrong(field, format!("gateway {gateway} is no address that a router can have"));
            }
            (None, None) if self.link.is_none() => return wrong(field, "neither a gateway nor a link"),
            _ => {}
        }
        let Some(encap) = &self.encap else { return Ok(()) };
        encap.check().map_err(|inside| Invalid { field, reason: inside.to_string() })
    }
}

fn check_details(details: &RouteDetails, family: Family) -> Result<(), Invalid> {
    let field = "details";
    if details == &RouteDetails::default() {
        return wrong(field, "nothing is in it; leave it out, or use `.into()`");
    }
    if let Some(source) = details.source
        && (Family::of(source) != family || IpAddr::is_unspecified(&source))
    {
        return wrong(field, format!("source: {source} is no address of {family} to send from"));
    }
    let metrics = &details.metrics;
    if let Err(inside) = AttributeField::check(metrics) {
        return wrong(field, inside.to_string());
    }
    let limits = [
        ("mtu", metrics.mtu, LARGEST_MTU),
        ("advmss", metrics.advmss, LARGEST_ADVMSS),
        ("hop_limit", metrics.hop_limit, 255),
        ("initcwnd", metrics.initcwnd, u32::MAX),
        ("initrwnd", metrics.initrwnd, u32::MAX),
        ("window", metrics.window, u32::MAX),
        ("rtt", metrics.rtt, u32::MAX),
        ("rttvar", metrics.rttvar, u32::MAX),
        ("rto_min", metrics.rto_min, u32::MAX),
        ("ssthresh", metrics.ssthresh, u32::MAX),
        ("cwnd", metrics.cwnd, u32::MAX),
        ("reordering", metrics.reordering, u32::MAX),
        ("quickack", metrics.quickack, u32::MAX),
        ("features", metrics.features, u32::MAX),
        ("lock", metrics.lock, u32::MAX),
    ];
    match limits.iter().find(|(_, value, most)| value.is_some_and(|value| value == 0 || value > *most)) {
        Some((name, Some(0), _)) => {
            wrong(field, format!("{name}: the kernel takes 0 for none; leave it out"))
        }
        Some((name, value, most)) => {
            let value = value.unwrap_or_default();
            wrong(field, format!("{name}: {value} is more than the kernel keeps, which is {most}"))
        }
        None => Ok(()),
    }
}
