//! Codecs: how a value becomes one attribute, or several of the same number, where its type alone does not say.
//!
//! Each stands for a word of the derive (`be`, `repeated`, `unit`, ...) and is a type without values; they are put
//! together like words are: `Maybe<Repeated<BigEndian>>` is an option of a list of numbers in network order.
//! A kind that is written by hand may use them too.
//!
//! ```
//! use ksync_runtime::wire::codec::{BigEndian, Codec, Repeated};
//! use ksync_runtime::wire::AttributeList;
//! use ksync_runtime::declare::Resolver;
//!
//! // Two attributes of number 3, of 6 bytes each, padded to 8.
//! let bytes = [6, 0, 3, 0, 0x12, 0x34, 0, 0, 6, 0, 3, 0, 0x56, 0x78, 0, 0];
//! # #[cfg(target_endian = "little")] {
//! let list = AttributeList::parse(&bytes)?;
//! let numbers = <Repeated<BigEndian> as Codec<Vec<u16>>>::parse(3, &list, &Resolver::empty())?;
//! assert_eq!(numbers, [0x1234, 0x5678]);
//! # }
//! # Ok::<(), ksync_runtime::wire::ParseError>(())
//! ```

mod array;
mod bits;
mod list;
mod net;
mod number;
mod parts;
mod reference;
mod text;

use std::marker::PhantomData;

pub use array::{ArrayOf, BigEndianArray, FixedSize, RecordLength, Records};
pub use bits::{Bit, BitsValue, bit, put_selected, selected_bit};
pub use list::{Each, Numbered, Repeated};
pub use net::{ByFamily, Family, Prefix};
pub use number::{BigEndian, BigEndianValue, ByteOrder, Centis, Micros, Millis, Seconds, Ticks, Unit};
pub use parts::{At, ByKeyFields, KeyFields, Placed};
pub use reference::{ByIndex, ByKey, ByKeyAs, KeyOnWire};
pub use text::{NoNul, Presence, TextValue};

use super::field::AttributeField;
use super::{AttributeList, Attributes, ParseError};
use crate::declare::{Context, Invalid, Links, References, Resolver};

/// How a `T` is carried by attributes. The methods are those of [`AttributeField`], for a type that need not know
/// of it.
#[diagnostic::on_unimplemented(
    message = "`{T}` can't be carried by an attribute in the way that the words of the field say",
    note = "`by_key` needs a kind whose key is one value; of a key of several fields, `by_key(A, B)` names an attribute \
            for each, and a codec writes whatever else it takes: `#[ksync(with = module)]`"
)]
pub trait Codec<T> {
    /// Writes `value` as attribute `nla`.
    fn emit(value: &T, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>);

    /// Reads a value from attribute `nla`.
    ///
    /// # Errors
    /// When it is missing, or no such value.
    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<T, ParseError>;

    /// Whether there is anything to read.
    fn is_there(nla: u16, attributes: &AttributeList<'_>) -> bool {
        attributes.get(nla).is_some()
    }

    /// Shows the references inside the value.
    fn references<L: Links>(value: &mut T, references: &mut References<'_, L>) {
        let _ = (value, references);
    }

    /// Looks at what can be known to be wrong before anybody asks the kernel.
    ///
    /// # Errors
    /// What is wrong inside the value.
    fn check(value: &T) -> Result<(), Invalid> {
        let _ = value;
        Ok(())
    }

    /// Whether `observed` does what `asked` asks for.
    fn met_by(asked: &T, observed: &T) -> bool;

    /// Whether no change message leads from `held` to `desired`; see [`AttributeField::needs_recreation`].
    fn needs_recreation(held: &T, desired: &T, merge: bool) -> bool {
        let _ = (held, desired, merge);
        false
    }
}

/// What is wrong with a value that has no fields of its own.
pub(crate) fn invalid(reason: String) -> Invalid {
    Invalid { field: "", reason }
}

/// By the type's own rule.
#[derive(Debug)]
pub struct Native;

impl<T: AttributeField> Codec<T> for Native {
    fn emit(value: &T, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        value.emit(nla, attributes, context);
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<T, ParseError> {
        T::parse(nla, attributes, resolver)
    }

    fn references<L: Links>(value: &mut T, references: &mut References<'_, L>) {
        value.references(references);
    }

    fn check(value: &T) -> Result<(), Invalid> {
        value.check()
    }

    fn met_by(asked: &T, observed: &T) -> bool {
        asked.met_by(observed)
    }

    fn needs_recreation(held: &T, desired: &T, merge: bool) -> bool {
        held.needs_recreation(desired, merge)
    }
}

/// An `Option`: written when it is `Some`.
#[derive(Debug)]
pub struct Maybe<C>(PhantomData<C>);

impl<T, C: Codec<T>> Codec<Option<T>> for Maybe<C> {
    fn emit(value: &Option<T>, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        if let Some(value) = value {
            C::emit(value, nla, attributes, context);
        }
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Option<T>, ParseError> {
        C::is_there(nla, attributes).then(|| C::parse(nla, attributes, resolver)).transpose()
    }

    fn is_there(nla: u16, attributes: &AttributeList<'_>) -> bool {
        C::is_there(nla, attributes)
    }

    fn references<L: Links>(value: &mut Option<T>, references: &mut References<'_, L>) {
        if let Some(value) = value {
            C::references(value, references);
        }
    }

    fn check(value: &Option<T>) -> Result<(), Invalid> {
        value.as_ref().map_or(Ok(()), C::check)
    }

    fn met_by(asked: &Option<T>, observed: &Option<T>) -> bool {
        match (asked, observed) {
            (None, _) => true,
            (Some(asked), Some(observed)) => C::met_by(asked, observed),
            (Some(_), None) => false,
        }
    }

    fn needs_recreation(held: &Option<T>, desired: &Option<T>, merge: bool) -> bool {
        match (held, desired) {
            (Some(held), Some(desired)) => C::needs_recreation(held, desired, merge),
            (Some(_), None) => merge,
            (None, _) => false,
        }
    }
}

/// A list that is left out when it is empty.
#[derive(Debug)]
pub struct UnlessEmpty<C>(PhantomData<C>);

impl<T, C: Codec<Vec<T>>> Codec<Vec<T>> for UnlessEmpty<C> {
    fn emit(value: &Vec<T>, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        if !value.is_empty() {
            C::emit(value, nla, attributes, context);
        }
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Vec<T>, ParseError> {
        if C::is_there(nla, attributes) { C::parse(nla, attributes, resolver) } else { Ok(Vec::new()) }
    }

    fn is_there(nla: u16, attributes: &AttributeList<'_>) -> bool {
        C::is_there(nla, attributes)
    }

    fn references<L: Links>(value: &mut Vec<T>, references: &mut References<'_, L>) {
        C::references(value, references);
    }

    fn check(value: &Vec<T>) -> Result<(), Invalid> {
        C::check(value)
    }

    fn met_by(asked: &Vec<T>, observed: &Vec<T>) -> bool {
        C::met_by(asked, observed)
    }

    /// What is left out of a change stays, where the kernel merges.
    fn needs_recreation(held: &Vec<T>, desired: &Vec<T>, merge: bool) -> bool {
        (merge && !held.is_empty() && desired.is_empty()) || C::needs_recreation(held, desired, merge)
    }
}
