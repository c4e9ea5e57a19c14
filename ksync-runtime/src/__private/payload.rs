//! Reading attributes whose payload a codec knows, and fixed headers inside nested attributes.

use crate::declare::Invalid;
use crate::wire::{AttributeList, AttributeValue, Attributes, FixedHeader, ParseError, ValueError};

/// The value of attribute `nla`.
///
/// # Errors
/// When it is missing, or the codec refuses it.
pub fn required<T>(
    nla: u16,
    attributes: &AttributeList<'_>,
    parse: impl FnOnce(&[u8]) -> Result<T, ValueError>,
) -> Result<T, ParseError> {
    parse(attributes.required(nla)?).map_err(|error| ParseError::attribute(nla, error))
}

/// The value of attribute `nla`, if it is there and the codec does not call it missing.
///
/// # Errors
/// When the codec refuses it.
pub fn optional<T>(
    nla: u16,
    attributes: &AttributeList<'_>,
    parse: impl FnOnce(&[u8]) -> Result<T, ValueError>,
) -> Result<Option<T>, ParseError> {
    match attributes.get(nla).map(parse) {
        None | Some(Err(ValueError::Missing)) => Ok(None),
        Some(Ok(value)) => Ok(Some(value)),
        Some(Err(error)) => Err(ParseError::attribute(nla, error)),
    }
}

/// The text in attribute `nla`, if it is there.
///
/// # Errors
/// When it is not UTF-8.
pub fn text(nla: u16, attributes: &AttributeList<'_>) -> Result<Option<String>, ParseError> {
    optional(nla, attributes, String::parse)
}

/// The fixed header at the front of attribute `nla`, and the attributes behind it.
///
/// # Errors
/// When the attribute is missing, or too short for the header.
pub fn with_header<'a, H: FixedHeader>(
    nla: u16,
    attributes: &AttributeList<'a>,
) -> Result<(H, AttributeList<'a>), ParseError> {
    let payload = attributes.required(nla)?;
    let header = H::parse(payload).ok_or_else(|| {
        ParseError::attribute(nla, ValueError::Length { expected: H::LEN, got: payload.len() })
    })?;
    let rest = payload.get(H::LEN.next_multiple_of(4)..).unwrap_or_default();
    Ok((header, AttributeList::parse(rest)?))
}

/// The struct that is the payload of attribute `nla`; newer kernels may have made it longer.
///
/// # Errors
/// When the attribute is missing, or too short for the struct.
pub fn required_struct<H: FixedHeader>(nla: u16, attributes: &AttributeList<'_>) -> Result<H, ParseError> {
    let payload = attributes.required(nla)?;
    H::parse(payload).ok_or_else(|| {
        ParseError::attribute(nla, ValueError::Length { expected: H::LEN, got: payload.len() })
    })
}

/// Writes attribute `nla` with a struct as its payload.
pub fn put_struct<H: FixedHeader>(attributes: &mut Attributes<'_>, nla: u16, value: &H) {
    attributes.put_with(nla, |out| {
        let start = out.len();
        out.resize(start + H::LEN, 0);
        value.emit(&mut out[start..]);
    });
}

/// Why `field` is wrong, when something nested in it is.
#[must_use]
pub fn invalid_inside(field: &'static str, inside: Invalid) -> Invalid {
    let reason = if inside.field.is_empty() { inside.reason } else { inside.to_string() };
    Invalid { field, reason }
}
