//! References: as the index of their target, or as its key.

use std::marker::PhantomData;

use super::{Codec, Native};
use crate::declare::{Context, Indexed, KSyncEntry, Links, Ref, References, Resolver};
use crate::wire::{AttributeList, AttributeValue, Attributes, ParseError};

/// The target's index, 32 bits.
#[derive(Debug)]
pub struct ByIndex;

impl<T: Indexed> Codec<Ref<T>> for ByIndex {
    fn emit(value: &Ref<T>, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        Native::emit(value, nla, attributes, context);
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Ref<T>, ParseError> {
        Native::parse(nla, attributes, resolver)
    }

    fn references<L: Links>(value: &mut Ref<T>, references: &mut References<'_, L>) {
        references.required(value);
    }

    fn met_by(asked: &Ref<T>, observed: &Ref<T>) -> bool {
        asked == observed
    }
}

/// A key that an attribute can carry: a value, or a reference to a kind whose key is one.
#[diagnostic::on_unimplemented(
    message = "the key `{Self}` can't be carried by an attribute",
    label = "`by_key` needs a kind whose key is one value",
    note = "of a key of several fields, `by_key(A, B)` names an attribute for each; or write a codec, `#[ksync(with = module)]`"
)]
pub trait KeyOnWire: Sized {
    /// Writes the key.
    fn emit_key(&self, nla: u16, attributes: &mut Attributes<'_>);

    /// Reads the key.
    ///
    /// # Errors
    /// When it is missing, or no such key.
    fn parse_key(nla: u16, attributes: &AttributeList<'_>) -> Result<Self, ParseError>;
}

impl<V: AttributeValue> KeyOnWire for V {
    fn emit_key(&self, nla: u16, attributes: &mut Attributes<'_>) {
        attributes.put(nla, self);
    }

    fn parse_key(nla: u16, attributes: &AttributeList<'_>) -> Result<Self, ParseError> {
        V::parse(attributes.required(nla)?).map_err(|error| ParseError::attribute(nla, error))
    }
}

impl<T: KSyncEntry> KeyOnWire for Ref<T>
where
    T::Key: KeyOnWire,
{
    fn emit_key(&self, nla: u16, attributes: &mut Attributes<'_>) {
        self.key().emit_key(nla, attributes);
    }

    fn parse_key(nla: u16, attributes: &AttributeList<'_>) -> Result<Self, ParseError> {
        T::Key::parse_key(nla, attributes).map(Ref::to)
    }
}

/// `by_key`: the target's key, as its type has it.
#[derive(Debug)]
pub struct ByKey;

impl<T: KSyncEntry> Codec<Ref<T>> for ByKey
where
    T::Key: KeyOnWire,
{
    fn emit(value: &Ref<T>, nla: u16, attributes: &mut Attributes<'_>, _: &Context<'_>) {
        value.emit_key(nla, attributes);
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, _: &Resolver<'_>) -> Result<Ref<T>, ParseError> {
        KeyOnWire::parse_key(nla, attributes)
    }

    fn references<L: Links>(value: &mut Ref<T>, references: &mut References<'_, L>) {
        references.required(value);
    }

    fn met_by(asked: &Ref<T>, observed: &Ref<T>) -> bool {
        asked == observed
    }
}

/// `by_key` with `be` or `no_nul`: the target's key, as `C` has it.
#[derive(Debug)]
pub struct ByKeyAs<C>(PhantomData<C>);

impl<T: KSyncEntry, C: Codec<T::Key>> Codec<Ref<T>> for ByKeyAs<C> {
    fn emit(value: &Ref<T>, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        C::emit(value.key(), nla, attributes, context);
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Ref<T>, ParseError> {
        C::parse(nla, attributes, resolver).map(Ref::to)
    }

    fn references<L: Links>(value: &mut Ref<T>, references: &mut References<'_, L>) {
        references.required(value);
    }

    fn met_by(asked: &Ref<T>, observed: &Ref<T>) -> bool {
        asked == observed
    }
}
