//! What a link is to its master: `bridge link`, `ip link set type bridge_slave`.

use ksync_runtime::declare::{ErrorClass, OperationError, Verb};
use ksync_runtime::prelude::*;

use crate::Link;

/// The options of a link as a port of its master.
///
/// ```text
/// bridge link set dev veth0 learning off flood off isolated on
/// ip link set dev veth0 type bridge_slave learning off flood off isolated on      # the same
/// ```
///
/// The link has to be a port already: declare it with its [`master`](Link::master). The options are the port's, not
/// the link's: the kernel forgets them, without a word, when the link leaves its master;
/// [`renew`](ksync_runtime::agent::Table::renew) the entry if it goes to another one.
///
/// Options that are `None` are left as they are. A port is only configured: an entry that is removed, and an option that
/// is set no longer, leave what is there.
///
/// ```
/// use ksync_objects::{BridgePort, Port};
///
/// let quiet = BridgePort { learning: Some(false), flood: Some(false), ..BridgePort::default() };
/// let port = Port::bridge("veth0", quiet);
/// # use ksync_runtime::prelude::*;
/// assert_eq!(port.key(), Ref::to("veth0"));
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = LinkHeader,
    add = RTM_NEWLINK, delete = RTM_DELLINK, get = RTM_GETLINK,
    // A link that is there is configured.
    add_flags = 0, add_again_flags = 0, change_flags = 0,
    nothing_to_delete = true,
    merge,
    classify = a_port_of_nothing_is_blocked,
)]
pub struct Port {
    /// The link. `dev`
    #[depends_on]
    #[ksync(key, header = ifi_index)]
    pub link: Ref<Link>,
    /// Of what it is a port, and how.
    #[depends_on(Link)]
    #[ksync(nla = IFLA_LINKINFO)]
    pub kind: PortKind,
}

impl Port {
    /// A port of a bridge.
    #[must_use]
    pub fn bridge(link: impl Into<String>, options: BridgePort) -> Self {
        Port { link: Ref::to(link), kind: PortKind::Bridge(options) }
    }
}

/// Of what a link is a port.
#[derive(Clone, Debug, PartialEq, KSyncNested)]
#[ksync(kind = IFLA_INFO_SLAVE_KIND, data = IFLA_INFO_SLAVE_DATA)]
#[non_exhaustive]
pub enum PortKind {
    /// Of a bridge. `bridge_slave`
    #[ksync(kind = "bridge")]
    Bridge(BridgePort),
}

/// The options of a port of a bridge. All of them are changed in place.
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
pub struct BridgePort {
    /// Lower is rather the way to the root of the spanning tree, below 64. `priority`
    #[ksync(nla = IFLA_BRPORT_PRIORITY, check = is_priority)]
    pub priority: Option<u16>,
    /// What the way through the port costs the spanning tree, 1 to 65535. `cost`
    #[ksync(nla = IFLA_BRPORT_COST, check = is_cost)]
    pub cost: Option<u32>,
    /// Packets may leave by the port that they came in by. `hairpin`
    #[ksync(nla = IFLA_BRPORT_MODE)]
    pub hairpin: Option<bool>,
    /// Spanning tree messages that come in take the port down. `guard`
    #[ksync(nla = IFLA_BRPORT_GUARD)]
    pub guard: Option<bool>,
    /// The port never leads to the root of the spanning tree. `root_block`
    #[ksync(nla = IFLA_BRPORT_PROTECT)]
    pub root_block: Option<bool>,
    /// A multicast group is given up at once when its member leaves. `fastleave`
    #[ksync(nla = IFLA_BRPORT_FAST_LEAVE)]
    pub fast_leave: Option<bool>,
    /// Learn from packets which stations are behind the port. `learning`
    #[ksync(nla = IFLA_BRPORT_LEARNING)]
    pub learning: Option<bool>,
    /// Packets for unknown stations leave by the port. `flood`
    #[ksync(nla = IFLA_BRPORT_UNICAST_FLOOD)]
    pub flood: Option<bool>,
    /// Multicast of groups that nobody asked for leaves by the port. `mcast_flood`
    #[ksync(nla = IFLA_BRPORT_MCAST_FLOOD)]
    pub mcast_flood: Option<bool>,
    /// Broadcasts leave by the port. `bcast_flood`
    #[ksync(nla = IFLA_BRPORT_BCAST_FLOOD)]
    pub bcast_flood: Option<bool>,
    /// Multicast is sent to each member by itself. `mcast_to_unicast`
    #[ksync(nla = IFLA_BRPORT_MCAST_TO_UCAST)]
    pub mcast_to_unicast: Option<bool>,
    /// 0: no multicast router behind the port, 1: found out, 2: there is one, 3: for a while. `mcast_router`
    #[ksync(nla = IFLA_BRPORT_MULTICAST_ROUTER, check = is_mcast_router)]
    pub mcast_router: Option<u8>,
    /// Answer ARP for stations that are known. `proxy_arp`
    #[ksync(nla = IFLA_BRPORT_PROXYARP)]
    pub proxy_arp: Option<bool>,
    /// The same for wireless stations that don't hear each other (IEEE 802.11, Hotspot 2.0). `proxy_arp_wifi`
    #[ksync(nla = IFLA_BRPORT_PROXYARP_WIFI)]
    pub proxy_arp_wifi: Option<bool>,
    /// Neither ARP nor neighbour discovery is flooded to the port. `neigh_suppress`
    #[ksync(nla = IFLA_BRPORT_NEIGH_SUPPRESS)]
    pub neigh_suppress: Option<bool>,
    /// Isolated ports reach others, not each other. `isolated`
    #[ksync(nla = IFLA_BRPORT_ISOLATED)]
    pub isolated: Option<bool>,
    /// Packets of unknown stations are dropped (IEEE 802.1X). `locked`
    #[ksync(nla = IFLA_BRPORT_LOCKED)]
    pub locked: Option<bool>,
    /// Vlans are told to tunnels, and back. `vlan_tunnel`
    #[ksync(nla = IFLA_BRPORT_VLAN_TUNNEL)]
    pub vlan_tunnel: Option<bool>,
    /// Which of the addresses 01:80:c2:00:00:0X the port forwards, a bit each; the lowest three never are.
    /// `group_fwd_mask`
    #[ksync(nla = IFLA_BRPORT_GROUP_FWD_MASK, check = is_forward_mask)]
    pub group_fwd_mask: Option<u16>,
    /// The port of the same bridge that takes over when this one is down. `backup_port`
    #[depends_on]
    #[ksync(nla = IFLA_BRPORT_BACKUP_PORT)]
    pub backup_port: Option<Ref<Link>>,
}

fn is_priority(priority: &Option<u16>) -> Result<(), String> {
    match priority {
        Some(64..) => Err("it has 6 bits: below 64".to_owned()),
        _ => Ok(()),
    }
}

fn is_cost(cost: &Option<u32>) -> Result<(), String> {
    match cost {
        Some(0 | 65536..) => Err("it is 1 to 65535".to_owned()),
        _ => Ok(()),
    }
}

fn is_mcast_router(mode: &Option<u8>) -> Result<(), String> {
    match mode {
        Some(4..) => Err("it is 0 (none), 1 (found out), 2 (always) or 3 (for a while)".to_owned()),
        _ => Ok(()),
    }
}

fn is_forward_mask(mask: &Option<u16>) -> Result<(), String> {
    match mask {
        Some(mask) if mask & 7 != 0 => {
            Err("the addresses 0, 1 and 2 (bits 0x7) are never forwarded".to_owned())
        }
        _ => Ok(()),
    }
}

/// A link that is no port yet may become one.
fn a_port_of_nothing_is_blocked(verb: Verb, error: &OperationError) -> ErrorClass {
    const EOPNOTSUPP: i32 = 95;
    match (verb, error.errno) {
        (Verb::Add | Verb::Change, EOPNOTSUPP) => ErrorClass::Blocked,
        _ => ErrorClass::of(verb, error.errno),
    }
}
