//! Numbers: in network byte order, and durations in a unit.

use std::marker::PhantomData;
use std::time::Duration;

use bytes::{BufMut, BytesMut};

use super::{Codec, Native, invalid};
use crate::declare::{Context, Invalid, OperationError, Resolver};
use crate::wire::attribute::exactly;
use crate::wire::{AttributeList, Attributes, ParseError, ValueError};

/// A number that has a byte order.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no byte order, so it can't be `be`",
    label = "no number of two bytes or more",
    note = "`be` is for `u16`, `u32`, `u64`, `i16`, `i32`, `i64` and for enums that derive `KSyncValue` with one of \
            these as `repr`; addresses are in network order anyway"
)]
pub trait BigEndianValue: Sized {
    /// Appends the number, its highest byte first.
    fn put_be(&self, out: &mut BytesMut);

    /// Reads the number.
    ///
    /// # Errors
    /// When the bytes are too few, too many, or no such value.
    fn from_be(payload: &[u8]) -> Result<Self, ValueError>;

    /// Looks at whether the payload can say the value at all; see [`AttributeValue::check`](crate::wire::AttributeValue::check).
    ///
    /// # Errors
    /// Why it can't.
    fn check(&self) -> Result<(), String> {
        Ok(())
    }
}

/// An integer of a fixed header, whose bytes can be turned round.
#[diagnostic::on_unimplemented(
    message = "the header field has no byte order, so it can't be `be`",
    label = "of type `{Self}`"
)]
pub trait ByteOrder: Copy {
    /// From host to network order, or back.
    #[must_use]
    fn turned(self) -> Self;
}

macro_rules! ordered {
    ($($int:ty),*) => {$(
        impl BigEndianValue for $int {
            fn put_be(&self, out: &mut BytesMut) {
                out.put_slice(&self.to_be_bytes());
            }

            fn from_be(payload: &[u8]) -> Result<Self, ValueError> {
                exactly(payload).map(<$int>::from_be_bytes)
            }
        }

        impl ByteOrder for $int {
            fn turned(self) -> Self {
                self.to_be()
            }
        }
    )*};
}
ordered!(u16, u32, u64, i16, i32, i64);

/// `be`: in network byte order.
#[derive(Debug)]
pub struct BigEndian;

impl<T: BigEndianValue + PartialEq> Codec<T> for BigEndian {
    fn emit(value: &T, nla: u16, attributes: &mut Attributes<'_>, _: &Context<'_>) {
        attributes.put_with(nla, |out| value.put_be(out));
    }

    fn parse(nla: u16, attributes: &AttributeList<'_>, _: &Resolver<'_>) -> Result<T, ParseError> {
        T::from_be(attributes.required(nla)?).map_err(|error| ParseError::attribute(nla, error))
    }

    fn check(value: &T) -> Result<(), Invalid> {
        T::check(value).map_err(invalid)
    }

    fn met_by(asked: &T, observed: &T) -> bool {
        asked == observed
    }
}

/// What a duration is counted in.
pub trait Unit {
    /// How many make a second.
    const PER_SECOND: u128;
    /// How it is called, of many.
    const NAME: &'static str;
}

macro_rules! units {
    ($($(#[$meta:meta])* $unit:ident: $per_second:literal, $name:literal;)*) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $unit;

        impl Unit for $unit {
            const PER_SECOND: u128 = $per_second;
            const NAME: &'static str = $name;
        }
    )*};
}
units! {
    /// Seconds.
    Seconds: 1, "seconds";
    /// Hundredths of a second: clock ticks as user space sees them (`USER_HZ`).
    Centis: 100, "hundredths of a second";
    /// Thousandths of a second.
    Millis: 1_000, "milliseconds";
    /// Millionths of a second.
    Micros: 1_000_000, "microseconds";
}

const NANOS: u128 = 1_000_000_000;

/// `unit`: a duration as a number `N` of units `U`, written by `C`. What is no whole number of units, or does not
/// fit, is refused.
#[derive(Debug)]
pub struct Ticks<U, N, C = Native>(PhantomData<(U, N, C)>);

fn ticks<U: Unit, N: TryFrom<u128>>(value: Duration) -> Result<N, String> {
    let tick = NANOS / U::PER_SECOND;
    let nanos = value.as_nanos();
    if !nanos.is_multiple_of(tick) {
        return Err(format!("{value:?} is no whole number of {}", U::NAME));
    }
    N::try_from(nanos / tick)
        .map_err(|_| format!("{value:?} is too long: {} bytes can't count its {}", size_of::<N>(), U::NAME))
}

impl<U: Unit, N, C: Codec<N>> Codec<Duration> for Ticks<U, N, C>
where
    N: TryFrom<u128>,
    u128: TryFrom<N>,
{
    fn emit(value: &Duration, nla: u16, attributes: &mut Attributes<'_>, context: &Context<'_>) {
        match ticks::<U, N>(*value) {
            Ok(number) => C::emit(&number, nla, attributes, context),
            Err(reason) => attributes.fail(OperationError::local(None, reason)),
        }
    }

    fn parse(
        nla: u16,
        attributes: &AttributeList<'_>,
        resolver: &Resolver<'_>,
    ) -> Result<Duration, ParseError> {
        let wrong = |what: &str| ParseError::attribute(nla, ValueError::Content(what.to_owned()));
        let number = u128::try_from(C::parse(nla, attributes, resolver)?)
            .map_err(|_| wrong("a duration is not negative"))?;
        let seconds = u64::try_from(number / U::PER_SECOND).map_err(|_| wrong("too long a duration"))?;
        let nanos = u32::try_from(number % U::PER_SECOND * (NANOS / U::PER_SECOND)).unwrap_or_default();
        Ok(Duration::new(seconds, nanos))
    }

    fn check(value: &Duration) -> Result<(), Invalid> {
        ticks::<U, N>(*value).map(|_| ()).map_err(invalid)
    }

    fn met_by(asked: &Duration, observed: &Duration) -> bool {
        asked == observed
    }
}
