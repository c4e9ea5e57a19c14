//! Nests: a struct or enum as attributes, with or without an attribute of its own around them.
//!
//! The derive `KSyncNested` implements the traits.

use super::field::AttributeField;
use super::{AttributeList, Attributes, FixedHeader, NoHeader, ParseError};
use crate::declare::{Context, Resolver};

/// What a nest holds: a fixed header perhaps, and attributes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no nest of attributes",
    label = "does not derive `KSyncNested`",
    note = "derive it: `#[derive(Clone, Debug, PartialEq, KSyncNested)]`"
)]
pub trait Nested: AttributeField {
    /// The fixed header in front.
    type Header: FixedHeader;

    /// The header with what the value has to say in it; what does not fit fails the message.
    fn header(&self, attributes: &mut Attributes<'_>, context: &Context<'_>) -> Self::Header;

    /// Writes the attributes, without one around them.
    fn emit_attributes(&self, attributes: &mut Attributes<'_>, context: &Context<'_>);

    /// Writes the attributes that a change takes where the kernel keeps what it does not name; see
    /// [`AttributeField::emit_change`].
    fn emit_changed_attributes(
        &self,
        held: Option<&Self>,
        attributes: &mut Attributes<'_>,
        context: &Context<'_>,
    ) {
        let _ = held;
        self.emit_attributes(attributes, context);
    }

    /// Reads the value from a header and the attributes behind it.
    ///
    /// # Errors
    /// Which part of it is missing or wrong.
    fn parse_body(
        header: &Self::Header,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Self, ParseError>;

    /// Whether any of its attributes is in the list.
    fn any_in(attributes: &AttributeList<'_>) -> bool;
}

/// A field whose attributes stand among those of the struct that it is in.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be flattened",
    label = "no nest of attributes without a fixed header",
    note = "`flatten` is for structs and enums that derive `KSyncNested` without `header = ...`, and `Option` of these"
)]
pub trait Flatten: Sized {
    /// Writes the attributes.
    fn emit(&self, attributes: &mut Attributes<'_>, context: &Context<'_>);

    /// Writes the attributes that a change takes where the kernel keeps what it does not name.
    fn emit_changed(&self, held: Option<&Self>, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        let _ = held;
        self.emit(attributes, context);
    }

    /// Reads the value from among them.
    ///
    /// # Errors
    /// Which part of it is missing or wrong.
    fn parse(attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError>;

    /// Whether any of its attributes is in the list.
    fn any_in(attributes: &AttributeList<'_>) -> bool;
}

impl<T: Nested<Header = NoHeader>> Flatten for T {
    fn emit(&self, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        self.emit_attributes(attributes, context);
    }

    fn emit_changed(&self, held: Option<&Self>, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        self.emit_changed_attributes(held, attributes, context);
    }

    fn parse(attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        T::parse_body(&NoHeader, attributes, resolver)
    }

    fn any_in(attributes: &AttributeList<'_>) -> bool {
        <T as Nested>::any_in(attributes)
    }
}

impl<F: Flatten> Flatten for Option<F> {
    fn emit(&self, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        if let Some(field) = self {
            field.emit(attributes, context);
        }
    }

    fn parse(attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        F::any_in(attributes).then(|| F::parse(attributes, resolver)).transpose()
    }

    fn any_in(attributes: &AttributeList<'_>) -> bool {
        F::any_in(attributes)
    }
}
