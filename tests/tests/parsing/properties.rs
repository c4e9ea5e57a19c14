//! What must hold of every value of every kind, and of every message about one.

use std::fmt::Debug;

use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::wire::{ParseError, Place, ValueError};
use ksync_tests::parsing::look::{hold_together, look_at};
use ksync_tests::parsing::message::{added, changed, header_len, read};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use crate::bytes::{attributes, with_inserted, with_longer};

/// How many values are drawn: what looks at every byte of a message takes fewer.
const CASES: u32 = 512;
const CASES_BYTE_BY_BYTE: u32 = 24;

/// Asks `holds` of values that can be declared. Of those that `values` draws, one in five at least must be such.
pub(crate) fn of_declarable<T: KSyncEntry>(values: BoxedStrategy<T>, holds: impl Fn(&T)) {
    of_cases(CASES, declarable(values), holds);
}

/// The same of fewer values.
pub(crate) fn of_some_declarable<T: KSyncEntry>(values: BoxedStrategy<T>, holds: impl Fn(&T)) {
    of_cases(CASES_BYTE_BY_BYTE, declarable(values), holds);
}

/// Asks `holds` of more values than usual: of pairs, most of which are of no use.
pub(crate) fn of_many<V: Debug>(values: impl Strategy<Value = V>, holds: impl Fn(&V)) {
    of_cases(5 * CASES, values, holds);
}

/// Asks `holds` of all values.
pub(crate) fn of_all<V: Debug>(values: impl Strategy<Value = V>, holds: impl Fn(&V)) {
    of_cases(CASES, values, holds);
}

fn declarable<T: KSyncEntry>(values: BoxedStrategy<T>) -> impl Strategy<Value = T> {
    values.prop_filter("can't be declared", |value| value.check().is_ok())
}

fn of_cases<V: Debug>(cases: u32, values: impl Strategy<Value = V>, holds: impl Fn(&V)) {
    let asked = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { asked.cases } else { cases };
    let rng_seed = match asked.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        given @ RngSeed::Fixed(_) => given,
    };
    let max_local_rejects = 4 * cases.max(CASES);
    let config = Config { cases, rng_seed, max_local_rejects, failure_persistence: None, ..asked };
    let mut runner = TestRunner::new(config);
    let outcome = runner.run(&values, |value| {
        holds(&value);
        Ok::<(), TestCaseError>(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// What is written is read as what a dump can say of it; read, it is what was asked for, and it is the same object.
pub(crate) fn comes_back<T: KSyncEntry>(entry: &T, expected: &T) {
    hold_together(entry);
    let body = added(entry).unwrap_or_else(|error| panic!("{entry:?} can't be written: {error}"));
    let seen = read::<T>(&body).unwrap_or_else(|error| panic!("{entry:?} can't be read: {error}\n{body:?}"));
    assert_eq!(seen, *expected, "read from {body:?}");
    assert_eq!(entry.unmet(&seen), None, "{entry:?} asks for more than {seen:?}");
    assert_eq!(entry.key(), seen.key(), "another object");
    look_at::<T>(&body);
}

/// A change says all that it can: what the whole of it says, but for what `expected` leaves out.
pub(crate) fn changes_come_back<T: KSyncEntry>(entry: &T, expected: &T) {
    let body = changed(None, entry).unwrap_or_else(|error| panic!("{entry:?} can't be written: {error}"));
    let seen = read::<T>(&body).unwrap_or_else(|error| panic!("{entry:?} can't be read: {error}\n{body:?}"));
    assert_eq!(seen, *expected, "read from {body:?}");
    look_at::<T>(&body);
}

/// Cut off anywhere, a message is told to be cut off there, or makes another value.
pub(crate) fn is_cut<T: KSyncEntry>(entry: &T) {
    let Ok(body) = added(entry) else { return };
    let header = header_len::<T>();
    let all = attributes(&body, header.next_multiple_of(4));
    for len in 0..body.len() {
        let cut = &body[..len];
        look_at::<T>(cut);
        let outcome = read::<T>(cut);
        let inside_of_one = all.iter().any(|attribute| {
            attribute.around.is_empty() && attribute.start < len && len < attribute.start + attribute.len
        });
        if len < header {
            assert!(
                matches!(outcome, Err(ParseError::Truncated { expected, got, .. }) if expected > got),
                "{len} of {header} bytes of a header make {outcome:?}"
            );
        } else if inside_of_one {
            assert!(matches!(outcome, Err(ParseError::Attributes(_))), "cut at {len}: {outcome:?}");
        }
    }
}

/// Attributes that nobody knows change nothing, wherever they stand; but in `lists`, the numbers of nests whose
/// attributes are elements whatever their numbers are.
pub(crate) fn unknown_attributes_say_nothing<T: KSyncEntry>(entry: &T, lists: &[u16]) {
    let Ok(body) = added(entry) else { return };
    let expected = read::<T>(&body);
    let start = header_len::<T>().next_multiple_of(4);
    let all = attributes(&body, start);
    let mut places = vec![(body.len(), Vec::new())];
    for attribute in &all {
        places.push((attribute.start, attribute.around.clone()));
        places.push((attribute.end(), attribute.around.clone()));
    }
    let is_list = |start: &usize| {
        all.iter().any(|attribute| attribute.start == *start && lists.contains(&attribute.nla))
    };
    for (at, around) in places.into_iter().filter(|(_, around)| !around.last().is_some_and(is_list)) {
        for (nla, payload) in
            [(UNKNOWN, &[][..]), (UNKNOWN, &[1, 2, 3]), (UNKNOWN | 0x8000, &[8, 0, 1, 0, 1, 2, 3, 4])]
        {
            let Some(longer) = with_inserted(&body, at, &around, nla, payload) else { continue };
            assert_eq!(
                read::<T>(&longer),
                expected,
                "with an unknown attribute at {at}, inside of {around:?}"
            );
        }
    }
}

/// Structures of the kernel grow at their end: more bytes there change nothing. `path` leads to the attribute that
/// holds the structure, the outermost first; whether the message has one.
pub(crate) fn may_grow<T: KSyncEntry>(entry: &T, path: &[u16]) -> bool {
    let Ok(body) = added(entry) else { return false };
    let all = attributes(&body, header_len::<T>().next_multiple_of(4));
    let number = |start: &usize| all.iter().find(|other| other.start == *start).map(|other| other.nla);
    let Some(attribute) = all.iter().find(|attribute| {
        let numbers = attribute.around.iter().chain([&attribute.start]).filter_map(number);
        numbers.eq(path.iter().copied())
    }) else {
        return false;
    };
    for more in [&[0; 4][..], &[0xff; 8]] {
        let Some(longer) = with_longer(&body, attribute, more) else { continue };
        assert_eq!(read::<T>(&longer), read::<T>(&body), "{entry:?}, with {more:?} more in {path:?}");
    }
    true
}

/// No attribute of any kind has that number.
const UNKNOWN: u16 = 0x3f00;

/// Lengths that can't be are told; others that are wrong make a value or an error.
pub(crate) fn bent_lengths_are_told<T: KSyncEntry>(entry: &T) {
    let Ok(body) = added(entry) else { return };
    for attribute in attributes(&body, header_len::<T>().next_multiple_of(4)) {
        let left = body.len() - attribute.start;
        let own = attribute.len;
        for len in [0, 1, 3, 4, 5, own - 1, own + 1, own + 4, own + 5, left, left + 1, 0x7fff, 0xffff] {
            let Ok(short) = u16::try_from(len) else { continue };
            let mut bent = body.clone();
            bent[attribute.start..attribute.start + 2].copy_from_slice(&short.to_ne_bytes());
            look_at::<T>(&bent);
            if attribute.around.is_empty() && (len < 4 || len > left) {
                let outcome = read::<T>(&bent);
                assert!(matches!(outcome, Err(ParseError::Attributes(_))), "{len} bytes: {outcome:?}");
            }
        }
    }
}

/// A payload of the wrong length is told as such, or stands for something; it is never taken for a missing one.
pub(crate) fn payloads_of_other_lengths_are_told<T: KSyncEntry>(entry: &T) {
    let Ok(body) = added(entry) else { return };
    let start = header_len::<T>().next_multiple_of(4);
    for attribute in attributes(&body, start).iter().filter(|attribute| attribute.around.is_empty()) {
        let payload = &body[attribute.start + 4..attribute.start + attribute.len];
        let nla = u16::from_ne_bytes([body[attribute.start + 2], body[attribute.start + 3]]);
        let mut without = body.clone();
        without.drain(attribute.start..attribute.end());
        let longer = [payload, &[0; 4]].concat();
        let shorter = payload.get(..payload.len().saturating_sub(1)).unwrap_or_default();
        for other in [shorter, &longer] {
            let Some(bent) = with_inserted(&without, attribute.start, &[], nla, other) else { continue };
            look_at::<T>(&bent);
            if let Err(ParseError::Field { error: ValueError::Length { expected, got }, place, field }) =
                read::<T>(&bent)
            {
                assert_ne!(expected, got, "field {field} at {place}");
                assert_ne!(place, Place::Header, "field {field}");
            }
        }
    }
}

/// Any bytes in place of some of the message's own make a value or an error.
pub(crate) fn survives<T: KSyncEntry>(entries: BoxedStrategy<T>) {
    let bends = proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6);
    of_all((entries, bends), |(entry, bends)| {
        let Ok(mut body) = added(entry) else { return };
        for (index, byte) in bends {
            if !body.is_empty() {
                let at = index.index(body.len());
                body[at] = *byte;
            }
        }
        look_at::<T>(&body);
    });
}
