//! Routing rules: `ip rule`.

mod action;
mod matching;

use std::ops::RangeInclusive;

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use crate::route_family::Family;
use crate::route_protocol::RouteProtocol;
pub use action::RuleAction;
pub use matching::Mark;

/// A rule: which packets go by which routing table.
///
/// ```text
/// ip rule add priority 1000 from 10.0.0.0/8 table 100 protocol static
/// ip -6 rule add priority 1000 iif eth0 fwmark 0x7/0xff blackhole protocol static
/// ```
///
/// All that a packet is matched by is the key, with the priority; what is done with the packet is not. The kernel
/// changes no rule in place: another action means delete and add.
///
/// **Two rules of one priority**, where one matches a part of what the other does (and the rest is the same), can't
/// be told apart by the kernel: it takes a field that a request leaves open for any. It refuses the wider one of the
/// two (`EEXIST`) if it comes second, and if it is deleted the narrower one may go in its place. Nor do `invert`
/// and the target of a `goto` tell two rules apart. Give such rules priorities of their own.
///
/// ```
/// use ksync_objects::{Rule, RuleAction};
/// use ksync_runtime::prelude::*;
///
/// let rule = Rule { from: Some("10.0.0.0/8".parse()?), ..Rule::ipv4(1000, RuleAction::Table(100)) };
/// assert!(rule.check().is_ok());
///
/// let mixed = Rule { to: Some("2001:db8::/32".parse()?), ..rule };
/// assert_eq!(
///     mixed.check().unwrap_err().to_string(),
///     "to: 2001:db8::/32 is no prefix of IPv4, as `family` says; use `Rule::ipv6`",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = RuleHeader,
    add = RTM_NEWRULE, delete = RTM_DELRULE, get = RTM_GETRULE,
    // Without NLM_F_EXCL the kernel makes a twin, after a lost answer too.
    add_again_flags = NLM_F_CREATE | NLM_F_EXCL,
    check = check,
)]
pub struct Rule {
    /// The packets' family. `ip -4`, `ip -6`
    #[ksync(key, header = family)]
    pub family: Family,
    /// Lower is looked at first; the kernel's own rules are 0, 32766 and 32767. `priority`
    #[ksync(key, nla = FRA_PRIORITY, default)]
    pub priority: u32,
    /// Where packets come from. `from`
    #[ksync(key, with = matching::from)]
    pub from: Option<IpNet>,
    /// Where packets go to. `to`
    #[ksync(key, with = matching::to)]
    pub to: Option<IpNet>,
    /// The link that they came in by; the rule is there before the link is. `iif`
    #[ksync(key, nla = FRA_IIFNAME)]
    pub iif: Option<String>,
    /// The link that the socket which sends them is bound to. `oif`
    #[ksync(key, nla = FRA_OIFNAME)]
    pub oif: Option<String>,
    /// The mark that the firewall gave them. `fwmark`
    #[ksync(key, with = matching::mark)]
    pub fwmark: Option<Mark>,
    /// The field `tos` (IPv4) or `traffic class` of the packet; 0: any. `tos`, `dsfield`
    #[ksync(key, header = tos)]
    pub tos: u8,
    /// The protocol in the packet by its number, as 6 for TCP. `ipproto`
    #[ksync(key, nla = FRA_IP_PROTO)]
    pub ip_protocol: Option<u8>,
    /// Ports of the sender. `sport`
    #[ksync(key, nla = FRA_SPORT_RANGE, with = matching::ports)]
    pub sport: Option<RangeInclusive<u16>>,
    /// Ports of the receiver. `dport`
    #[ksync(key, nla = FRA_DPORT_RANGE, with = matching::ports)]
    pub dport: Option<RangeInclusive<u16>>,
    /// The users whose sockets send them. `uidrange`
    #[ksync(key, nla = FRA_UID_RANGE, with = matching::users)]
    pub uid_range: Option<RangeInclusive<u32>>,
    /// The tunnel's number (VNI, key) that they came in with. `tun_id`
    #[ksync(key, nla = FRA_TUN_ID, with = matching::big_endian)]
    pub tun_id: Option<u64>,
    /// The rule is for all packets but these. `not`
    #[ksync(header = flags, bit = FIB_RULE_INVERT, immutable, on(add, delete))]
    pub invert: bool,
    /// What is done with them.
    #[ksync(with = action, immutable, on(add, delete))]
    pub action: RuleAction,
    /// Routes whose prefixes are this long, or shorter, don't count: 0 leaves out the default route.
    /// `suppress_prefixlength`
    #[ksync(nla = FRA_SUPPRESS_PREFIXLEN, with = matching::unless_all_ones, immutable, on(add, delete), none = u32::MAX)]
    pub suppress_prefix_length: Option<u32>,
    /// Routes by way of links of this group don't count. `suppress_ifgroup`
    #[ksync(nla = FRA_SUPPRESS_IFGROUP, with = matching::unless_all_ones, immutable, on(add, delete), none = u32::MAX)]
    pub suppress_group: Option<u32>,
    /// Who installed it: the mark by which one's own rules are known. `protocol`
    #[ksync(nla = FRA_PROTOCOL, immutable, on(add, delete), check = RouteProtocol::check)]
    pub protocol: RouteProtocol,
}

impl Rule {
    /// A rule for all packets of IPv4.
    #[must_use]
    pub fn ipv4(priority: u32, action: RuleAction) -> Self {
        Rule::of(Family::V4, priority, action)
    }

    /// A rule for all packets of IPv6.
    #[must_use]
    pub fn ipv6(priority: u32, action: RuleAction) -> Self {
        Rule::of(Family::V6, priority, action)
    }

    fn of(family: Family, priority: u32, action: RuleAction) -> Self {
        Rule {
            family,
            priority,
            from: None,
            to: None,
            iif: None,
            oif: None,
            fwmark: None,
            tos: 0,
            ip_protocol: None,
            sport: None,
            dport: None,
            uid_range: None,
            tun_id: None,
            invert: false,
            action,
            suppress_prefix_length: None,
            suppress_group: None,
            protocol: RouteProtocol::STATIC,
        }
    }
}

/// What the kernel would refuse, or read in another way than it is written.
fn check(rule: &Rule) -> Result<(), Invalid> {
    matching::check_prefix("from", rule.from.as_ref(), rule.family)?;
    matching::check_prefix("to", rule.to.as_ref(), rule.family)?;
    matching::check_link("iif", rule.iif.as_deref())?;
    matching::check_link("oif", rule.oif.as_deref())?;
    rule.fwmark.map_or(Ok(()), Mark::check)?;
    let wrong = |field, reason: String| Err(Invalid { field, reason });
    if rule.tos & 0x03 != 0 {
        let reason = format!(
            "{:#04x} has bits of congestion notification, which no rule looks at; the field is {:#04x}",
            rule.tos,
            rule.tos & !0x03
        );
        return wrong("tos", reason);
    }
    if rule.ip_protocol == Some(0) {
        return wrong("ip_protocol", "the kernel takes 0 for any protocol; leave it out".to_owned());
    }
    matching::check_ports("sport", rule.sport.as_ref())?;
    matching::check_ports("dport", rule.dport.as_ref())?;
    if let Some(range) = &rule.uid_range
        && range.is_empty()
    {
        return wrong("uid_range", format!("{range:?} holds no user"));
    }
    if rule.tun_id == Some(0) {
        return wrong("tun_id", "the kernel takes 0 for any tunnel; leave it out".to_owned());
    }
    let all_ones = |field, value| {
        if value == Some(u32::MAX) {
            return wrong(field, format!("the kernel takes {} for none; leave it out", u32::MAX));
        }
        Ok(())
    };
    all_ones("suppress_prefix_length", rule.suppress_prefix_length)?;
    all_ones("suppress_group", rule.suppress_group)?;
    rule.action.check(rule.priority)
}
