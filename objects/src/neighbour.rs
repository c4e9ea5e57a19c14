//! Neighbours that are told, not asked for, and addresses that are answered for: `ip neighbour`.

use std::net::IpAddr;

use ksync_runtime::prelude::*;

use crate::Link;
use crate::ethernet;

/// Which hardware address a neighbour has.
///
/// ```text
/// ip neighbour replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev eth0 nud permanent
/// ip neighbour replace 2001:db8::9 lladdr 02:00:00:00:00:09 dev eth0 nud noarp router extern_learn
/// ```
///
/// The kernel drops all neighbours of a link that goes down, without a word, and does not bring them back.
///
/// ```
/// use ksync_objects::Neighbour;
/// use ksync_runtime::prelude::*;
///
/// let nine = Neighbour::new("eth0", "192.0.2.9".parse()?, MacAddr6::new(2, 0, 0, 0, 0, 9));
/// assert!(nine.check().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NeighbourHeader,
    add = RTM_NEWNEIGH, delete = RTM_DELNEIGH, get = RTM_GETNEIGH,
)]
pub struct Neighbour {
    /// The link that it is on. `dev`
    #[depends_on]
    #[ksync(key, header = ndm_ifindex)]
    pub link: Ref<Link>,
    /// Its address.
    #[ksync(key, nla = NDA_DST, family = ndm_family)]
    pub address: IpAddr,
    /// Its hardware address. `lladdr`
    #[ksync(nla = NDA_LLADDR, with = ethernet)]
    pub mac: MacAddr6,
    /// How sure it is. `nud`
    #[ksync(header = ndm_state, check = is_lasting)]
    pub state: NeighbourState,
    /// It is a router. `router`
    #[ksync(header = ndm_flags, bit = NTF_ROUTER)]
    pub router: bool,
    /// A control plane learnt it; the kernel does not age it. `extern_learn`
    #[ksync(header = ndm_flags, bit = NTF_EXT_LEARNED)]
    pub extern_learn: bool,
}

impl Neighbour {
    /// One that stays.
    #[must_use]
    pub fn new(link: impl Into<String>, address: IpAddr, mac: MacAddr6) -> Self {
        Neighbour {
            link: Ref::to(link),
            address,
            mac,
            state: NeighbourState::Permanent,
            router: false,
            extern_learn: false,
        }
    }
}

/// How sure a neighbour is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u16)]
pub enum NeighbourState {
    /// It stays, and is never asked for. `permanent`
    #[ksync(value = NUD_PERMANENT)]
    Permanent,
    /// It is never asked for, but may go when room is needed. `noarp`
    #[ksync(value = NUD_NOARP)]
    NoArp,
    /// A state that the kernel finds out by itself: nothing to declare.
    #[ksync(other)]
    Other(u16),
}

fn is_lasting(state: &NeighbourState) -> Result<(), String> {
    match state {
        NeighbourState::Other(number) => {
            Err(format!("the kernel finds out state {number:#x} by itself: declare `Permanent` or `NoArp`"))
        }
        _ => Ok(()),
    }
}

/// An address that this host answers for. `ip neighbour add proxy 192.0.2.20 dev eth0`
///
/// The kernel drops these too when the link goes down.
///
/// ```
/// use ksync_objects::ProxyNeighbour;
///
/// let proxy = ProxyNeighbour::new("eth0", "2001:db8::20".parse()?);
/// assert!(!proxy.router);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = NeighbourHeader,
    add = RTM_NEWNEIGH, delete = RTM_DELNEIGH, get = RTM_GETNEIGH,
    fill(ndm_flags = NTF_PROXY, on(add, change, delete, get)),
)]
pub struct ProxyNeighbour {
    /// The link on which it is asked for. `dev`
    #[depends_on]
    #[ksync(key, header = ndm_ifindex)]
    pub link: Ref<Link>,
    /// The address.
    #[ksync(key, nla = NDA_DST, family = ndm_family)]
    pub address: IpAddr,
    /// Answer as a router. `router`
    #[ksync(header = ndm_flags, bit = NTF_ROUTER)]
    pub router: bool,
}

impl ProxyNeighbour {
    /// An address that is answered for on that link.
    #[must_use]
    pub fn new(link: impl Into<String>, address: IpAddr) -> Self {
        ProxyNeighbour { link: Ref::to(link), address, router: false }
    }
}
