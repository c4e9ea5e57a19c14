//! Attributes that hold no attributes but an array: of values of one size, or of records that tell their length.

use std::marker::PhantomData;
use std::net::{Ipv4Addr, Ipv6Addr};

use macaddr::MacAddr6;

use super::{BigEndianValue, Codec};
use crate::declare::{Context, Indexed, Invalid, Links, OperationError, Ref, References, Resolver};
use crate::wire::nested::Nested;
use crate::wire::{AttributeList, AttributeValue, Attributes, FixedHeader, ParseError, ValueError};

/// A value that always takes as many bytes: an element of an `array`.
///
/// Implemented for the integers, addresses, [`Ref`] (the target's index, 32 bits), and by `#[derive(KSyncNested)]`
/// for structs with a fixed header and nothing behind it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be an element of an `array`",
    label = "has no fixed size",
    note = "elements of an array are integers, addresses, `Ref<T>` to a kind with an index, or structs that derive \
            `KSyncNested` with `#[ksync(header = ...)]` and have fields of that header only",
    note = "elements that hold attributes stand in a nest (`each`, `numbered`) or tell their length (`records`)"
)]
pub trait FixedSize: Sized {
    /// How many bytes.
    const LEN: usize;

    /// Appends the value, without the head of an attribute.
    fn emit(&self, attributes: &mut Attributes<'_>, context: &Context<'_>);

    /// Reads the value from [`LEN`](Self::LEN) bytes.
    ///
    /// # Errors
    /// When they are no such value.
    fn parse(bytes: &[u8], resolver: &Resolver<'_>) -> Result<Self, ParseError>;

    /// Shows the references inside.
    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        let _ = references;
    }

    /// Looks at what can be known to be wrong.
    ///
    /// # Errors
    /// What is wrong inside.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// Whether `observed` does what `self` asks for.
    fn met_by(&self, observed: &Self) -> bool;
}

macro_rules! values_of_fixed_size {
    ($($value:ty: $len:expr),* $(,)?) => {$(
        impl FixedSize for $value {
            const LEN: usize = $len;

            fn emit(&self, attributes: &mut Attributes<'_>, _: &Context<'_>) {
                AttributeValue::emit(self, attributes.out());
            }

            fn parse(bytes: &[u8], _: &Resolver<'_>) -> Result<Self, ParseError> {
                <$value as AttributeValue>::parse(bytes).map_err(ParseError::header)
            }

            fn met_by(&self, observed: &Self) -> bool {
                self == observed
            }
        }
    )*};
}
values_of_fixed_size!(
    u8: 1, u16: 2, u32: 4, u64: 8, i8: 1, i16: 2, i32: 4, i64: 8, Ipv4Addr: 4, Ipv6Addr: 16, MacAddr6: 6
);

impl<T: Indexed> FixedSize for Ref<T> {
    const LEN: usize = 4;

    fn emit(&self, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        match context.index_of(self) {
            Ok(index) => AttributeValue::emit(&index, attributes.out()),
            Err(error) => attributes.fail(error),
        }
    }

    fn parse(bytes: &[u8], resolver: &Resolver<'_>) -> Result<Self, ParseError> {
        let index = <u32 as AttributeValue>::parse(bytes).map_err(ParseError::header)?;
        resolver.reference(index).map_err(ParseError::from)
    }

    fn references<L: Links>(&mut self, references: &mut References<'_, L>) {
        references.required(self);
    }

    fn met_by(&self, observed: &Self) -> bool {
        self == observed
    }
}

/// The payload cut into pieces of `len` bytes.
fn pieces<'a>(
    nla: u16,
    attributes: &AttributeList<'a>,
    len: usize,
) -> Result<std::slice::ChunksExact<'a, u8>, ParseError> {
    let payload = attributes.required(nla)?;
    let pieces = payload.chunks_exact(len.max(1));
    if pieces.remainder().is_empty() {
        return Ok(pieces);
    }
    let expected = payload.len().next_multiple_of(len.max(1));
    Err(ParseError::attribute(nla, ValueError::Length { expected, got: payload.len() }))
}

/// What is wrong in an element is wrong in the attribute.
fn inside(nla: u16) -> impl Fn(ParseError) -> ParseError {
    move |error| match error {
        ParseError::Value { error, .. } => ParseError::attribute(nla, error),
        other => other,
    }
}

/// `array`: one behind the other.
#[derive(Debug)]
pub struct ArrayOf;

impl<T: FixedSize> Codec<Vec<T>> for ArrayOf {
    fn emit(value: &Vec<T>, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        attributes.payload(nla, |attributes| {
            value.iter().for_each(|element| element.emit(attributes, context));
        });
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Vec<T>, ParseError> {
        let pieces = pieces(nla, attributes, T::LEN)?;
        pieces.map(|bytes| T::parse(bytes, resolver).map_err(inside(nla))).collect()
    }

    fn references<L: Links>(value: &mut Vec<T>, references: &mut References<'_, L>) {
        value.iter_mut().for_each(|element| element.references(references));
    }

    fn check(value: &Vec<T>) -> Result<(), Invalid> {
        value.iter().try_for_each(T::check)
    }

    fn met_by(asked: &Vec<T>, observed: &Vec<T>) -> bool {
        asked.len() == observed.len()
            && asked.iter().zip(observed).all(|(asked, observed)| asked.met_by(observed))
    }
}

/// `array, be`: numbers in network order, one behind the other.
#[derive(Debug)]
pub struct BigEndianArray;

impl<T: BigEndianValue + PartialEq> Codec<Vec<T>> for BigEndianArray {
    fn emit(value: &Vec<T>, nla: u16, attributes: &mut Attributes<'_>, _: &Context<'_>) {
        attributes.put_with(nla, |out| value.iter().for_each(|element| element.put_be(out)));
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, _: &Resolver<'_>) -> Result<Vec<T>, ParseError> {
        let pieces = pieces(nla, attributes, size_of::<T>())?;
        pieces.map(T::from_be).collect::<Result<_, _>>().map_err(|error| ParseError::attribute(nla, error))
    }

    fn met_by(asked: &Vec<T>, observed: &Vec<T>) -> bool {
        asked == observed
    }
}

/// The field of a header that tells how long the record is. The derive writes it from `records = field`.
pub trait RecordLength<H> {
    /// Sets it; `false` if the length does not fit.
    fn set(header: &mut H, len: usize) -> bool;

    /// Reads it.
    fn get(header: &H) -> usize;
}

/// `records`: fixed headers that tell how long their records are, each with attributes behind it, aligned to four
/// bytes.
#[derive(Debug)]
pub struct Records<L>(PhantomData<L>);

impl<T: Nested, L: RecordLength<T::Header>> Codec<Vec<T>> for Records<L> {
    fn emit(value: &Vec<T>, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        attributes.payload(nla, |attributes| {
            for record in value {
                let mut header = record.header(attributes, context);
                let start = attributes.out().len();
                attributes.header(&header);
                record.emit_attributes(attributes, context);
                let len = attributes.out().len() - start;
                if !L::set(&mut header, len) {
                    let reason = format!("a record of {len} bytes is longer than its header can tell");
                    attributes.fail(OperationError::local(None, reason));
                }
                if let Some(room) = attributes.out().get_mut(start..start + T::Header::LEN) {
                    header.emit(room);
                }
            }
        });
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Vec<T>, ParseError> {
        let mut rest = attributes.required(nla)?;
        let mut records = Vec::new();
        let least = T::Header::LEN.max(1);
        while !rest.is_empty() {
            let short =
                |expected| ParseError::attribute(nla, ValueError::Length { expected, got: rest.len() });
            let header = T::Header::parse(rest).ok_or_else(|| short(least))?;
            let len = L::get(&header);
            let record = rest.get(..len).filter(|_| len >= least).ok_or_else(|| short(len.max(least)))?;
            let behind = record.get(T::Header::LEN.next_multiple_of(4)..).unwrap_or_default();
            records.push(T::parse_body(&header, &AttributeList::parse(behind)?, resolver)?);
            rest = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        }
        Ok(records)
    }

    fn references<K: Links>(value: &mut Vec<T>, references: &mut References<'_, K>) {
        value.iter_mut().for_each(|record| record.references(references));
    }

    fn check(value: &Vec<T>) -> Result<(), Invalid> {
        value.iter().try_for_each(T::check)
    }

    fn met_by(asked: &Vec<T>, observed: &Vec<T>) -> bool {
        asked.len() == observed.len()
            && asked.iter().zip(observed).all(|(asked, observed)| asked.met_by(observed))
    }
}
