//! Nexthop objects: `ip nexthop`.

use std::net::IpAddr;

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use crate::encap::Encap;
use crate::route_family::Family;
use crate::route_protocol::RouteProtocol;
use crate::{Link, Name};

/// A nexthop: where packets go next, shared by any number of routes.
///
/// ```text
/// ip nexthop add id 1000000000 via 192.0.2.254 dev eth0 protocol static
/// ip nexthop add id 1000000001 dev eth0 protocol static             # Nexthop::on_link
/// ip -6 nexthop add id 1000000002 dev eth0 protocol static          # family: Family::V6
/// ip nexthop add id 1000000003 blackhole protocol static            # Nexthop::blackhole
/// ```
///
/// The kernel knows nexthops by number, and all programs in a network namespace share the numbers (zebra
/// starts at 2, the kernel's own choice at 1). KSync allocates from 1,000,000,000 to 1,999,999,999. The kernel
/// deletes a nexthop without asking whose it is.
///
/// Everything about a nexthop changes in place, its family too. Removing one makes the kernel drop the routes that
/// use it, without a word for IPv4, and takes it out of its groups.
///
/// # A nexthop of a million routes
///
/// Giving it another gateway is one write, however many routes use it. How long the kernel takes over that depends on
/// `net.ipv4.nexthop_compat_mode` of the namespace: with 1, which is the default, it tells every listener of each
/// route that moved along, which took 615 to 910 ms for a million routes on the machine that we measured on; with 0 it
/// tells of the nexthop alone, which took 0.03 to 0.2 ms. Declare [`Sysctl`](crate::Sysctl)
/// `net.ipv4.nexthop_compat_mode` = `0` where a gateway has to change at once, and nobody in the namespace depends on
/// seeing gateways in routes: with 0 a route shows the number of its nexthop and nothing else, to `ip route` as to
/// daemons that know no nexthop objects. Leave it at 1 where such programs run.
///
/// ```
/// use ksync_objects::Nexthop;
/// use ksync_runtime::prelude::*;
///
/// let core = Nexthop::via("core1", "192.0.2.254".parse()?, "eth0");
/// assert_eq!(core.key(), "core1");
/// assert!(core.check().is_ok());
///
/// let nowhere = Nexthop { link: None, ..core };
/// assert_eq!(nowhere.check().unwrap_err().to_string(), "link: a gateway is behind a link, and none is named");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NexthopHeader,
    add = RTM_NEWNEXTHOP, delete = RTM_DELNEXTHOP, get = RTM_GETNEXTHOP,
    // The kernel refuses a delete, and a get, whose header is not all zero; so no field of it is written there.
    index(from = ksync, range = 1_000_000_000..=1_999_999_999, nla = NHA_ID),
    flushes_dependents,
    check = check,
)]
pub struct Nexthop {
    /// The agent's own name for it. The kernel never sees it.
    #[ksync(key)]
    pub name: Name,
    /// The packets' family, which is the gateway's. Routes of IPv4 may use nexthops of both, those of IPv6 may not.
    /// `ip -4`, `ip -6`
    #[ksync(header = nh_family)]
    pub family: Family,
    /// The router. `None`: the destination is on the link itself. `via`
    #[ksync(nla = NHA_GATEWAY)]
    pub gateway: Option<IpAddr>,
    /// The link that leads there. `dev`
    #[depends_on]
    #[ksync(nla = NHA_OIF)]
    pub link: Option<Ref<Link>>,
    /// The gateway is on the link even if no address there says so. `onlink`
    #[ksync(header = nh_flags, bit = RTNH_F_ONLINK)]
    pub onlink: bool,
    /// Packets are dropped without a word; the kernel wants the loopback link up for it. `blackhole`
    #[ksync(with = blackhole)]
    pub blackhole: bool,
    /// What is put around the packets. `encap`
    #[ksync(with = encap)]
    pub encap: Option<Encap>,
    /// Who installed it: the mark by which one's own nexthops are known. `protocol`
    #[ksync(header = nh_protocol, check = RouteProtocol::check)]
    pub protocol: RouteProtocol,
}

impl Nexthop {
    /// A router behind a link.
    #[must_use]
    pub fn via(name: impl Into<Name>, gateway: IpAddr, link: impl Into<String>) -> Self {
        Nexthop { family: Family::of(gateway), gateway: Some(gateway), ..Nexthop::on_link(name, link) }
    }

    /// The link itself, for IPv4; for IPv6 say `family: Family::V6` as well.
    #[must_use]
    pub fn on_link(name: impl Into<Name>, link: impl Into<String>) -> Self {
        Nexthop { link: Some(Ref::to(link)), blackhole: false, ..Nexthop::blackhole(name, Family::V4) }
    }

    /// Nowhere.
    #[must_use]
    pub fn blackhole(name: impl Into<Name>, family: Family) -> Self {
        Nexthop {
            name: name.into(),
            family,
            gateway: None,
            link: None,
            onlink: false,
            blackhole: true,
            encap: None,
            protocol: RouteProtocol::STATIC,
        }
    }
}

/// What the kernel would refuse, or forget.
fn check(nexthop: &Nexthop) -> Result<(), Invalid> {
    let wrong = |field, reason: String| Err(Invalid { field, reason });
    let Nexthop { family, gateway, link, onlink, blackhole, encap, .. } = nexthop;
    if *blackhole {
        return match (gateway, link, onlink, encap) {
            (None, None, false, None) => Ok(()),
            (Some(_), ..) => wrong("gateway", "a blackhole leads to no gateway".to_owned()),
            (_, Some(_), ..) => wrong("link", "a blackhole leads to no link".to_owned()),
            (.., true, _) => wrong("onlink", "a blackhole has no gateway that could be on a link".to_owned()),
            (.., Some(_)) => wrong("encap", "nothing leaves a blackhole in a tunnel".to_owned()),
        };
    }
    match gateway {
        None if link.is_none() => {
            return wrong("link", "name the link that it leads to, or say `blackhole`".to_owned());
        }
        Some(_) if link.is_none() => {
            return wrong("link", "a gateway is behind a link, and none is named".to_owned());
        }
        Some(gateway) if Family::of(*gateway) != *family => {
            return wrong("gateway", format!("{gateway} is no address of {family}, as `family` says"));
        }
        Some(gateway) if gateway.is_unspecified() || gateway.is_multicast() => {
            return wrong("gateway", format!("{gateway} is no address that a router can have"));
        }
        None if *onlink => {
            return wrong("onlink", "there is no gateway that could be on the link".to_owned());
        }
        _ => {}
    }
    encap.as_ref().map_or(Ok(()), Encap::check)
}

/// `NHA_BLACKHOLE`, which is there or not.
mod blackhole {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError};

    pub(super) fn emit(value: &bool, message: &mut Outgoing<'_, NexthopHeader>) {
        if *value {
            message.attributes.flag(NHA_BLACKHOLE);
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the signature of a codec")]
    pub(super) fn parse(message: &Incoming<'_, NexthopHeader>) -> Result<bool, ParseError> {
        Ok(message.attributes.get(NHA_BLACKHOLE).is_some())
    }
}

/// `NHA_ENCAP_TYPE` and `NHA_ENCAP`.
mod encap {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError};

    use crate::encap::{Encap, Place};

    pub(super) fn emit(value: &Option<Encap>, message: &mut Outgoing<'_, NexthopHeader>) {
        if let Some(encap) = value {
            encap.emit(Place::NEXTHOP, &mut message.attributes);
        }
    }

    pub(super) fn parse(message: &Incoming<'_, NexthopHeader>) -> Result<Option<Encap>, ParseError> {
        Encap::parse(Place::NEXTHOP, &message.attributes)
    }
}
