//! References as fields, for the compiler's messages: [`AttributeField`] has many implementors, so of a
//! reference that can't be written it would only say that it is no attribute. Here the one thing that can be
//! missing is the kind's index, and that is what it says.

use crate::declare::{Context, Indexed, Invalid, Links, Ref, References, Resolver};
use crate::wire::{AttributeField, AttributeList, Attributes, ParseError};

/// [`AttributeField`] for `Ref<T>` and `Option<Ref<T>>`.
pub trait ReferenceField: Sized {
    /// See [`AttributeField::emit`].
    fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>);

    /// See [`AttributeField::parse`].
    ///
    /// # Errors
    /// As there.
    fn parse(nla: u16, attributes: &AttributeList<'_>, resolver: &Resolver<'_>) -> Result<Self, ParseError>;

    /// See [`AttributeField::references`].
    fn references<L: Links>(&mut self, references: &mut References<'_, L>);

    /// See [`AttributeField::met_by`].
    fn met_by(&self, observed: &Self) -> bool;

    /// See [`AttributeField::needs_recreation`].
    fn needs_recreation(&self, desired: &Self, merge: bool) -> bool;

    /// See [`AttributeField::check`].
    ///
    /// # Errors
    /// As there.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }
}

macro_rules! as_attribute {
    ($($field:ty: $parse:expr),* $(,)?) => {$(
        impl<T: Indexed> ReferenceField for $field {
            #[inline(always)]
            fn emit(&self, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
                AttributeField::emit(self, nla, attributes, context);
            }

            fn parse(
                nla: u16,
                attributes: &AttributeList<'_>,
                resolver: &Resolver<'_>,
            ) -> Result<Self, ParseError> {
                let parse: fn(u16, &AttributeList<'_>, &Resolver<'_>) -> Result<Self, ParseError> = $parse;
                parse(nla, attributes, resolver)
            }

            fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
                AttributeField::references(self, references);
            }

            fn met_by(&self, observed: &Self) -> bool {
                AttributeField::met_by(self, observed)
            }

            fn needs_recreation(&self, desired: &Self, merge: bool) -> bool {
                AttributeField::needs_recreation(self, desired, merge)
            }
        }
    )*};
}
as_attribute!(
    Ref<T>: AttributeField::parse,
    // 0 is nobody's index: so the kernel takes a reference back, and so it is read.
    Option<Ref<T>>: |nla, attributes, resolver| match attributes.get(nla) {
        Some([0, 0, 0, 0]) => Ok(None),
        _ => AttributeField::parse(nla, attributes, resolver),
    },
);
