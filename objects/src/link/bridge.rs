//! The options of bridges. Knows nothing of their ports.

use std::time::Duration;

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use crate::ethernet;

/// An Ethernet switch. `ip link add br0 type bridge`
///
/// Options that are `None` are left as the kernel likes them. All of them can be changed in place.
///
/// ```
/// use ksync_objects::{Bridge, Link, LinkKind};
///
/// // ip link add br0 up type bridge stp_state 1 priority 4096
/// let bridge = Bridge { stp: Some(true), priority: Some(4096), ..Bridge::default() };
/// let link = Link::new("br0", LinkKind::Bridge(bridge));
/// assert!(link.check().is_ok());
/// # use ksync_runtime::prelude::*;
/// ```
#[derive(Clone, Debug, Default, PartialEq, KSyncNested)]
pub struct Bridge {
    /// Take part in the spanning tree. `stp_state`
    #[ksync(nla = IFLA_BR_STP_STATE, with = switch)]
    pub stp: Option<bool>,
    /// How long a port listens, and learns, before it forwards. With the spanning tree on, 2 s to 30 s.
    /// `forward_delay`, in hundredths of a second
    #[ksync(nla = IFLA_BR_FORWARD_DELAY, unit = centis, compare = within_a_tick)]
    pub forward_delay: Option<Duration>,
    /// Between two greetings of the spanning tree: 1 s to 10 s. `hello_time`
    #[ksync(nla = IFLA_BR_HELLO_TIME, unit = centis, compare = within_a_tick, check = is_hello_time)]
    pub hello_time: Option<Duration>,
    /// When a silent neighbour of the spanning tree counts as gone: 6 s to 40 s. `max_age`
    #[ksync(nla = IFLA_BR_MAX_AGE, unit = centis, compare = within_a_tick, check = is_max_age)]
    pub max_age: Option<Duration>,
    /// When a learnt station is forgotten. `ageing_time`
    #[ksync(nla = IFLA_BR_AGEING_TIME, unit = centis, compare = within_a_tick)]
    pub ageing_time: Option<Duration>,
    /// Lower is rather the root of the spanning tree. `priority`
    #[ksync(nla = IFLA_BR_PRIORITY)]
    pub priority: Option<u16>,
    /// Tell vlans apart. `vlan_filtering`
    #[ksync(nla = IFLA_BR_VLAN_FILTERING)]
    pub vlan_filtering: Option<bool>,
    /// The vlan of untagged packets at new ports, below 4095; 0 for none. `vlan_default_pvid`
    #[ksync(nla = IFLA_BR_VLAN_DEFAULT_PVID, check = is_default_pvid)]
    pub vlan_default_pvid: Option<u16>,
    /// `0x8100` or `0x88a8` (`802.1Q`, `802.1ad`). `vlan_protocol`
    #[ksync(nla = IFLA_BR_VLAN_PROTOCOL, be, check = super::codec::is_vlan_protocol)]
    pub vlan_protocol: Option<u16>,
    /// Count packets by vlan. `vlan_stats_enabled`
    #[ksync(nla = IFLA_BR_VLAN_STATS_ENABLED)]
    pub vlan_stats: Option<bool>,
    /// Which of the addresses 01:80:c2:00:00:0X are forwarded, a bit each; the lowest three never are.
    /// `group_fwd_mask`
    #[ksync(nla = IFLA_BR_GROUP_FWD_MASK, check = is_forward_mask)]
    pub group_fwd_mask: Option<u16>,
    /// The group address of the spanning tree: 01:80:c2:00:00:0X, but not 1 to 3. `group_address`
    #[ksync(nla = IFLA_BR_GROUP_ADDR, with = ethernet, check = is_group_address)]
    pub group_address: Option<MacAddr6>,
    /// Send multicast only where somebody asked for it. `mcast_snooping`
    #[ksync(nla = IFLA_BR_MCAST_SNOOPING)]
    pub mcast_snooping: Option<bool>,
    /// 0: no multicast router behind the bridge itself, 1: found out, 2: there is one. `mcast_router`
    #[ksync(nla = IFLA_BR_MCAST_ROUTER, check = is_mcast_router)]
    pub mcast_router: Option<u8>,
    /// Ask who wants multicast. `mcast_querier`
    #[ksync(nla = IFLA_BR_MCAST_QUERIER)]
    pub mcast_querier: Option<bool>,
    /// Ask with the bridge's own address. `mcast_query_use_ifaddr`
    #[ksync(nla = IFLA_BR_MCAST_QUERY_USE_IFADDR)]
    pub mcast_query_use_ifaddr: Option<bool>,
    /// How many multicast groups it remembers. `mcast_hash_max`
    #[ksync(nla = IFLA_BR_MCAST_HASH_MAX)]
    pub mcast_hash_max: Option<u32>,
    /// 2 or 3. `mcast_igmp_version`
    #[ksync(nla = IFLA_BR_MCAST_IGMP_VERSION, check = is_igmp_version)]
    pub mcast_igmp_version: Option<u8>,
    /// 1 or 2. `mcast_mld_version`
    #[ksync(nla = IFLA_BR_MCAST_MLD_VERSION, check = is_mld_version)]
    pub mcast_mld_version: Option<u8>,
    /// Count multicast packets. `mcast_stats_enabled`
    #[ksync(nla = IFLA_BR_MCAST_STATS_ENABLED)]
    pub mcast_stats: Option<bool>,
    /// Questions before a group is given up, when its last member leaves. `mcast_last_member_count`
    #[ksync(nla = IFLA_BR_MCAST_LAST_MEMBER_CNT)]
    pub mcast_last_member_count: Option<u32>,
    /// Questions at the start. `mcast_startup_query_count`
    #[ksync(nla = IFLA_BR_MCAST_STARTUP_QUERY_CNT)]
    pub mcast_startup_query_count: Option<u32>,
    /// Between questions to a group whose last member leaves. `mcast_last_member_interval`
    #[ksync(nla = IFLA_BR_MCAST_LAST_MEMBER_INTVL, unit = centis as u64, compare = within_a_tick)]
    pub mcast_last_member_interval: Option<Duration>,
    /// When a group that nobody speaks for is given up. `mcast_membership_interval`
    #[ksync(nla = IFLA_BR_MCAST_MEMBERSHIP_INTVL, unit = centis as u64, compare = within_a_tick)]
    pub mcast_membership_interval: Option<Duration>,
    /// When another querier that is silent counts as gone. `mcast_querier_interval`
    #[ksync(nla = IFLA_BR_MCAST_QUERIER_INTVL, unit = centis as u64, compare = within_a_tick)]
    pub mcast_querier_interval: Option<Duration>,
    /// Between questions to all. `mcast_query_interval`
    #[ksync(nla = IFLA_BR_MCAST_QUERY_INTVL, unit = centis as u64, compare = within_a_tick)]
    pub mcast_query_interval: Option<Duration>,
    /// How long members have to answer. `mcast_query_response_interval`
    #[ksync(nla = IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, unit = centis as u64, compare = within_a_tick)]
    pub mcast_query_response_interval: Option<Duration>,
    /// Between questions at the start. `mcast_startup_query_interval`
    #[ksync(nla = IFLA_BR_MCAST_STARTUP_QUERY_INTVL, unit = centis as u64, compare = within_a_tick)]
    pub mcast_startup_query_interval: Option<Duration>,
    /// Hand bridged IPv4 packets to iptables. `nf_call_iptables`
    #[ksync(nla = IFLA_BR_NF_CALL_IPTABLES)]
    pub nf_call_iptables: Option<bool>,
    /// Hand bridged IPv6 packets to ip6tables. `nf_call_ip6tables`
    #[ksync(nla = IFLA_BR_NF_CALL_IP6TABLES)]
    pub nf_call_ip6tables: Option<bool>,
    /// Hand bridged ARP packets to arptables. `nf_call_arptables`
    #[ksync(nla = IFLA_BR_NF_CALL_ARPTABLES)]
    pub nf_call_arptables: Option<bool>,
}

impl Bridge {
    /// What no single option can tell: the spanning tree sets limits to the delay.
    pub(super) fn check(&self) -> Result<(), Invalid> {
        let limits = Duration::from_secs(2)..=Duration::from_secs(30);
        match (self.stp, self.forward_delay) {
            (Some(true), Some(delay)) if !limits.contains(&delay) => Err(Invalid {
                field: "forward_delay",
                reason: format!("{delay:?} is out of range: with the spanning tree on, it is 2 s to 30 s"),
            }),
            _ => Ok(()),
        }
    }
}

/// The kernel keeps times in ticks of its own (`CONFIG_HZ`), and reports what is left of them in hundredths.
fn within_a_tick(declared: &Duration, seen: &Duration) -> bool {
    declared.abs_diff(*seen) <= Duration::from_millis(10)
}

fn is_hello_time(time: &Option<Duration>) -> Result<(), String> {
    within(*time, 1..=10)
}

fn is_max_age(time: &Option<Duration>) -> Result<(), String> {
    within(*time, 6..=40)
}

fn within(time: Option<Duration>, seconds: std::ops::RangeInclusive<u64>) -> Result<(), String> {
    let (least, most) = (Duration::from_secs(*seconds.start()), Duration::from_secs(*seconds.end()));
    match time {
        Some(time) if !(least..=most).contains(&time) => {
            Err(format!("{time:?} is out of range: it is {least:?} to {most:?}"))
        }
        _ => Ok(()),
    }
}

fn is_default_pvid(vlan: &Option<u16>) -> Result<(), String> {
    one_of(*vlan, |vlan| vlan < 4095, "a vlan has a number below 4095")
}

fn is_forward_mask(mask: &Option<u16>) -> Result<(), String> {
    one_of(*mask, |mask| mask & 7 == 0, "the addresses 0, 1 and 2 (bits 0x7) are never forwarded")
}

fn is_group_address(address: &Option<MacAddr6>) -> Result<(), String> {
    let reserved = |address: MacAddr6| {
        let [head @ .., last] = address.into_array();
        head == [0x01, 0x80, 0xc2, 0, 0] && last < 16 && !(1..=3).contains(&last)
    };
    one_of(*address, reserved, "it is one of 01:80:c2:00:00:00 and 01:80:c2:00:00:04 to 0f")
}

fn is_mcast_router(mode: &Option<u8>) -> Result<(), String> {
    one_of(*mode, |mode| mode <= 2, "it is 0 (none), 1 (found out) or 2 (always)")
}

fn is_igmp_version(version: &Option<u8>) -> Result<(), String> {
    one_of(*version, |version| version == 2 || version == 3, "IGMP is spoken in version 2 or 3")
}

fn is_mld_version(version: &Option<u8>) -> Result<(), String> {
    one_of(*version, |version| version == 1 || version == 2, "MLD is spoken in version 1 or 2")
}

fn one_of<T: Copy + std::fmt::Display>(
    value: Option<T>,
    right: impl Fn(T) -> bool,
    rule: &str,
) -> Result<(), String> {
    match value {
        Some(value) if !right(value) => Err(format!("{value} can't be: {rule}")),
        _ => Ok(()),
    }
}

/// On or off, in 32 bits. 2 stands for a spanning tree that a daemon in user space keeps.
mod switch {
    use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

    pub(super) fn emit(on: &bool, out: &mut BytesMut) {
        u32::from(*on).emit(out);
    }

    pub(super) fn parse(payload: &[u8]) -> Result<bool, ValueError> {
        u32::parse(payload).map(|number| number != 0)
    }
}
