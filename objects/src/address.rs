//! Addresses of links: `ip address`.

use std::net::{IpAddr, Ipv4Addr};

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use crate::Link;

/// An address on a link.
///
/// ```text
/// ip address add 192.0.2.1/24 dev eth0
/// ip address add 192.0.2.5 peer 198.51.100.1/32 dev ppp0        # address: 192.0.2.5/32, peer: 198.51.100.1
/// ip address add 2001:db8::1/64 dev eth0 nodad                  # no_dad: true
/// ip address add 2001:db8::1/64 dev eth0 valid_lft 600 preferred_lft 300
/// ```
///
/// The kernel changes lifetimes and `metric` in place. A change of `label`, `broadcast`, `scope`, `peer`, and of
/// `no_prefix_route` for IPv4, it takes and ignores, so that these are deleted and added. IPv6 addresses go when the link goes down.
///
/// ```
/// use ksync_objects::Address;
/// use ksync_runtime::prelude::*;
///
/// let address = Address::new("eth0", "192.0.2.1/24".parse()?);
/// assert_eq!(address.link, Ref::to("eth0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    protocol = route,
    header = AddressHeader,
    add = RTM_NEWADDR, delete = RTM_DELADDR, get = RTM_GETADDR,
    check = fits_the_family,
    // A gateway is refused as long as no address says that it is on the link.
    early,
)]
pub struct Address {
    /// The link that has the address.
    #[depends_on]
    #[ksync(key, header = ifa_index)]
    pub link: Ref<Link>,
    /// The address of the other end, where it is a link between two. The length of the prefix is then that of the
    /// other end. `peer`
    #[ksync(with = peer, immutable, on(add, change, delete))]
    pub peer: Option<IpAddr>,
    /// The address and the length of the prefix that is reached directly; host bits belong here.
    #[ksync(key, with = address_and_prefix)]
    pub address: IpNet,
    /// IPv6: in use at once, without asking the others on the link whether they have it. `nodad`
    #[ksync(nla = IFA_FLAGS, bit = IFA_F_NODAD)]
    pub no_dad: bool,
    /// No route to the prefix comes with it. `noprefixroute`
    #[ksync(nla = IFA_FLAGS, bit = IFA_F_NOPREFIXROUTE, immutable)]
    pub no_prefix_route: bool,
    /// IPv4: a name, 1 to 15 bytes, for old tools the link's with a colon behind it. `label`
    #[ksync(nla = IFA_LABEL, immutable, check = is_label)]
    pub label: Option<String>,
    /// IPv4: where packets to all on the link go. `broadcast`
    #[ksync(nla = IFA_BROADCAST, immutable)]
    pub broadcast: Option<Ipv4Addr>,
    /// IPv4: how far the address is known, `RT_SCOPE_LINK` or `RT_SCOPE_HOST`; everywhere if `None`. `scope`
    #[ksync(with = scope, immutable)]
    pub scope: Option<u8>,
    /// The metric of the route to the prefix; not 0. `metric`
    #[ksync(nla = IFA_RT_PRIORITY, check = is_metric)]
    pub metric: Option<u32>,
    /// How long it is good; for ever if `None`. `valid_lft`, `preferred_lft`
    #[ksync(nla = IFA_CACHEINFO, with = lifetimes, compare = Lifetimes::are_met_by, check = Lifetimes::check)]
    pub lifetimes: Option<Lifetimes>,
}

impl Address {
    /// An address on the link with that name; an IPv6 one is checked for duplicates first.
    #[must_use]
    pub fn new(link: impl Into<String>, address: IpNet) -> Self {
        Address {
            link: Ref::to(link),
            peer: None,
            address,
            no_dad: false,
            no_prefix_route: false,
            label: None,
            broadcast: None,
            scope: None,
            metric: None,
            lifetimes: None,
        }
    }
}

/// How long an address is good, from the moment at which it is written, in seconds; `u32::MAX` is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lifetimes {
    /// Until then it can be used. Then the kernel removes it by itself. `valid_lft`
    pub valid: u32,
    /// Until then new connections use it; no longer than `valid`. `preferred_lft`
    pub preferred: u32,
}

impl Lifetimes {
    /// The kernel reports what is left.
    fn are_met_by(&self, seen: &Self) -> bool {
        seen.valid <= self.valid && seen.preferred <= self.preferred
    }

    fn check(lifetimes: &Option<Self>) -> Result<(), String> {
        match lifetimes {
            Some(Lifetimes { valid: 0, .. }) => Err("an address that is never valid is none".to_owned()),
            Some(Lifetimes { valid, preferred }) if preferred > valid => {
                Err(format!("it can't be preferred for {preferred} s and valid for {valid} s"))
            }
            Some(Lifetimes { valid: u32::MAX, preferred: u32::MAX }) => {
                Err("for ever is what `None` says".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn is_label(label: &Option<String>) -> Result<(), String> {
    match label {
        Some(label) if label.is_empty() || label.len() > 15 || label.contains('\0') => {
            Err(format!("{label:?} is no label: it has 1 to 15 bytes"))
        }
        _ => Ok(()),
    }
}

fn is_metric(metric: &Option<u32>) -> Result<(), String> {
    if *metric == Some(0) {
        return Err("0 is what the kernel replaces by its own: say `None`".to_owned());
    }
    Ok(())
}

/// What IPv4 and IPv6 don't have in common.
fn fits_the_family(address: &Address) -> Result<(), Invalid> {
    let invalid = |field, reason: String| Err(Invalid { field, reason });
    let own = address.address.addr();
    if let Some(peer) = address.peer {
        if peer.is_ipv4() != own.is_ipv4() {
            return invalid("peer", format!("{peer} and {own} are of different families"));
        }
        if peer == own {
            return invalid("peer", format!("{own} is the address of this end"));
        }
    }
    if own.is_ipv4() {
        if address.no_dad {
            let reason = format!("IPv4 has no duplicate address detection to skip for {}", address.address);
            return invalid("no_dad", reason);
        }
        return match address.scope {
            None | Some(RT_SCOPE_LINK | RT_SCOPE_HOST) => Ok(()),
            Some(RT_SCOPE_UNIVERSE) => invalid("scope", "everywhere is what `None` says".to_owned()),
            Some(other) => {
                invalid("scope", format!("{other} is no scope of an address: link is 253, host 254"))
            }
        };
    }
    let only_ipv4 = [
        (address.label.is_some(), "label"),
        (address.broadcast.is_some(), "broadcast"),
        (address.scope.is_some(), "scope"),
    ];
    match only_ipv4.into_iter().find(|(given, _)| *given) {
        Some((_, field)) => invalid(field, format!("the kernel ignores it for the IPv6 address {own}")),
        None => Ok(()),
    }
}

/// `IFA_LOCAL`, `IFA_ADDRESS`, `ifa_family` and `ifa_prefixlen` together.
///
/// `IFA_LOCAL` is the address of this end. For IPv4 the kernel wants it, and always reports both; for IPv6 it
/// reports it on point-to-point links only, where `IFA_ADDRESS` is the other end.
mod address_and_prefix {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{AttributeValue, Incoming, Outgoing, ParseError, ValueError};

    pub(super) fn emit(value: &IpNet, message: &mut Outgoing<'_, AddressHeader>) {
        message.header.ifa_prefixlen = value.prefix_len();
        match value.addr() {
            IpAddr::V4(address) => {
                message.header.ifa_family = AF_INET;
                message.attributes.put(IFA_LOCAL, &address);
                if !message.attributes.has(IFA_ADDRESS) {
                    message.attributes.put(IFA_ADDRESS, &address);
                }
            }
            IpAddr::V6(address) => {
                message.header.ifa_family = AF_INET6;
                let nla = if message.attributes.has(IFA_ADDRESS) { IFA_LOCAL } else { IFA_ADDRESS };
                message.attributes.put(nla, &address);
            }
        }
    }

    pub(super) fn parse(message: &Incoming<'_, AddressHeader>) -> Result<IpNet, ParseError> {
        let nla = if message.attributes.get(IFA_LOCAL).is_some() { IFA_LOCAL } else { IFA_ADDRESS };
        let payload = message.attributes.required(nla)?;
        let wrong = |error| ParseError::attribute(nla, error);
        let address = match message.header.ifa_family {
            AF_INET => Ipv4Addr::parse(payload).map(IpAddr::V4).map_err(wrong)?,
            AF_INET6 => Ipv6Addr::parse(payload).map(IpAddr::V6).map_err(wrong)?,
            // Other families have addresses too; none of them is an object of this kind.
            _ => return Err(ParseError::header(ValueError::Missing)),
        };
        IpNet::new(address, message.header.ifa_prefixlen).map_err(|_| {
            ParseError::header(ValueError::Content(format!(
                "ifa_prefixlen {} is too long",
                message.header.ifa_prefixlen
            )))
        })
    }
}

/// `IFA_ADDRESS`, where it is not the address of this end; written before that one.
mod peer {
    use std::net::IpAddr;

    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{AttributeValue, Incoming, Outgoing, ParseError};

    pub(super) fn emit(peer: &Option<IpAddr>, message: &mut Outgoing<'_, AddressHeader>) {
        if let Some(peer) = peer {
            message.attributes.put(IFA_ADDRESS, peer);
        }
    }

    pub(super) fn parse(message: &Incoming<'_, AddressHeader>) -> Result<Option<IpAddr>, ParseError> {
        match (message.attributes.get(IFA_LOCAL), message.attributes.get(IFA_ADDRESS)) {
            (Some(local), Some(peer)) if local != peer => {
                IpAddr::parse(peer).map(Some).map_err(|error| ParseError::attribute(IFA_ADDRESS, error))
            }
            _ => Ok(None),
        }
    }
}

/// `ifa_scope`. The kernel works out that of IPv6 addresses by itself.
mod scope {
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError};

    pub(super) fn emit(scope: &Option<u8>, message: &mut Outgoing<'_, AddressHeader>) {
        message.header.ifa_scope = scope.unwrap_or(RT_SCOPE_UNIVERSE);
    }

    pub(super) fn parse(message: &Incoming<'_, AddressHeader>) -> Result<Option<u8>, ParseError> {
        let scope = message.header.ifa_scope;
        Ok((message.header.ifa_family == AF_INET && scope != RT_SCOPE_UNIVERSE).then_some(scope))
    }
}

/// `struct ifa_cacheinfo`: how long preferred, how long valid, and two times that the kernel sets.
mod lifetimes {
    use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

    use super::Lifetimes;

    pub(super) fn emit(lifetimes: &Lifetimes, out: &mut BytesMut) {
        for number in [lifetimes.preferred, lifetimes.valid, 0, 0] {
            number.emit(out);
        }
    }

    pub(super) fn parse(payload: &[u8]) -> Result<Lifetimes, ValueError> {
        let short = || ValueError::Length { expected: 16, got: payload.len() };
        let number = |at: usize| u32::parse(payload.get(at..at + 4).ok_or_else(short)?);
        match (number(0)?, number(4)?) {
            (u32::MAX, u32::MAX) => Err(ValueError::Missing),
            (preferred, valid) => Ok(Lifetimes { valid, preferred }),
        }
    }
}
