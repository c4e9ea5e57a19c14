//! IPv4 or IPv6, for kinds whose other fields don't tell.

use std::fmt;
use std::net::IpAddr;

use ksync_runtime::declare::{Context, OperationError, Resolver};
use ksync_runtime::prelude::{AF_INET, AF_INET6};
use ksync_runtime::wire::{HeaderValue, ParseError, ValueError};

/// Which of the two internet protocols an object is for.
///
/// What the kernel reports for other families (multicast routing has rules too) is no object of these kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// `AF_INET`
    V4,
    /// `AF_INET6`
    V6,
}

impl Family {
    /// The family of an address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        })
    }
}

impl HeaderValue for Family {
    fn to_header(&self, _: &Context<'_>) -> Result<i128, OperationError> {
        Ok(match self {
            Family::V4 => AF_INET.into(),
            Family::V6 => AF_INET6.into(),
        })
    }

    fn from_header(number: i128, _: &Resolver<'_>) -> Result<Self, ParseError> {
        match u8::try_from(number) {
            Ok(AF_INET) => Ok(Family::V4),
            Ok(AF_INET6) => Ok(Family::V6),
            _ => Err(ParseError::header(ValueError::Missing)),
        }
    }
}
