//! What can be wrong with a line, in words that name the thing and say what would be right.

use std::fmt;
use std::net::IpAddr;

use ksync_runtime::prelude::IpNet;

/// Why a line is no route.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadLine {
    /// Longer than any route.
    #[error("the line is longer than {max} bytes; is this a file of routes?")]
    TooLong {
        /// The longest that is read.
        max: usize,
    },
    /// Not UTF-8.
    #[error("byte {byte:#04x} in column {column} is no UTF-8 text")]
    NotText {
        /// The first byte that is at fault.
        byte: u8,
        /// Where it stands, in bytes from 1.
        column: usize,
    },
    /// A byte of a binary file.
    #[error("NUL byte in column {column}; is this a text file?")]
    Nul {
        /// Where it stands, in bytes from 1.
        column: usize,
    },
    /// One field only.
    #[error("no comma in {0}: write PREFIX,NEXTHOP as in 198.51.100.0/24,192.0.2.1")]
    NoComma(Quoted),
    /// More than two fields.
    #[error("{fields} fields, not two: write PREFIX,NEXTHOP as in 198.51.100.0/24,192.0.2.1")]
    TooManyFields {
        /// How many.
        fields: usize,
    },
    /// Nothing before the comma.
    #[error("no prefix before the comma")]
    NoPrefix,
    /// Nothing after the comma.
    #[error("no nexthop after the comma")]
    NoNexthop,
    /// An address without a length.
    #[error("{address} has no prefix length; a single host is {address}/{bits}", bits = bits_of(address))]
    NoLength {
        /// The address.
        address: IpAddr,
    },
    /// No prefix at all.
    #[error("{0} is no IPv4 or IPv6 prefix")]
    Prefix(Quoted),
    /// The address is fine, what is behind the slash is not.
    #[error("{length} is no prefix length; that of {address} is 0 to {bits}", bits = bits_of(address))]
    Length {
        /// The address.
        address: IpAddr,
        /// What stands behind the slash.
        length: Quoted,
    },
    /// Bits are set behind the prefix.
    #[error("{0} has host bits set; the prefix is {prefix}", prefix = .0.trunc())]
    HostBits(IpNet),
    /// No address at all.
    #[error("nexthop {0} is no IPv4 or IPv6 address")]
    Nexthop(Quoted),
    /// A prefix where an address is wanted.
    #[error("nexthop {0} has a prefix length; it must be the address of one router")]
    NexthopIsPrefix(Quoted),
    /// No router can have that address.
    #[error("nexthop {nexthop} is {sort}; it must be the address of a router")]
    Unusable {
        /// The nexthop.
        nexthop: IpAddr,
        /// What sort of address that is.
        sort: &'static str,
    },
    /// IPv4 by way of IPv6, or the other way round.
    #[error(
        "{prefix} is {prefix_family} and its nexthop {nexthop} is {nexthop_family}; both must be of one family",
        prefix_family = family_of(&prefix.addr()), nexthop_family = family_of(nexthop)
    )]
    OtherFamily {
        /// The prefix.
        prefix: IpNet,
        /// Its nexthop.
        nexthop: IpAddr,
    },
    /// The same prefix with another nexthop.
    #[error("{prefix} stands on line {line} already, with nexthop {nexthop}; that one counts")]
    Conflict {
        /// The prefix.
        prefix: IpNet,
        /// Where it stands.
        line: u64,
        /// The nexthop that it has there.
        nexthop: IpAddr,
    },
}

fn bits_of(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn family_of(address: &IpAddr) -> &'static str {
    if address.is_ipv4() { "IPv4" } else { "IPv6" }
}

/// A piece of a line, made fit for a terminal: in quotes, control characters escaped, not too long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted(String);

impl Quoted {
    /// Quotes `text`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        const MOST: usize = 40;
        let mut quoted: String = text.chars().take(MOST).flat_map(char::escape_debug).collect();
        if text.chars().nth(MOST).is_some() {
            quoted.push_str("...");
        }
        Quoted(quoted)
    }
}

impl fmt::Display for Quoted {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\"", self.0)
    }
}
