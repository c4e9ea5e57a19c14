//! Routes: `ip route`.

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use crate::Nexthop;

/// A route by way of a nexthop object.
///
/// ```text
/// ip route add 198.51.100.0/24 nhid 1000000000 protocol static
/// ip -6 route add 2001:db8:1::/48 nhid 1000000000 protocol static metric 1024
/// ```
///
/// Routes of this kind carry the mark `RTPROT_STATIC`, also when they are deleted: a route that another
/// program put in the same place stays. Routes without a nexthop object are no business of this kind.
///
/// ```
/// use ksync_objects::Route;
/// use ksync_runtime::prelude::*;
///
/// let route = Route::new("198.51.100.0/24".parse()?, "core1");
/// assert_eq!((route.table, route.metric), (254, 0));
/// assert!(route.check().is_ok());
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
    fill(rtm_protocol = RTPROT_STATIC, rtm_type = RTN_UNICAST, rtm_scope = RT_SCOPE_UNIVERSE),
    check = has_a_metric_that_stays,
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
    /// Where they go. `nhid`
    #[depends_on]
    #[ksync(nla = RTA_NH_ID)]
    pub nexthop: Ref<Nexthop>,
}

/// The metric that the kernel gives to IPv6 routes which ask for none (`IP6_RT_PRIO_USER`).
const IPV6_METRIC: u32 = 1024;

impl Route {
    /// A route in the main table, with the metric that the kernel would choose: 0 for IPv4, 1024 for IPv6.
    #[must_use]
    pub fn new(destination: IpNet, nexthop: impl Into<String>) -> Self {
        let metric = if destination.addr().is_ipv4() { 0 } else { IPV6_METRIC };
        Route { table: RT_TABLE_MAIN, destination, metric, nexthop: Ref::to(nexthop) }
    }
}

/// The metric is part of the key, so it must be the one that the kernel stores.
fn has_a_metric_that_stays(route: &Route) -> Result<(), Invalid> {
    if route.metric == 0 && route.destination.addr().is_ipv6() {
        return Err(Invalid {
            field: "metric",
            reason: format!(
                "the kernel stores metric 0 of an IPv6 route as {IPV6_METRIC}, and would not know the route \
                 by 0 again; say {IPV6_METRIC}, or use `Route::new`"
            ),
        });
    }
    Ok(())
}
