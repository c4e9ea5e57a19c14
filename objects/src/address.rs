//! Addresses of links: `ip address`.

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use crate::Link;

/// An address on a link.
///
/// ```text
/// ip address add 192.0.2.1/24 dev eth0
/// ip address add 2001:db8::1/64 dev eth0 nodad        # no_dad: true
/// ```
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
    fill(ifa_scope = RT_SCOPE_UNIVERSE, on(add, change)),
    check = only_ipv6_detects_duplicates,
    // A gateway is refused as long as no address says that it is on the link.
    early,
)]
pub struct Address {
    /// The link that has the address.
    #[depends_on]
    #[ksync(key, header = ifa_index)]
    pub link: Ref<Link>,
    /// The address and the length of the prefix that is reached directly; host bits belong here.
    #[ksync(key, with = address_and_prefix)]
    pub address: IpNet,
    /// IPv6: in use at once, without asking the others on the link whether they have it. `nodad`
    #[ksync(nla = IFA_FLAGS, bit = IFA_F_NODAD)]
    pub no_dad: bool,
}

impl Address {
    /// An address on the link with that name; an IPv6 one is checked for duplicates first.
    #[must_use]
    pub fn new(link: impl Into<String>, address: IpNet) -> Self {
        Address { link: Ref::to(link), address, no_dad: false }
    }
}

fn only_ipv6_detects_duplicates(address: &Address) -> Result<(), Invalid> {
    if address.no_dad && address.address.addr().is_ipv4() {
        return Err(Invalid {
            field: "no_dad",
            reason: format!("IPv4 has no duplicate address detection to skip for {}", address.address),
        });
    }
    Ok(())
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
                message.attributes.put(IFA_ADDRESS, &address);
            }
            IpAddr::V6(address) => {
                message.header.ifa_family = AF_INET6;
                message.attributes.put(IFA_ADDRESS, &address);
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
