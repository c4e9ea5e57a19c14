//! Several fields as the bits of one attribute: a number, or a number and a mask that says which bits count.

use bytes::BufMut;

use crate::wire::{AttributeList, AttributeValue, Attributes, ParseError, ValueError};

/// A number that has bits.
pub trait BitsValue: AttributeValue + Copy {
    /// Whether all of `bits` are set.
    fn has(self, bits: Self) -> bool;

    /// The number with `bits` set.
    #[must_use]
    fn with(self, bits: Self) -> Self;
}

macro_rules! bits {
    ($($int:ty),*) => {$(
        impl BitsValue for $int {
            fn has(self, bits: Self) -> bool {
                self & bits == bits
            }

            fn with(self, bits: Self) -> Self {
                self | bits
            }
        }
    )*};
}
bits!(u8, u16, u32, u64, i32);

/// A field that bits carry: `bool`, or `Option<bool>` where the message can leave them open.
pub trait Bit: Sized {
    /// On, off, or open.
    fn on(&self) -> Option<bool>;

    /// From whether the bits are set; `None` if the message leaves them open.
    fn seen(on: Option<bool>) -> Self;
}

impl Bit for bool {
    fn on(&self) -> Option<bool> {
        Some(*self)
    }

    fn seen(on: Option<bool>) -> Self {
        on.unwrap_or_default()
    }
}

impl Bit for Option<bool> {
    fn on(&self) -> Option<bool> {
        *self
    }

    fn seen(on: Option<bool>) -> Self {
        on
    }
}

/// Whether the bits are set in attribute `nla`. They are not if it is missing.
///
/// # Errors
/// When it is no such number.
pub fn bit<B: BitsValue>(nla: u16, attributes: &AttributeList<'_>, bits: B) -> Result<bool, ParseError> {
    let Some(payload) = attributes.get(nla) else { return Ok(false) };
    B::parse(payload).map(|number| number.has(bits)).map_err(|error| ParseError::attribute(nla, error))
}

/// Writes `struct nla_bitfield32` (linux/netlink.h), if it selects any bits.
pub fn put_selected(attributes: &mut Attributes<'_>, nla: u16, value: u32, selector: u32) {
    if selector != 0 {
        attributes.put_with(nla, |out| {
            out.put_u32_ne(value);
            out.put_u32_ne(selector);
        });
    }
}

/// The bits in attribute `nla`, a `struct nla_bitfield32`; `None` if it does not select them.
///
/// # Errors
/// When it is none.
pub fn selected_bit(nla: u16, attributes: &AttributeList<'_>, bits: u32) -> Result<Option<bool>, ParseError> {
    let Some(payload) = attributes.get(nla) else { return Ok(None) };
    let wrong = |error| ParseError::attribute(nla, error);
    let (value, selector) = payload
        .split_at_checked(4)
        .ok_or_else(|| wrong(ValueError::Length { expected: 8, got: payload.len() }))?;
    let value = u32::parse(value).map_err(wrong)?;
    let selector =
        u32::parse(selector).map_err(|_| wrong(ValueError::Length { expected: 8, got: payload.len() }))?;
    Ok(selector.has(bits).then(|| value.has(bits)))
}
