//! Codec for the destination of a route: `RTA_DST`, `rtm_dst_len` and `rtm_family` together.
//!
//! For a field of type [`IpNet`]: `#[ksync(key, with = wire::prefix, check = wire::prefix::check)]`.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::attribute::{AttributeValue, ValueError};
use super::rtnetlink::{AF_INET, AF_INET6, RTA_DST, RouteHeader};
use super::{Incoming, Outgoing, ParseError};

/// Writes the prefix. A default route has no `RTA_DST`.
pub fn emit(value: &IpNet, message: &mut Outgoing<'_, RouteHeader>) {
    message.header.rtm_family = if value.addr().is_ipv4() { AF_INET } else { AF_INET6 };
    message.header.rtm_dst_len = value.prefix_len();
    if value.prefix_len() > 0 {
        message.attributes.put(RTA_DST, &value.addr());
    }
}

/// Reads the prefix.
///
/// # Errors
/// When address and length don't fit the family; [foreign](ParseError::is_foreign) if that is neither IPv4 nor IPv6.
pub fn parse(message: &Incoming<'_, RouteHeader>) -> Result<IpNet, ParseError> {
    let payload = message.attributes.get(RTA_DST);
    let len = message.header.rtm_dst_len;
    let wrong = |error| ParseError::attribute(RTA_DST, error);
    let too_long = |_| ParseError::header(ValueError::Content(format!("rtm_dst_len {len} is too long")));
    match message.header.rtm_family {
        AF_INET => {
            let address = payload.map_or(Ok(Ipv4Addr::UNSPECIFIED), Ipv4Addr::parse).map_err(wrong)?;
            Ipv4Net::new(address, len).map(IpNet::V4).map_err(too_long)
        }
        AF_INET6 => {
            let address = payload.map_or(Ok(Ipv6Addr::UNSPECIFIED), Ipv6Addr::parse).map_err(wrong)?;
            Ipv6Net::new(address, len).map(IpNet::V6).map_err(too_long)
        }
        // Other families have routes too (MPLS, those of multicast): none of them has a prefix.
        _ => Err(ParseError::header(ValueError::Missing)),
    }
}

/// Refuses prefixes with host bits set, as the kernel does.
///
/// # Errors
/// The prefix that was probably meant.
pub fn check(value: &IpNet) -> Result<(), String> {
    if value.addr() == value.network() {
        return Ok(());
    }
    Err(format!("{value} has host bits set; the prefix is {}", value.trunc()))
}
