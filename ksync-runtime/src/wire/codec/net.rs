//! Addresses whose family picks the attribute, and prefixes whose length stands in the fixed header.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::Codec;
use crate::declare::{Context, Resolver};
use crate::wire::rtnetlink::{AF_INET, AF_INET6};
use crate::wire::{AttributeList, AttributeValue, Attributes, ParseError, ValueError};

/// `nla = (V4, V6)`: an address, in one attribute if it is of IPv4 and in another, `V6`, if it is of IPv6.
#[derive(Debug)]
pub struct ByFamily<const V6: u16>;

impl<const V6: u16> Codec<IpAddr> for ByFamily<V6> {
    fn emit(value: &IpAddr, nla: u16, attributes: &mut Attributes<'_>, _: &Context<'_>) {
        match value {
            IpAddr::V4(address) => attributes.put(nla, address),
            IpAddr::V6(address) => attributes.put(V6, address),
        }
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, _: &Resolver<'_>) -> Result<IpAddr, ParseError> {
        match (attributes.get(nla), attributes.get(V6)) {
            (None, Some(payload)) => {
                Ipv6Addr::parse(payload).map(IpAddr::V6).map_err(|error| ParseError::attribute(V6, error))
            }
            _ => Ipv4Addr::parse(attributes.required(nla)?)
                .map(IpAddr::V4)
                .map_err(|error| ParseError::attribute(nla, error)),
        }
    }

    fn is_there(nla: u16, attributes: &AttributeList<'_>) -> bool {
        attributes.get(nla).or(attributes.get(V6)).is_some()
    }

    fn met_by(asked: &IpAddr, observed: &IpAddr) -> bool {
        asked == observed
    }

    /// Where the kernel merges, the address of the other family stays in its attribute.
    fn needs_recreation(held: &IpAddr, desired: &IpAddr, merge: bool) -> bool {
        merge && held.is_ipv4() != desired.is_ipv4()
    }
}

/// A value that belongs to an address family: `family = header_field` writes it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` belongs to no address family",
    label = "`family` is for addresses and prefixes",
    note = "`family` goes with `IpAddr`, `Ipv4Addr`, `Ipv6Addr`, `IpNet`, `Ipv4Net`, `Ipv6Net` and `Option` of these"
)]
pub trait Family {
    /// `AF_INET` or `AF_INET6`; `None` if there is no address.
    fn family(&self) -> Option<u8>;
}

macro_rules! families {
    ($($value:ty: |$self:ident| $family:expr;)*) => {$(
        impl Family for $value {
            fn family(&self) -> Option<u8> {
                let $self = self;
                Some($family)
            }
        }
    )*};
}
families! {
    IpAddr: |address| if address.is_ipv4() { AF_INET } else { AF_INET6 };
    IpNet: |net| if net.addr().is_ipv4() { AF_INET } else { AF_INET6 };
    Ipv4Addr: |_address| AF_INET;
    Ipv4Net: |_net| AF_INET;
    Ipv6Addr: |_address| AF_INET6;
    Ipv6Net: |_net| AF_INET6;
}

impl<F: Family> Family for Option<F> {
    fn family(&self) -> Option<u8> {
        self.as_ref().and_then(F::family)
    }
}

/// A prefix: an address in an attribute, and a length in the fixed header.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no prefix",
    label = "`prefix_len` is for prefixes",
    note = "`prefix_len` goes with `IpNet`, `Ipv4Net`, `Ipv6Net` and `Option` of these"
)]
pub trait Prefix: Sized + PartialEq {
    /// The address.
    fn address(&self) -> IpAddr;

    /// The length.
    fn prefix_len(&self) -> u8;

    /// From the address's bytes and a length. Without bytes it is the prefix of all addresses of the family, if
    /// that is known.
    ///
    /// # Errors
    /// When they make no prefix.
    fn read(payload: Option<&[u8]>, len: u8, family: Option<i128>) -> Result<Self, ValueError>;

    /// Reads a prefix from attribute `nla` and what the header says.
    ///
    /// # Errors
    /// When they make no prefix.
    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        len: i128,
        family: Option<i128>,
    ) -> Result<Self, ParseError> {
        let wrong = |error| ParseError::attribute(nla, error);
        let len = u8::try_from(len)
            .map_err(|_| wrong(ValueError::Content(format!("{len} is no length of a prefix"))))?;
        Self::read(attributes.get(nla).filter(|payload| !payload.is_empty()), len, family).map_err(wrong)
    }
}

macro_rules! prefixes {
    ($($net:ty: $address:ty, $no_address:expr;)*) => {$(
        impl Prefix for $net {
            fn address(&self) -> IpAddr {
                IpAddr::from(self.addr())
            }

            fn prefix_len(&self) -> u8 {
                <$net>::prefix_len(self)
            }

            fn read(payload: Option<&[u8]>, len: u8, family: Option<i128>) -> Result<Self, ValueError> {
                let no_address: fn(Option<i128>) -> Result<$address, ValueError> = $no_address;
                let address = payload.map_or_else(|| no_address(family), <$address>::parse)?;
                <$net>::new(address, len).map_err(|_| {
                    ValueError::Content(format!("{len} is too long for a prefix of {address}"))
                })
            }
        }
    )*};
}
prefixes! {
    IpNet: IpAddr, |family| match family {
        Some(family) if family == i128::from(AF_INET) => Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        Some(family) if family == i128::from(AF_INET6) => Ok(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        _ => Err(ValueError::Missing),
    };
    Ipv4Net: Ipv4Addr, |_| Ok(Ipv4Addr::UNSPECIFIED);
    Ipv6Net: Ipv6Addr, |_| Ok(Ipv6Addr::UNSPECIFIED);
}
