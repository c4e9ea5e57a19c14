//! Nexthop objects: `ip nexthop`.

use std::net::IpAddr;

use ksync_runtime::prelude::*;

use crate::Link;

/// A nexthop: where packets go next, shared by any number of routes.
///
/// ```text
/// ip nexthop add id 1000000000 via 192.0.2.254 dev eth0 protocol static
/// ip nexthop add id 1000000001 dev eth0 protocol static        # gateway: None
/// ```
///
/// The kernel knows nexthops by number, and all programs in a network namespace share the numbers (zebra
/// starts at 2, the kernel's own choice at 1). KSync allocates from 1,000,000,000 to 1,999,999,999.
///
/// Removing a nexthop makes the kernel drop the routes that use it, without a word for IPv4.
///
/// ```
/// use ksync_objects::Nexthop;
/// use ksync_runtime::prelude::*;
///
/// let core = Nexthop::via("core1", "192.0.2.254".parse()?, "eth0");
/// assert_eq!(core.key(), "core1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NexthopHeader,
    add = RTM_NEWNEXTHOP, delete = RTM_DELNEXTHOP, get = RTM_GETNEXTHOP,
    // The kernel refuses a delete, and a get, whose header is not all zero.
    fill(nh_family = family(self.gateway), nh_protocol = RTPROT_STATIC, on(add, change)),
    index(from = ksync, range = 1_000_000_000..=1_999_999_999, nla = NHA_ID),
    flushes_dependents,
)]
pub struct Nexthop {
    /// The agent's own name for it. The kernel never sees it.
    #[ksync(key)]
    pub name: String,
    /// The router. `None`: the destination is on the link itself. `via`
    #[ksync(nla = NHA_GATEWAY)]
    pub gateway: Option<IpAddr>,
    /// The link that leads there. `dev`
    #[depends_on]
    #[ksync(nla = NHA_OIF)]
    pub link: Ref<Link>,
    /// The gateway is on the link even if no address there says so. `onlink`
    #[ksync(header = nh_flags, bit = RTNH_F_ONLINK)]
    pub onlink: bool,
}

impl Nexthop {
    /// A router behind a link.
    #[must_use]
    pub fn via(name: impl Into<String>, gateway: IpAddr, link: impl Into<String>) -> Self {
        Nexthop { gateway: Some(gateway), ..Nexthop::on_link(name, link) }
    }

    /// The link itself.
    #[must_use]
    pub fn on_link(name: impl Into<String>, link: impl Into<String>) -> Self {
        Nexthop { name: name.into(), gateway: None, link: Ref::to(link), onlink: false }
    }
}

/// A nexthop without a gateway is one of IPv4; IPv6 routes can't use it.
fn family(gateway: Option<IpAddr>) -> u8 {
    match gateway {
        Some(IpAddr::V6(_)) => AF_INET6,
        Some(IpAddr::V4(_)) | None => AF_INET,
    }
}
