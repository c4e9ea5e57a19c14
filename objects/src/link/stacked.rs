//! The options of links that stand on others or hold others together: macvlan, vlan, vrf, bond.

use ksync_runtime::prelude::*;

use super::codec::{is_vlan, is_vlan_protocol};

/// A second station on a link, with a hardware address of its own. `ip link add mv0 link eth0 type macvlan mode bridge`
///
/// It needs a [`lower`](crate::Link::lower) link.
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
pub struct Macvlan {
    /// Whom it talks to. The kernel changes it in place, but for [`MacvlanMode::Passthru`]. `mode`
    #[ksync(nla = IFLA_MACVLAN_MODE)]
    pub mode: Option<MacvlanMode>,
    /// How many broadcast packets wait. The largest of all macvlans on the link counts. `bcqueuelen`
    #[ksync(nla = IFLA_MACVLAN_BC_QUEUE_LEN)]
    pub broadcast_queue: Option<u32>,
}

impl Macvlan {
    /// One that talks to the others in that way.
    #[must_use]
    pub fn new(mode: MacvlanMode) -> Self {
        Macvlan { mode: Some(mode), ..Macvlan::default() }
    }
}

/// Whom a macvlan talks to (`enum macvlan_mode` in linux/if_link.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u32)]
pub enum MacvlanMode {
    /// Nobody on the same link. `private`
    #[ksync(value = 1)]
    Private,
    /// The others on the same link by way of the switch outside. `vepa`
    #[ksync(value = 2)]
    Vepa,
    /// The others on the same link directly. `bridge`
    #[ksync(value = 4)]
    Bridge,
    /// There are no others. `passthru`
    #[ksync(value = 8)]
    Passthru,
    /// Those with given source addresses. `source`
    #[ksync(value = 16)]
    Source,
    /// What this library has no name for.
    #[ksync(other)]
    Other(u32),
}

/// A vlan on a link. `ip link add eth0.5 link eth0 type vlan id 5`
///
/// It needs a [`lower`](crate::Link::lower) link. Number and protocol can't be changed in place.
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
pub struct Vlan {
    /// Its number, 1 to 4094. `id`
    #[ksync(nla = IFLA_VLAN_ID, immutable, check = is_vlan)]
    pub id: u16,
    /// `0x8100` or `0x88a8` (`802.1Q`, `802.1ad`). `protocol`
    #[ksync(nla = IFLA_VLAN_PROTOCOL, be, immutable, check = is_vlan_protocol)]
    pub protocol: Option<u16>,
    /// Take the tag off before others see the packet. `reorder_hdr`
    #[ksync(nla = IFLA_VLAN_FLAGS, bit = VLAN_FLAG_REORDER_HDR, selector)]
    pub reorder_header: Option<bool>,
    /// Tell the switch of the vlan by GVRP. `gvrp`
    #[ksync(nla = IFLA_VLAN_FLAGS, bit = VLAN_FLAG_GVRP, selector)]
    pub gvrp: Option<bool>,
    /// Tell the switch of the vlan by MVRP. `mvrp`
    #[ksync(nla = IFLA_VLAN_FLAGS, bit = VLAN_FLAG_MVRP, selector)]
    pub mvrp: Option<bool>,
    /// Up or down by itself, whatever the lower link is. `loose_binding`
    #[ksync(nla = IFLA_VLAN_FLAGS, bit = VLAN_FLAG_LOOSE_BINDING, selector)]
    pub loose_binding: Option<bool>,
    /// A carrier only where a port of the bridge below has one. `bridge_binding`
    #[ksync(nla = IFLA_VLAN_FLAGS, bit = VLAN_FLAG_BRIDGE_BINDING, selector)]
    pub bridge_binding: Option<bool>,
}

impl Vlan {
    /// The vlan with that number.
    #[must_use]
    pub fn new(id: u16) -> Self {
        Vlan { id, ..Vlan::default() }
    }
}

/// A routing domain: what its ports receive goes by its own table. `ip link add red type vrf table 10`
#[derive(Clone, Debug, PartialEq, KSyncNested)]
pub struct Vrf {
    /// The routing table. It can't be changed in place. `table`
    #[ksync(nla = IFLA_VRF_TABLE, immutable, check = is_table)]
    pub table: u32,
}

impl Vrf {
    /// A domain that goes by that table.
    #[must_use]
    pub fn new(table: u32) -> Self {
        Vrf { table }
    }
}

fn is_table(table: &u32) -> Result<(), String> {
    if *table == RT_TABLE_UNSPEC {
        return Err("0 is no routing table".to_owned());
    }
    Ok(())
}

/// Several links as one. `ip link add bond0 type bond mode 802.3ad miimon 100`
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
pub struct Bond {
    /// How packets are spread. It can't be changed while there are ports, so KSync never does. `mode`
    #[ksync(nla = IFLA_BOND_MODE, immutable)]
    pub mode: Option<BondMode>,
    /// How often the carrier of the ports is looked at, in milliseconds. `miimon`
    #[ksync(nla = IFLA_BOND_MIIMON)]
    pub miimon: Option<u32>,
    /// How long a port waits once it has a carrier, in milliseconds. `updelay`
    #[ksync(nla = IFLA_BOND_UPDELAY)]
    pub up_delay: Option<u32>,
    /// How long a port is kept without a carrier, in milliseconds. `downdelay`
    #[ksync(nla = IFLA_BOND_DOWNDELAY)]
    pub down_delay: Option<u32>,
    /// What decides on the port that a packet leaves by. `xmit_hash_policy`
    #[ksync(nla = IFLA_BOND_XMIT_HASH_POLICY)]
    pub hash_policy: Option<BondHashPolicy>,
    /// How often memberships are told again after a change of port. `resend_igmp`
    #[ksync(nla = IFLA_BOND_RESEND_IGMP)]
    pub resend_igmp: Option<u32>,
    /// How often neighbours are told after a change of port. `num_grat_arp`, `num_unsol_na`
    #[ksync(nla = IFLA_BOND_NUM_PEER_NOTIF)]
    pub peer_notifications: Option<u8>,
    /// Take packets from ports that are not in use. `all_slaves_active`
    #[ksync(nla = IFLA_BOND_ALL_SLAVES_ACTIVE)]
    pub all_slaves_active: Option<bool>,
    /// With fewer ports than that it has no carrier. `min_links`
    #[ksync(nla = IFLA_BOND_MIN_LINKS)]
    pub min_links: Option<u32>,
    /// Ask the partner for a packet each second rather than every 30 seconds. `lacp_rate`
    #[ksync(nla = IFLA_BOND_AD_LACP_RATE)]
    pub fast_lacp: Option<bool>,
}

impl Bond {
    /// One that spreads packets in that way.
    #[must_use]
    pub fn new(mode: BondMode) -> Self {
        Bond { mode: Some(mode), ..Bond::default() }
    }
}

/// How a bond spreads packets (`BOND_MODE_...` in linux/if_bonding.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u8)]
pub enum BondMode {
    /// `balance-rr`
    #[ksync(value = 0)]
    RoundRobin,
    /// `active-backup`
    #[ksync(value = 1)]
    ActiveBackup,
    /// `balance-xor`
    #[ksync(value = 2)]
    Xor,
    /// `broadcast`
    #[ksync(value = 3)]
    Broadcast,
    /// `802.3ad`
    #[ksync(value = 4)]
    Lacp,
    /// `balance-tlb`
    #[ksync(value = 5)]
    Tlb,
    /// `balance-alb`
    #[ksync(value = 6)]
    Alb,
    /// What this library has no name for.
    #[ksync(other)]
    Other(u8),
}

/// What decides on the port that a packet leaves a bond by (`BOND_XMIT_POLICY_...` in linux/if_bonding.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, KSyncValue)]
#[ksync(repr = u8)]
pub enum BondHashPolicy {
    /// `layer2`
    #[ksync(value = 0)]
    Layer2,
    /// `layer3+4`
    #[ksync(value = 1)]
    Layer34,
    /// `layer2+3`
    #[ksync(value = 2)]
    Layer23,
    /// `encap2+3`
    #[ksync(value = 3)]
    Encap23,
    /// `encap3+4`
    #[ksync(value = 4)]
    Encap34,
    /// `vlan+srcmac`
    #[ksync(value = 5)]
    VlanSourceMac,
    /// What this library has no name for.
    #[ksync(other)]
    Other(u8),
}
