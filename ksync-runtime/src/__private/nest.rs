//! What all nests do alike, so that the derive need not write it anew for each.

use crate::declare::{Context, Resolver};
use crate::wire::{AttributeList, Attributes, FixedHeader, Nested, ParseError, ValueError};

use super::payload;

/// Writes a struct as an attribute around its header and attributes.
pub fn emit<T: Nested>(value: &T, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
    attributes.nested(nla, |attributes| {
        let header = value.header(attributes, context);
        attributes.header(&header);
        value.emit_attributes(attributes, context);
    });
}

/// Writes a struct that is a header alone as the payload of an attribute, which is no nest then.
pub fn emit_header<T: Nested>(value: &T, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
    attributes.payload(nla, |attributes| emit_element(value, attributes, context));
}

/// Writes an enum as an attribute around its attributes, if there are any.
pub fn emit_unless_empty<T: Nested>(
    value: &T,
    nla: u16,
    attributes: &mut Attributes<'_>,
    context: &Context<'_>,
) {
    attributes.nested_unless_empty(nla, |attributes| value.emit_attributes(attributes, context));
}

/// Writes what a change takes of a nest, as an attribute around it, if there is any.
pub fn emit_change<T: Nested>(
    value: &T,
    held: Option<&T>,
    nla: u16,
    attributes: &mut Attributes<'_>,
    context: &Context<'_>,
) {
    attributes.nested_unless_empty(nla, |attributes| {
        let header = value.header(attributes, context);
        attributes.header(&header);
        value.emit_changed_attributes(held, attributes, context);
    });
}

/// Reads a struct from attribute `nla`.
///
/// # Errors
/// When it is missing, or something in it is missing or wrong.
pub fn parse<T: Nested>(
    nla: u16,
    outer: &AttributeList<'_>,
    resolver: &Resolver<'_>,
) -> Result<T, ParseError> {
    let (header, list) = payload::with_header::<T::Header>(nla, outer)?;
    T::parse_body(&header, &list, resolver)
}

/// Reads a struct that is a header alone from attribute `nla`.
///
/// # Errors
/// When it is missing, too short, or something in it is wrong.
pub fn parse_header<T: Nested>(
    nla: u16,
    outer: &AttributeList<'_>,
    resolver: &Resolver<'_>,
) -> Result<T, ParseError> {
    T::parse_body(&payload::required_struct(nla, outer)?, &AttributeList::default(), resolver)
}

/// Reads an enum from attribute `nla`; a missing one is read like an empty one.
///
/// # Errors
/// When something in it is missing or wrong.
pub fn parse_or_empty<T: Nested>(
    nla: u16,
    outer: &AttributeList<'_>,
    resolver: &Resolver<'_>,
) -> Result<T, ParseError> {
    let (header, list) = (T::Header::default(), list_or_empty(nla, outer)?);
    T::parse_body(&header, &list, resolver).map_err(|error| match error {
        // Which variant it is stands inside; that there is none is said of the whole.
        ParseError::Value { error: ValueError::Missing, .. } => {
            ParseError::attribute(nla, ValueError::Missing)
        }
        other => other,
    })
}

/// The attributes inside attribute `nla`; none if it is missing.
///
/// # Errors
/// When they can't be told apart.
pub fn list_or_empty<'a>(nla: u16, outer: &AttributeList<'a>) -> Result<AttributeList<'a>, ParseError> {
    outer.get(nla).map_or_else(|| Ok(AttributeList::default()), AttributeList::parse)
}

/// Writes a header as an element of an array.
pub fn emit_element<T: Nested>(value: &T, attributes: &mut Attributes<'_>, context: &Context<'_>) {
    let header = value.header(attributes, context);
    attributes.element(&header);
}

/// Reads a header as an element of an array.
///
/// # Errors
/// When there are too few bytes, or they are no such value.
pub fn parse_element<T: Nested>(bytes: &[u8], resolver: &Resolver<'_>) -> Result<T, ParseError> {
    let short = ValueError::Length { expected: T::Header::LEN, got: bytes.len() };
    let header = T::Header::parse(bytes).ok_or_else(|| ParseError::header(short))?;
    T::parse_body(&header, &AttributeList::default(), resolver)
}
