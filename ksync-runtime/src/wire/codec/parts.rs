//! Keys of several fields: a nest with an attribute for each of them.

use std::marker::PhantomData;

use super::Codec;
use super::reference::KeyOnWire;
use crate::declare::{Context, KSyncEntry, Links, Ref, References, Resolver};
use crate::wire::{AttributeList, Attributes, ParseError};

/// A key of several fields, taken apart and put together. The derive implements it for the keys that it writes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no key of several fields",
    label = "`by_key(...)` names an attribute for each field of the key",
    note = "a key that is one value has no parts: say `by_key`, without parentheses"
)]
pub trait KeyFields: Sized {
    /// The fields, as a tuple.
    type Fields;

    /// Copies of the fields.
    fn fields(&self) -> Self::Fields;

    /// The key of these fields.
    fn of_fields(fields: Self::Fields) -> Self;
}

/// The attribute of one field.
#[derive(Debug)]
pub struct At<const NLA: u16>;

/// The attributes of all fields of a key: a tuple of [`At`].
#[diagnostic::on_unimplemented(
    message = "the key `{Fields}` can't be carried by these attributes",
    label = "`by_key(...)` names one attribute for each field of the key",
    note = "there must be as many as the key has fields, up to six, and each field must be a value that an attribute can carry"
)]
pub trait Placed<Fields> {
    /// Writes each field.
    fn emit(fields: &Fields, attributes: &mut Attributes<'_>);

    /// Reads each field.
    ///
    /// # Errors
    /// When one is missing, or no such value.
    fn parse(attributes: &AttributeList<'_>) -> Result<Fields, ParseError>;
}

macro_rules! placed {
    ($($field:ident $nla:ident),*) => {
        impl<$($field: KeyOnWire,)* $(const $nla: u16,)*> Placed<($($field,)*)> for ($(At<$nla>,)*) {
            fn emit(fields: &($($field,)*), attributes: &mut Attributes<'_>) {
                #[expect(non_snake_case, reason = "a type and its value")]
                let ($($field,)*) = fields;
                $($field.emit_key($nla, attributes);)*
            }

            fn parse(attributes: &AttributeList<'_>) -> Result<($($field,)*), ParseError> {
                Ok(($($field::parse_key($nla, attributes)?,)*))
            }
        }
    };
}
placed!(F1 A1, F2 A2);
placed!(F1 A1, F2 A2, F3 A3);
placed!(F1 A1, F2 A2, F3 A3, F4 A4);
placed!(F1 A1, F2 A2, F3 A3, F4 A4, F5 A5);
placed!(F1 A1, F2 A2, F3 A3, F4 A4, F5 A5, F6 A6);

/// `by_key(A, B)`: the fields of the target's key, each in an attribute of a nest.
#[derive(Debug)]
pub struct ByKeyFields<P>(PhantomData<P>);

impl<T: KSyncEntry, P> Codec<Ref<T>> for ByKeyFields<P>
where
    T::Key: KeyFields,
    P: Placed<<T::Key as KeyFields>::Fields>,
{
    fn emit(value: &Ref<T>, nla: u16, attributes: &mut Attributes<'_>, _: &Context<'_>) {
        attributes.nested(nla, |nest| P::emit(&value.key().fields(), nest));
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, _: &Resolver<'_>) -> Result<Ref<T>, ParseError> {
        let nest = AttributeList::parse(attributes.required(nla)?)?;
        P::parse(&nest).map(|fields| Ref::to(<T::Key as KeyFields>::of_fields(fields)))
    }

    fn references<L: Links>(value: &mut Ref<T>, references: &mut References<'_, L>) {
        references.required(value);
    }

    fn met_by(asked: &Ref<T>, observed: &Ref<T>) -> bool {
        asked == observed
    }
}
