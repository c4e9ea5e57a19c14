//! What a rule looks at in a packet, as far as no single attribute carries it as it is.

use std::ops::RangeInclusive;

use ksync_runtime::declare::Invalid;
use ksync_runtime::prelude::*;

use crate::route_family::Family;

/// A mark of the firewall, and the bits of it that count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Mark {
    /// What these bits are.
    pub value: u32,
    /// The bits that are looked at.
    pub mask: u32,
}

/// All bits of the mark count.
impl From<u32> for Mark {
    fn from(value: u32) -> Self {
        Mark { value, mask: u32::MAX }
    }
}

impl std::fmt::Display for Mark {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:#x}/{:#x}", self.value, self.mask)
    }
}

impl Mark {
    pub(super) fn check(self) -> Result<(), Invalid> {
        let reason = if self.mask == 0 {
            format!("{self} looks at no bit, so it matches every packet; leave it out")
        } else if self.value & !self.mask != 0 {
            format!("{self} never matches: the value has bits that the mask leaves out")
        } else {
            return Ok(());
        };
        Err(Invalid { field: "fwmark", reason })
    }
}

pub(super) fn check_prefix(
    field: &'static str,
    prefix: Option<&IpNet>,
    family: Family,
) -> Result<(), Invalid> {
    let Some(prefix) = prefix else { return Ok(()) };
    let reason = if Family::of(prefix.addr()) != family {
        let constructor = if family == Family::V4 { "ipv6" } else { "ipv4" };
        format!("{prefix} is no prefix of {family}, as `family` says; use `Rule::{constructor}`")
    } else if prefix.prefix_len() == 0 {
        format!("{prefix} is every packet of {family}; leave it out")
    } else {
        return wire::prefix::check(prefix).map_err(|reason| Invalid { field, reason });
    };
    Err(Invalid { field, reason })
}

/// `IFNAMSIZ - 1` (linux/if.h).
const LONGEST_NAME: usize = 15;

pub(super) fn check_link(field: &'static str, name: Option<&str>) -> Result<(), Invalid> {
    match name {
        Some(name) if name.is_empty() || name.len() > LONGEST_NAME => Err(Invalid {
            field,
            reason: format!("{name:?} is no name of a link: those have 1 to {LONGEST_NAME} bytes"),
        }),
        _ => Ok(()),
    }
}

pub(super) fn check_ports(field: &'static str, range: Option<&RangeInclusive<u16>>) -> Result<(), Invalid> {
    let Some(range) = range else { return Ok(()) };
    if *range.start() == 0 || *range.end() == u16::MAX || range.is_empty() {
        let reason = format!("{range:?} is no range of ports within 1 and 65534, as the kernel wants it");
        return Err(Invalid { field, reason });
    }
    Ok(())
}

/// `FRA_SRC` and `src_len`.
pub(super) mod from {
    use super::prefix;
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError};

    pub(in crate::rule) fn emit(value: &Option<IpNet>, message: &mut Outgoing<'_, RuleHeader>) {
        if let Some(prefix) = value {
            message.header.src_len = prefix.prefix_len();
            message.attributes.put(FRA_SRC, &prefix.addr());
        }
    }

    pub(in crate::rule) fn parse(message: &Incoming<'_, RuleHeader>) -> Result<Option<IpNet>, ParseError> {
        prefix(message, FRA_SRC, message.header.src_len)
    }
}

/// `FRA_DST` and `dst_len`.
pub(super) mod to {
    use super::prefix;
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{Incoming, Outgoing, ParseError};

    pub(in crate::rule) fn emit(value: &Option<IpNet>, message: &mut Outgoing<'_, RuleHeader>) {
        if let Some(prefix) = value {
            message.header.dst_len = prefix.prefix_len();
            message.attributes.put(FRA_DST, &prefix.addr());
        }
    }

    pub(in crate::rule) fn parse(message: &Incoming<'_, RuleHeader>) -> Result<Option<IpNet>, ParseError> {
        prefix(message, FRA_DST, message.header.dst_len)
    }
}

fn prefix(
    message: &wire::Incoming<'_, RuleHeader>,
    nla: u16,
    len: u8,
) -> Result<Option<IpNet>, wire::ParseError> {
    use ksync_runtime::wire::{AttributeValue, ParseError, ValueError};

    let Some(payload) = message.attributes.get(nla) else { return Ok(None) };
    let address = std::net::IpAddr::parse(payload).map_err(|error| ParseError::attribute(nla, error))?;
    IpNet::new(address, len).map(Some).map_err(|_| {
        ParseError::header(ValueError::Content(format!("{len} is too long a prefix of {address}")))
    })
}

/// `FRA_FWMARK` and `FRA_FWMASK`. The kernel reports no mark that is 0, and no mask where neither was given.
pub(super) mod mark {
    use super::Mark;
    use ksync_runtime::prelude::*;
    use ksync_runtime::wire::{AttributeValue, Incoming, Outgoing, ParseError};

    pub(in crate::rule) fn emit(value: &Option<Mark>, message: &mut Outgoing<'_, RuleHeader>) {
        if let Some(mark) = value {
            message.attributes.put(FRA_FWMARK, &mark.value);
            message.attributes.put(FRA_FWMASK, &mark.mask);
        }
    }

    pub(in crate::rule) fn parse(message: &Incoming<'_, RuleHeader>) -> Result<Option<Mark>, ParseError> {
        let number = |nla| {
            let payload = message.attributes.get(nla);
            payload.map(u32::parse).transpose().map_err(|error| ParseError::attribute(nla, error))
        };
        let (value, mask) = (number(FRA_FWMARK)?, number(FRA_FWMASK)?);
        Ok(match (value, mask) {
            (None, None) => None,
            (value, mask) => Some(Mark { value: value.unwrap_or(0), mask: mask.unwrap_or(u32::MAX) }),
        })
    }
}

macro_rules! ranges {
    ($($(#[$meta:meta])* $module:ident $int:ty;)*) => {$(
        $(#[$meta])*
        pub(super) mod $module {
            use std::ops::RangeInclusive;

            use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

            pub(in crate::rule) fn emit(value: &RangeInclusive<$int>, out: &mut BytesMut) {
                value.start().emit(out);
                value.end().emit(out);
            }

            pub(in crate::rule) fn parse(payload: &[u8]) -> Result<RangeInclusive<$int>, ValueError> {
                let size = size_of::<$int>();
                let wrong = || ValueError::Length { expected: 2 * size, got: payload.len() };
                let (start, end) = payload.split_at_checked(size).ok_or_else(wrong)?;
                Ok(<$int>::parse(start)?..=<$int>::parse(end).map_err(|_| wrong())?)
            }
        }
    )*};
}
ranges! {
    /// `struct fib_rule_port_range` (linux/fib_rules.h).
    ports u16;
    /// `struct fib_rule_uid_range` (linux/fib_rules.h).
    users u32;
}

/// A number in network order.
pub(super) mod big_endian {
    use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

    pub(in crate::rule) fn emit(value: &u64, out: &mut BytesMut) {
        value.to_be().emit(out);
    }

    pub(in crate::rule) fn parse(payload: &[u8]) -> Result<u64, ValueError> {
        u64::parse(payload).map(u64::from_be)
    }
}

/// A number that the kernel always reports: all ones stand for none.
pub(super) mod unless_all_ones {
    use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

    pub(in crate::rule) fn emit(value: &u32, out: &mut BytesMut) {
        value.emit(out);
    }

    pub(in crate::rule) fn parse(payload: &[u8]) -> Result<u32, ValueError> {
        u32::parse(payload)
            .and_then(|number| if number == u32::MAX { Err(ValueError::Missing) } else { Ok(number) })
    }
}
