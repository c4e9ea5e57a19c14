//! Every field of a kind by itself: changed on the real kernel, and seen by an independent reader.
//!
//! A table has a row for each field of a struct. A field that is in none of the rows fails the test, so that none is
//! forgotten. Nothing here knows a kind of object.

use std::fmt::Debug;

use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::declare::KSyncEntry;
use serde_json::Value;

use crate::compare::takes;

/// What it takes to change a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// One change.
    InPlace,
    /// A delete and an add.
    Anew,
}

/// A value that a field takes, and what the reader shows then.
pub type Step<T> = (fn(&mut T), Value);

/// A field, and the values that it takes one after the other. Made with [`rows!`](crate::rows).
#[derive(Debug)]
pub struct Row<T> {
    /// The name of the field.
    pub field: &'static str,
    /// What it takes to change it.
    pub how: How,
    /// Where the reader shows it, as a JSON pointer.
    pub path: &'static str,
    /// The values.
    pub steps: Vec<Step<T>>,
}

/// The rows of a table. `|entry| entry.options` says where in the value of that type the fields are:
///
/// ```text
/// rows![Link, |link| bridge(link), "/linkinfo/info_data/";
///     InPlace stp "stp_state": Some(true) => 1, Some(false) => 0;
/// ]
/// ```
#[macro_export]
macro_rules! rows {
    ($kind:ty, |$entry:ident| $inside:expr, $at:literal;
     $($how:ident $field:ident $key:literal: $($value:expr => $seen:expr),+;)*) => {
        ::std::vec![$($crate::fields::Row::<$kind> {
            field: stringify!($field),
            how: $crate::fields::How::$how,
            path: concat!($at, $key),
            steps: ::std::vec![$((
                (|$entry: &mut $kind| $inside.$field = $value) as fn(&mut $kind),
                ::serde_json::json!($seen),
            )),+],
        }),*]
    };
}

/// The names of the fields of a struct, as `Debug` prints them.
///
/// # Panics
/// When it is printed without names.
#[must_use]
pub fn names(value: &impl Debug) -> Vec<String> {
    let printed = format!("{value:#?}");
    let names = printed.lines().filter_map(|line| {
        let (name, _) = line.strip_prefix("    ")?.split_once(':')?;
        (!name.starts_with([' ', '}', ']'])).then(|| name.to_owned())
    });
    let names: Vec<String> = names.collect();
    assert!(!names.is_empty(), "{printed} has no named fields");
    names
}

/// Asserts that every field of `value` has a row, or is excepted with a reason.
///
/// # Panics
/// When one has none, or a row or exception is about none.
pub fn all_covered<T>(value: &impl Debug, rows: &[Row<T>], excepted: &[(&str, &str)]) {
    let names = names(value);
    let covered = |name: &str| {
        rows.iter().any(|row| row.field == name) || excepted.iter().any(|(field, _)| *field == name)
    };
    let missing: Vec<&String> = names.iter().filter(|name| !covered(name)).collect();
    assert!(missing.is_empty(), "no row for {missing:?} of {value:?}");
    let known = rows.iter().map(|row| row.field).chain(excepted.iter().map(|(field, _)| *field));
    for field in known {
        assert!(names.iter().any(|name| name == field), "{field} is no field of {value:?}");
    }
}

/// Sets each field of `base` by itself to one value after the other, and looks at what `read` shows after each. Then
/// the base is declared again, so that no row leans on another.
///
/// # Panics
/// When a change takes other writes than its row says, or the reader or `verify` sees something else.
pub async fn each_by_itself<T: KSyncEntry>(
    agent: &Agent,
    table: &Table<T>,
    base: &T,
    rows: &[Row<T>],
    read: impl Fn() -> Value,
) {
    for Row { field, how, path, steps } in rows {
        let mut value = base.clone();
        table.set(value.clone()).expect("valid");
        if let Err(unsettled) = agent.settled().await {
            panic!("before {field}: {unsettled}");
        }
        let identity = identity(&read());
        for (set, expected) in steps {
            set(&mut value);
            let before = read();
            takes(agent, how.writes(), || table.set(value.clone()).expect("valid")).await;
            let seen = read();
            let shown = seen.pointer(path).unwrap_or(&Value::Null);
            assert_eq!(shown, expected, "{field}, at {path} of {seen}");
            assert_ne!(
                before.pointer(path).unwrap_or(&Value::Null),
                shown,
                "{field} was that before: {before}"
            );
            assert_eq!(table.verify().await.expect("a dump"), [], "{field}, of {seen}");
            takes(agent, 0, || table.set(value.clone()).expect("valid")).await;
        }
        if let (Some(before), Some(after)) = (identity, self::identity(&read())) {
            assert_eq!(before == after, *how == How::InPlace, "{field}: is it still the same object?");
        }
    }
}

/// The number that the kernel gave the object, if it is told.
fn identity(seen: &Value) -> Option<u64> {
    seen.get("ifindex").and_then(Value::as_u64)
}

impl How {
    fn writes(self) -> u64 {
        match self {
            How::InPlace => 1,
            How::Anew => 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{How, Row, all_covered, names};

    #[derive(Debug)]
    #[expect(dead_code, reason = "what is printed counts")]
    struct Outer {
        first: Option<Inner>,
        second: Vec<(u8, u8)>,
    }

    #[derive(Debug)]
    #[expect(dead_code, reason = "what is printed counts")]
    struct Inner {
        inside: u8,
    }

    fn outer() -> Outer {
        Outer { first: Some(Inner { inside: 1 }), second: vec![(1, 2)] }
    }

    fn row(field: &'static str) -> Row<Outer> {
        Row { field, how: How::Anew, path: "", steps: Vec::new() }
    }

    #[test]
    fn fields_are_those_of_the_struct_itself() {
        assert_eq!(names(&outer()), ["first", "second"]);
        all_covered(&outer(), &[row("first")], &[("second", "is left out here")]);
    }

    #[test]
    #[should_panic(expected = "no row for [\"second\"]")]
    fn a_field_that_is_forgotten_fails() {
        all_covered(&outer(), &[row("first")], &[]);
    }

    #[test]
    #[should_panic(expected = "inside is no field")]
    fn a_row_about_nothing_fails() {
        all_covered(&outer(), &[row("first"), row("second"), row("inside")], &[]);
    }
}
