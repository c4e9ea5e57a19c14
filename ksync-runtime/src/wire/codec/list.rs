//! Lists: an attribute for each element, or a nest of them.

use std::marker::PhantomData;

use super::Codec;
use crate::declare::{Context, Invalid, Links, References, Resolver};
use crate::wire::{AttributeList, Attributes, ParseError};

/// `repeated`: the attribute is there once for each element.
#[derive(Debug)]
pub struct Repeated<C>(PhantomData<C>);

/// `each`: a nest of attributes that all have number `NLA`.
#[derive(Debug)]
pub struct Each<const NLA: u16, C>(PhantomData<C>);

/// `numbered`: a nest of attributes that count from `FIRST`.
#[derive(Debug)]
pub struct Numbered<const FIRST: u16, C>(PhantomData<C>);

/// Each element by itself, whatever its neighbours are.
fn element<T, C: Codec<T>>(nla: u16, payload: &[u8], resolver: &Resolver<'_>) -> Result<T, ParseError> {
    C::parse(nla, &AttributeList::of(nla, payload), resolver)
}

fn all_met<T, C: Codec<T>>(asked: &[T], observed: &[T]) -> bool {
    asked.len() == observed.len()
        && asked.iter().zip(observed).all(|(asked, observed)| C::met_by(asked, observed))
}

macro_rules! elements_by_themselves {
    () => {
        fn references<L: Links>(value: &mut Vec<T>, references: &mut References<'_, L>) {
            value.iter_mut().for_each(|element| C::references(element, references));
        }

        fn check(value: &Vec<T>) -> Result<(), Invalid> {
            value.iter().try_for_each(C::check)
        }

        fn met_by(asked: &Vec<T>, observed: &Vec<T>) -> bool {
            all_met::<T, C>(asked, observed)
        }
    };
}

impl<T, C: Codec<T>> Codec<Vec<T>> for Repeated<C> {
    fn emit(value: &Vec<T>, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        value.iter().for_each(|element| C::emit(element, nla, attributes, context));
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Vec<T>, ParseError> {
        let mine = attributes.iter().filter(|(number, _)| *number == nla);
        mine.map(|(_, payload)| element::<T, C>(nla, payload, resolver)).collect()
    }

    elements_by_themselves!();
}

impl<T, const NLA: u16, C: Codec<T>> Codec<Vec<T>> for Each<NLA, C> {
    fn emit(value: &Vec<T>, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        attributes.nested(nla, |nest| {
            value.iter().for_each(|element| C::emit(element, NLA, nest, context));
        });
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Vec<T>, ParseError> {
        let nest = AttributeList::parse(attributes.required(nla)?)?;
        <Repeated<C> as Codec<Vec<T>>>::parse(NLA, &nest, resolver)
    }

    elements_by_themselves!();
}

impl<T, const FIRST: u16, C: Codec<T>> Codec<Vec<T>> for Numbered<FIRST, C> {
    fn emit(value: &Vec<T>, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        attributes.nested(nla, |nest| {
            for (number, element) in (FIRST..).zip(value) {
                C::emit(element, number, nest, context);
            }
        });
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Vec<T>, ParseError> {
        let nest = AttributeList::parse(attributes.required(nla)?)?;
        nest.iter().map(|(number, payload)| element::<T, C>(number, payload, resolver)).collect()
    }

    elements_by_themselves!();
}
