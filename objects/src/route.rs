//! Routes: `ip route`.

mod check;
mod details;
mod header;
mod paths;
mod through;

use ksync_runtime::prelude::*;

use crate::route_protocol::RouteProtocol;
use crate::{Link, Name, Nexthop, NexthopGroup};
pub use details::{RouteDetails, RouteMetrics};
pub use header::RouteKind;
pub use paths::{Hop, Path};
pub use through::Through;

/// A route.
///
/// ```text
/// ip route add 198.51.100.0/24 nhid 1000000000 protocol static                  # Route::new
/// ip -6 route add 2001:db8:1::/48 nhid 2000000000 protocol static metric 1024   # Route::by_group
/// ip route add 198.51.100.0/24 via 192.0.2.254 dev eth0 protocol static         # Route::via
/// ip route add 198.51.100.0/24 dev eth0 protocol static                         # Route::on_link
/// ip route add 198.51.100.0/24 protocol static nexthop via 192.0.2.254 dev eth0 weight 2 nexthop dev eth1
/// ip route add blackhole 198.51.100.0/24 protocol static                        # Route::nowhere
/// ```
///
/// Routes by way of a nexthop object are the fast ones, in writing and in changing where they go; the others are for
/// who has no such object. All but the key changes in place.
///
/// A route is deleted by its key and its `protocol`: one that another program put in the same place stays.
///
/// The plain route takes 72 bytes; what few routes have stands in boxes.
///
/// ```
/// use ksync_objects::{Route, RouteDetails, RouteMetrics};
/// use ksync_runtime::prelude::*;
///
/// let route = Route::new("198.51.100.0/24".parse()?, "core1");
/// assert_eq!((route.table, route.metric), (254, 0));
/// assert!(route.check().is_ok());
///
/// // ip route add 198.51.100.0/24 nhid 1000000000 protocol static mtu 1400
/// let metrics = RouteMetrics { mtu: Some(1400), ..RouteMetrics::default() };
/// let narrow = Route { details: RouteDetails { metrics, source: None }.into(), ..route };
/// assert!(narrow.check().is_ok());
///
/// let host_bits = Route::new("198.51.100.1/24".parse()?, "core1");
/// assert_eq!(
///     host_bits.check().unwrap_err().to_string(),
///     "destination: 198.51.100.1/24 has host bits set; the prefix is 198.51.100.0/24",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = RouteHeader,
    add = RTM_NEWROUTE, delete = RTM_DELROUTE, get = RTM_GETROUTE,
    // A delete names neither type nor way: what stands in the place goes, if it is ours.
    fill(rtm_scope = self.any_scope(), on(delete)),
    check = check::check,
)]
pub struct Route {
    /// The routing table; 254 is the main one. `table`
    #[ksync(key, with = wire::table)]
    pub table: u32,
    /// The packets that it is for; no host bits.
    #[ksync(key, with = wire::prefix, check = wire::prefix::check)]
    pub destination: IpNet,
    /// Lower is better. For IPv6 at least 1. `metric`
    #[ksync(key, nla = RTA_PRIORITY, default)]
    pub metric: u32,
    /// IPv4: for packets with this field `tos` only; 0: for all. `tos`, `dsfield`
    #[ksync(key, header = rtm_tos)]
    pub tos: u8,
    /// Who installed it: the mark by which one's own routes are known. `protocol`
    #[ksync(header = rtm_protocol, on(add, change, delete), check = RouteProtocol::check)]
    pub protocol: RouteProtocol,
    /// What becomes of the packets. `ip route add blackhole` and so on
    #[ksync(with = header::kind, on(add, change))]
    pub kind: RouteKind,
    /// IPv4: how far away the destination is. For what is on a link itself 253 (`link`), for this host 254 (`host`),
    /// otherwise 0 (`global`). `scope`
    #[ksync(header = rtm_scope, on(add, change))]
    pub scope: u8,
    /// The gateway is on the link even if no address there says so. `onlink`
    #[ksync(with = header::onlink, on(add, change))]
    pub onlink: bool,
    /// Where the packets go.
    #[depends_on(Nexthop, NexthopGroup, Link)]
    #[ksync(nla = RTA_NH_ID)]
    pub through: Through,
    /// What few routes have.
    #[ksync(with = details)]
    pub details: Option<Box<RouteDetails>>,
}

/// The metric that the kernel gives to IPv6 routes which ask for none (`IP6_RT_PRIO_USER`).
const IPV6_METRIC: u32 = 1024;

impl Route {
    /// A route by way of a nexthop, in the main table, with the metric that the kernel would choose: 0 for IPv4,
    /// 1024 for IPv6.
    #[must_use]
    pub fn new(destination: IpNet, nexthop: impl Into<Name>) -> Self {
        Route::of(destination, RouteKind::Unicast, Through::Nexthop(Ref::to(nexthop)))
    }

    /// The same by way of a group of nexthops.
    #[must_use]
    pub fn by_group(destination: IpNet, group: impl Into<Name>) -> Self {
        Route::of(destination, RouteKind::Unicast, Through::Group(Box::new(Ref::to(group))))
    }

    /// The same by way of a router behind a link, without a nexthop object.
    #[must_use]
    pub fn via(destination: IpNet, gateway: std::net::IpAddr, link: impl Into<String>) -> Self {
        let path = Path { gateway: Some(gateway), link: Some(Ref::to(link)), ..Path::default() };
        Route::of(destination, RouteKind::Unicast, Through::Path(Box::new(path)))
    }

    /// The same to what is on a link itself, without a nexthop object.
    #[must_use]
    pub fn on_link(destination: IpNet, link: impl Into<String>) -> Self {
        let scope = if destination.addr().is_ipv4() { RT_SCOPE_LINK } else { RT_SCOPE_UNIVERSE };
        let path = Path { link: Some(Ref::to(link)), ..Path::default() };
        Route { scope, ..Route::of(destination, RouteKind::Unicast, Through::Path(Box::new(path))) }
    }

    /// The same by several ways at once, without a nexthop object.
    #[must_use]
    pub fn multipath(destination: IpNet, hops: Vec<Hop>) -> Self {
        Route::of(destination, RouteKind::Unicast, Through::Multipath(hops.into()))
    }

    /// No way: packets are dropped, refused, or left to the next rule.
    #[must_use]
    pub fn nowhere(destination: IpNet, kind: RouteKind) -> Self {
        Route::of(destination, kind, Through::Nowhere)
    }

    fn of(destination: IpNet, kind: RouteKind, through: Through) -> Self {
        Route {
            table: RT_TABLE_MAIN,
            destination,
            metric: if destination.addr().is_ipv4() { 0 } else { IPV6_METRIC },
            tos: 0,
            protocol: RouteProtocol::STATIC,
            kind,
            scope: RT_SCOPE_UNIVERSE,
            onlink: false,
            through,
            details: None,
        }
    }

    /// The name of the nexthop object that it goes by.
    #[must_use]
    pub fn nexthop(&self) -> Option<&Name> {
        match &self.through {
            Through::Nexthop(nexthop) => Some(nexthop.key()),
            _ => None,
        }
    }

    /// What a delete says of the scope, so that it matches a route of any.
    fn any_scope(&self) -> u8 {
        RT_SCOPE_NOWHERE
    }
}
