//! The options of vxlan tunnels.

use std::net::IpAddr;
use std::time::Duration;

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use super::Link;

/// A VXLAN tunnel. `ip link add vx100 type vxlan id 100 dstport 4789`
///
/// Options that are `None` are left as the kernel likes them. The kernel changes `remote`, `local`, `ttl`, `tos`,
/// `df`, `flow_label`, `learning`, `ageing` and `lower` in place; the others take a new tunnel, and so do addresses of
/// the other family. A tunnel without addresses is one of IPv4, and refuses those of IPv6: remove it first.
///
/// ```
/// use ksync_objects::{Link, LinkKind, Vxlan};
/// use ksync_runtime::prelude::*;
///
/// // ip link add vx100 up type vxlan id 100 local 192.0.2.1 dstport 4789 nolearning
/// let local = Some("192.0.2.1".parse()?);
/// let tunnel = Vxlan { local, port: Some(4789), learning: Some(false), ..Vxlan::new(100) };
/// assert!(Link::new("vx100", LinkKind::Vxlan(tunnel)).check().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
pub struct Vxlan {
    /// The network identifier, below 2^24. `id`
    #[ksync(nla = IFLA_VXLAN_ID, immutable, check = is_vxlan_id)]
    pub id: u32,
    /// Where packets for unknown stations go: a host, or a multicast group. `remote`, `group`
    #[ksync(nla = (IFLA_VXLAN_GROUP, IFLA_VXLAN_GROUP6))]
    pub remote: Option<IpAddr>,
    /// The source address of the tunnel. `local`
    #[ksync(nla = (IFLA_VXLAN_LOCAL, IFLA_VXLAN_LOCAL6))]
    pub local: Option<IpAddr>,
    /// The UDP port. The kernel's own default is 8472, the assigned one is 4789. `dstport`
    #[ksync(nla = IFLA_VXLAN_PORT, be, immutable)]
    pub port: Option<u16>,
    /// The UDP ports that packets come from, first and last. `srcport`
    #[ksync(nla = IFLA_VXLAN_PORT_RANGE, with = port_range, immutable)]
    pub source_ports: Option<(u16, u16)>,
    /// Time to live of the outer packets; 0 for that of the system. `ttl`
    #[ksync(nla = IFLA_VXLAN_TTL)]
    pub ttl: Option<u8>,
    /// Type of service of the outer packets; 1 takes that of the inner ones. `tos`
    #[ksync(nla = IFLA_VXLAN_TOS)]
    pub tos: Option<u8>,
    /// The bit "don't fragment" of outer IPv4 packets. `df`
    #[ksync(nla = IFLA_VXLAN_DF)]
    pub df: Option<DontFragment>,
    /// The flow label of outer IPv6 packets, 20 bits. `flowlabel`
    #[ksync(nla = IFLA_VXLAN_LABEL, be, check = is_label)]
    pub flow_label: Option<u32>,
    /// Learn from packets which host a station is behind. `learning`, `nolearning`
    #[ksync(nla = IFLA_VXLAN_LEARNING)]
    pub learning: Option<bool>,
    /// When a learnt station is forgotten, in whole seconds. `ageing`
    #[ksync(nla = IFLA_VXLAN_AGEING, unit = seconds)]
    pub ageing: Option<Duration>,
    /// How many stations are learnt; 0 for no limit. `maxaddress`
    #[ksync(nla = IFLA_VXLAN_LIMIT, immutable)]
    pub max_addresses: Option<u32>,
    /// Answer ARP for stations that are known. `proxy`, `noproxy`
    #[ksync(nla = IFLA_VXLAN_PROXY, immutable)]
    pub proxy: Option<bool>,
    /// Route past the router where the station is known. `rsc`, `norsc`
    #[ksync(nla = IFLA_VXLAN_RSC, immutable)]
    pub rsc: Option<bool>,
    /// Tell user space of unknown stations. `l2miss`, `nol2miss`
    #[ksync(nla = IFLA_VXLAN_L2MISS, immutable)]
    pub l2miss: Option<bool>,
    /// Tell user space of unknown addresses. `l3miss`, `nol3miss`
    #[ksync(nla = IFLA_VXLAN_L3MISS, immutable)]
    pub l3miss: Option<bool>,
    /// Checksums in outer IPv4 packets. `udpcsum`, `noudpcsum`
    #[ksync(nla = IFLA_VXLAN_UDP_CSUM, immutable)]
    pub udp_csum: Option<bool>,
    /// No checksums in outer IPv6 packets. `udp6zerocsumtx`, `noudp6zerocsumtx`
    #[ksync(nla = IFLA_VXLAN_UDP_ZERO_CSUM6_TX, immutable)]
    pub udp_zero_csum6_tx: Option<bool>,
    /// Take outer IPv6 packets without checksums. `udp6zerocsumrx`, `noudp6zerocsumrx`
    #[ksync(nla = IFLA_VXLAN_UDP_ZERO_CSUM6_RX, immutable)]
    pub udp_zero_csum6_rx: Option<bool>,
    /// The link that the tunnel's packets leave through. `dev`
    #[depends_on]
    #[ksync(nla = IFLA_VXLAN_LINK)]
    pub lower: Option<Ref<Link>>,
}

impl Vxlan {
    /// A tunnel with that network identifier, all else as the kernel likes it.
    #[must_use]
    pub fn new(id: u32) -> Self {
        Vxlan { id, ..Vxlan::default() }
    }

    /// What no single option can tell.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let multicast = self.remote.is_some_and(|remote| remote.is_multicast());
        if multicast && self.lower.is_none() {
            let reason = "a multicast group is joined on a link: name it as `lower`".to_owned();
            return Err(Invalid { field: "remote", reason });
        }
        if let (Some(remote), Some(local)) = (self.remote, self.local)
            && remote.is_ipv4() != local.is_ipv4()
        {
            let reason = format!("{local} and the remote {remote} are of different families");
            return Err(Invalid { field: "local", reason });
        }
        if self.local.is_some_and(|local| local.is_multicast()) {
            return Err(Invalid { field: "local", reason: "a multicast group sends nothing".to_owned() });
        }
        Ok(())
    }
}

/// Whether the outer packets may be fragmented on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u8)]
pub enum DontFragment {
    /// They may. `df unset`
    #[ksync(value = 0)]
    Unset,
    /// They may not. `df set`
    #[ksync(value = 1)]
    Set,
    /// As the inner ones. `df inherit`
    #[ksync(value = 2)]
    Inherit,
    /// What this library has no name for.
    #[ksync(other)]
    Other(u8),
}

fn is_vxlan_id(id: &u32) -> Result<(), String> {
    if *id < 1 << 24 {
        return Ok(());
    }
    Err(format!("{id} is too large: a VXLAN network identifier has 24 bits"))
}

fn is_label(label: &Option<u32>) -> Result<(), String> {
    match label {
        Some(label) if *label >= 1 << 20 => Err(format!("{label} is too large: a flow label has 20 bits")),
        _ => Ok(()),
    }
}

/// `struct ifla_vxlan_port_range`: two ports in network byte order.
mod port_range {
    use ksync_runtime::wire::{AttributeValue, Be16, BytesMut, ValueError};

    pub(super) fn emit((low, high): &(u16, u16), out: &mut BytesMut) {
        Be16(*low).emit(out);
        Be16(*high).emit(out);
    }

    pub(super) fn parse(payload: &[u8]) -> Result<(u16, u16), ValueError> {
        let wrong = ValueError::Length { expected: 4, got: payload.len() };
        let (low, high) = payload.split_at_checked(2).ok_or(wrong)?;
        Ok((Be16::parse(low)?.0, Be16::parse(high)?.0))
    }
}
