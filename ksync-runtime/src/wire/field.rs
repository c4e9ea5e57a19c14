//! How the fields of a kind meet the wire: by attribute, or by a field of the fixed header.
//!
//! The derive calls these traits and leaves it to the field's type what happens: a missing option is not
//! written, a reference becomes its target's index, a nested struct opens a nested attribute.

use super::attribute::{AttributeValue, Attributes, ValueError};
use super::view::{AttributeList, ParseError};
use crate::declare::{Context, Indexed, Invalid, Links, OperationError, Ref, References, Resolver};

/// A field that an attribute carries.
///
/// Implemented for every [`AttributeValue`], for `Option` (written when `Some`), for [`Ref`] (the target's
/// index, 32 bits), and by `#[derive(KSyncNested)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be carried by a netlink attribute",
    label = "no attribute type",
    note = "attributes carry integers, `bool`, `String`, `Vec<u8>`, `[u8; N]`, addresses, `MacAddr6`, `Ref<T>` to a kind with an index, and `Option` of these",
    note = "derive `KSyncNested` for a struct or enum of nested attributes, `KSyncValue` for an enum that is a number or a name, implement `AttributeValue` for a value of your own, or name a codec: `#[ksync(nla = ..., with = module)]`"
)]
pub trait AttributeField: Sized {
    /// Writes the field as attribute `nla`.
    fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>);

    /// Reads the field from attribute `nla` of a message.
    ///
    /// # Errors
    /// When it is missing, or no value of this type.
    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError>;

    /// Shows the references inside the field.
    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        let _ = references;
    }

    /// Looks at what can be known to be wrong before anybody asks the kernel; see
    /// [`KSyncEntry::check`](crate::declare::KSyncEntry::check).
    ///
    /// # Errors
    /// What is wrong inside the field.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// Whether `observed` does what `self` asks for; see [`KSyncEntry::unmet`](crate::declare::KSyncEntry::unmet).
    fn met_by(&self, observed: &Self) -> bool;

    /// Whether no change message leads from `self`, which the kernel holds, to `desired`: something inside is
    /// immutable, or, where the kernel keeps what a change does not name (`merge`), something is left open that was
    /// not.
    fn needs_recreation(&self, desired: &Self, merge: bool) -> bool {
        let _ = (desired, merge);
        false
    }

    /// Writes what a change takes where the kernel keeps what it does not name: of a nest what differs, of other
    /// values all. `held` is what the kernel is known to hold, or `None` where that is not certain.
    fn emit_change(
        &self,
        held: Option<&Self>,
        nla: u16,
        attributes: &mut Attributes<'_>,
        context: &Context<'_>,
    ) {
        let _ = held;
        self.emit(nla, attributes, context);
    }
}

impl<V: AttributeValue + PartialEq> AttributeField for V {
    fn check(&self) -> Result<(), Invalid> {
        V::check(self).map_err(|reason| Invalid { field: "", reason })
    }

    #[inline(always)]
    fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, _: &Context<'_>) {
        attributes.put(nla, self);
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, _: &Resolver<'_>) -> Result<Self, ParseError> {
        V::parse(attributes.required(nla)?).map_err(|error| ParseError::attribute(nla, error))
    }

    fn met_by(&self, observed: &Self) -> bool {
        self == observed
    }
}

impl<F: AttributeField> AttributeField for Option<F> {
    #[inline(always)]
    fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        if let Some(field) = self {
            field.emit(nla, attributes, context);
        }
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        attributes.get(nla).map(|_| F::parse(nla, attributes, resolver)).transpose()
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        if let Some(field) = self {
            field.references(references);
        }
    }

    fn check(&self) -> Result<(), Invalid> {
        self.as_ref().map_or(Ok(()), F::check)
    }

    fn met_by(&self, observed: &Self) -> bool {
        match (self, observed) {
            (None, _) => true,
            (Some(asked), Some(there)) => asked.met_by(there),
            (Some(_), None) => false,
        }
    }

    fn needs_recreation(&self, desired: &Self, merge: bool) -> bool {
        match (self, desired) {
            (Some(held), Some(desired)) => held.needs_recreation(desired, merge),
            (Some(_), None) => merge,
            (None, _) => false,
        }
    }

    fn emit_change(
        &self,
        held: Option<&Self>,
        nla: u16,
        attributes: &mut Attributes<'_>,
        context: &Context<'_>,
    ) {
        match (self, held) {
            (None, _) => {}
            (Some(field), Some(None)) => field.emit(nla, attributes, context),
            (Some(field), held) => {
                field.emit_change(held.and_then(Option::as_ref), nla, attributes, context);
            }
        }
    }
}

impl<T: Indexed> AttributeField for Ref<T> {
    #[inline(always)]
    fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        match context.index_of(self) {
            Ok(index) => attributes.put(nla, &index),
            Err(error) => attributes.fail(error),
        }
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        let index = <u32 as AttributeField>::parse(nla, attributes, resolver)?;
        resolver.reference(index).map_err(ParseError::from)
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        references.required(self);
    }

    fn met_by(&self, observed: &Self) -> bool {
        self == observed
    }
}

/// A field that a field of the fixed header carries.
///
/// Implemented for the integers, `bool`, [`Ref`] (the target's index), and `Option<Ref<T>>` (0 for none). The header
/// field may be of any
/// integer type; a value that does not fit is an error, never cut.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be carried by a field of a fixed header",
    label = "no header value",
    note = "header fields carry integers, `bool` and `Ref<T>` to a kind with an index; implement `HeaderValue` for a type of your own",
    note = "a header field is always there, so it has no `Option`, but for `Option<Ref<T>>`: there, 0 is none"
)]
pub trait HeaderValue: Sized {
    /// The number that the header carries. Wider than any header field, so that it holds those of 64 bits with and
    /// without a sign.
    ///
    /// # Errors
    /// When there is none (a reference whose target has no index yet).
    fn to_header(&self, context: &Context<'_>) -> Result<i128, OperationError>;

    /// The value that the header's number stands for.
    ///
    /// # Errors
    /// When it stands for none.
    fn from_header(number: i128, resolver: &Resolver<'_>) -> Result<Self, ParseError>;

    /// Shows the references inside the field.
    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        let _ = references;
    }
}

macro_rules! header_integers {
    ($($int:ty),*) => {$(
        impl HeaderValue for $int {
            fn to_header(&self, _: &Context<'_>) -> Result<i128, OperationError> {
                Ok(i128::from(*self))
            }

            fn from_header(number: i128, _: &Resolver<'_>) -> Result<Self, ParseError> {
                <$int>::try_from(number)
                    .map_err(|_| ParseError::header(ValueError::Content(format!("{number} is out of range"))))
            }
        }
    )*};
}
header_integers!(u8, u16, u32, u64, i8, i16, i32, i64);

impl HeaderValue for bool {
    fn to_header(&self, _: &Context<'_>) -> Result<i128, OperationError> {
        Ok(i128::from(*self))
    }

    fn from_header(number: i128, _: &Resolver<'_>) -> Result<Self, ParseError> {
        Ok(number != 0)
    }
}

impl<T: Indexed> HeaderValue for Ref<T> {
    fn to_header(&self, context: &Context<'_>) -> Result<i128, OperationError> {
        context.index_of(self).map(i128::from)
    }

    fn from_header(number: i128, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        let index = <u32 as HeaderValue>::from_header(number, resolver)?;
        resolver.reference(index).map_err(ParseError::from)
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        references.required(self);
    }
}

/// The kernel counts from 1: 0 is none.
impl<T: Indexed> HeaderValue for Option<Ref<T>> {
    fn to_header(&self, context: &Context<'_>) -> Result<i128, OperationError> {
        self.as_ref().map_or(Ok(0), |reference| reference.to_header(context))
    }

    fn from_header(number: i128, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        if number == 0 { Ok(None) } else { Ref::from_header(number, resolver).map(Some) }
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        if let Some(reference) = self {
            references.required(reference);
        }
    }
}

/// The number for a header field of type `W`.
///
/// # Errors
/// When the value has no number, or one that does not fit the header field.
pub fn emit_header<V: HeaderValue, W: TryFrom<i128>>(
    value: &V,
    context: &Context<'_>,
    field: &'static str,
) -> Result<W, OperationError> {
    fit_header(value.to_header(context), field)
}

/// The same, for a number that is at hand, or the reason why there is none.
///
/// # Errors
/// As for [`emit_header`].
pub fn fit_header<W: TryFrom<i128>>(
    number: Result<i128, OperationError>,
    field: &'static str,
) -> Result<W, OperationError> {
    let number = number.map_err(|error| OperationError { field: error.field.or(Some(field)), ..error })?;
    W::try_from(number).map_err(|_| {
        OperationError::local(
            Some(field),
            format!("{number} does not fit the header field of {} bytes", size_of::<W>()),
        )
    })
}

/// The value behind a header field of type `W`.
///
/// # Errors
/// When the number stands for no such value.
pub fn parse_header<V: HeaderValue, W: Into<i128>>(
    header: W,
    resolver: &Resolver<'_>,
) -> Result<V, ParseError> {
    V::from_header(header.into(), resolver)
}
