//! Text without a NUL at its end, and flags that are there or not.

use bytes::BufMut;

use super::{Codec, invalid};
use crate::declare::{Context, Invalid, Resolver};
use crate::wire::attribute::text_ends_where_it_ends;
use crate::wire::{AttributeList, AttributeValue, Attributes, ParseError, ValueError};

/// A value that is text on the wire.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no text, so it can't be `no_nul`",
    label = "no text",
    note = "`no_nul` is for `String`, and for enums that derive `KSyncValue` and have names"
)]
pub trait TextValue: Sized {
    /// The text.
    fn text(&self) -> &str;

    /// The value that the text stands for.
    ///
    /// # Errors
    /// When it stands for none.
    fn from_text(text: String) -> Result<Self, ValueError>;
}

impl TextValue for String {
    fn text(&self) -> &str {
        self
    }

    fn from_text(text: String) -> Result<Self, ValueError> {
        Ok(text)
    }
}

/// `no_nul`: text that ends where the attribute ends. Reading takes a NUL as well.
#[derive(Debug)]
pub struct NoNul;

impl<T: TextValue + PartialEq> Codec<T> for NoNul {
    fn emit(value: &T, nla: u16, attributes: &mut Attributes<'_>, _: &Context<'_>) {
        attributes.put_with(nla, |out| out.put_slice(value.text().as_bytes()));
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, _: &Resolver<'_>) -> Result<T, ParseError> {
        String::parse(attributes.required(nla)?)
            .and_then(T::from_text)
            .map_err(|error| ParseError::attribute(nla, error))
    }

    fn check(value: &T) -> Result<(), Invalid> {
        text_ends_where_it_ends(value.text()).map_err(invalid)
    }

    fn met_by(asked: &T, observed: &T) -> bool {
        asked == observed
    }
}

/// `flag`: an attribute without a payload, there if the value is `true`.
#[derive(Debug)]
pub struct Presence;

impl Codec<bool> for Presence {
    fn emit(value: &bool, nla: u16, attributes: &mut Attributes<'_>, _: &Context<'_>) {
        if *value {
            attributes.flag(nla);
        }
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, _: &Resolver<'_>) -> Result<bool, ParseError> {
        Ok(attributes.get(nla).is_some())
    }

    fn met_by(asked: &bool, observed: &bool) -> bool {
        asked == observed
    }

    /// A change can't say that it is off.
    fn needs_recreation(held: &bool, desired: &bool, merge: bool) -> bool {
        merge && *held && !*desired
    }
}
