//! What few routes have: `RTA_PREFSRC` and `RTA_METRICS`.

use std::net::IpAddr;

use ksync_runtime::declare::{Context, Indexes, Resolver, Target};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::{AttributeField, Incoming, Outgoing, ParseError};

/// What few routes have. `None` leaves it to the kernel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RouteDetails {
    /// The address of this host that packets are sent from. `src`
    pub source: Option<IpAddr>,
    /// Properties of the way.
    pub metrics: RouteMetrics,
}

/// For the field of a [`Route`](crate::Route): nothing at all takes no room.
impl From<RouteDetails> for Option<Box<RouteDetails>> {
    fn from(details: RouteDetails) -> Self {
        (details != RouteDetails::default()).then(|| Box::new(details))
    }
}

/// Properties of the way that a route goes; what is `None`, the kernel finds out or takes from its settings.
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
pub struct RouteMetrics {
    /// The largest packet, in bytes. `mtu`
    #[ksync(nla = RTAX_MTU)]
    pub mtu: Option<u32>,
    /// The largest segment of TCP that is offered to the other end, in bytes. `advmss`
    #[ksync(nla = RTAX_ADVMSS)]
    pub advmss: Option<u32>,
    /// The hop limit of packets (TTL). `hoplimit`
    #[ksync(nla = RTAX_HOPLIMIT)]
    pub hop_limit: Option<u32>,
    /// The first congestion window of TCP, in segments. `initcwnd`
    #[ksync(nla = RTAX_INITCWND)]
    pub initcwnd: Option<u32>,
    /// The first receive window of TCP, in segments. `initrwnd`
    #[ksync(nla = RTAX_INITRWND)]
    pub initrwnd: Option<u32>,
    /// The largest window that is offered to the other end, in bytes. `window`
    #[ksync(nla = RTAX_WINDOW)]
    pub window: Option<u32>,
    /// The round-trip time to start with, in eighths of a millisecond. `rtt`
    #[ksync(nla = RTAX_RTT)]
    pub rtt: Option<u32>,
    /// How much the round-trip time varies, to start with, in quarters of a millisecond. `rttvar`
    #[ksync(nla = RTAX_RTTVAR)]
    pub rttvar: Option<u32>,
    /// The shortest time before TCP sends again, in milliseconds. `rto_min`
    #[ksync(nla = RTAX_RTO_MIN)]
    pub rto_min: Option<u32>,
    /// The slow start threshold, in segments. `ssthresh`
    #[ksync(nla = RTAX_SSTHRESH)]
    pub ssthresh: Option<u32>,
    /// The largest congestion window, in segments; with `lock` only. `cwnd`
    #[ksync(nla = RTAX_CWND)]
    pub cwnd: Option<u32>,
    /// How much packets may be reordered before TCP takes one for lost. `reordering`
    #[ksync(nla = RTAX_REORDERING)]
    pub reordering: Option<u32>,
    /// Each segment of TCP is acknowledged at once. `quickack`
    #[ksync(nla = RTAX_QUICKACK)]
    pub quickack: Option<u32>,
    /// Bits of what is allowed; 1: explicit congestion notification. `features ecn`
    #[ksync(nla = RTAX_FEATURES)]
    pub features: Option<u32>,
    /// The metrics that the kernel does not change by itself, a bit each: `1 << RTAX_MTU` and so on. `mtu lock`
    #[ksync(nla = RTAX_LOCK)]
    pub lock: Option<u32>,
    /// How TCP reacts to congestion. `congctl`
    #[ksync(nla = RTAX_CC_ALGO)]
    pub congestion_control: Option<String>,
}

/// Nothing here refers to anything.
struct NoIndexes;

impl Indexes for NoIndexes {
    fn index_of(&self, _: Target) -> Option<u32> {
        None
    }
}

pub(super) fn emit(value: &Option<Box<RouteDetails>>, message: &mut Outgoing<'_, RouteHeader>) {
    let Some(details) = value else { return };
    if let Some(source) = &details.source {
        message.attributes.put(RTA_PREFSRC, source);
    }
    if details.metrics != RouteMetrics::default() {
        let context = Context::new(None, &NoIndexes, false);
        AttributeField::emit(&details.metrics, RTA_METRICS, &mut message.attributes, &context);
    }
}

pub(super) fn parse(message: &Incoming<'_, RouteHeader>) -> Result<Option<Box<RouteDetails>>, ParseError> {
    let resolver = Resolver::empty();
    let source: Option<IpAddr> = AttributeField::parse(RTA_PREFSRC, &message.attributes, &resolver)?;
    let metrics: Option<RouteMetrics> = AttributeField::parse(RTA_METRICS, &message.attributes, &resolver)?;
    Ok(RouteDetails { source, metrics: metrics.unwrap_or_default() }.into())
}
