//! One module for each family of kinds: what of a value comes back from the kernel, and what does not.

mod addresses;
mod links;
mod neighbours;
mod nexthops;
mod others;
mod ports;
mod routes;
mod rules;
mod sets;
mod traffic;
mod words;

/// The tests of a kind: `values` draws them, `seen` says what a dump can tell of one, and `changed` what a change can,
/// where there is one that says all;
/// `lists` are nests whose attributes are elements whatever their numbers are.
macro_rules! kind {
    ($module:ident: $kind:ty, $values:expr, seen = $seen:expr $(, changed = $changed:expr)? $(, lists = $lists:expr)? $(,)?) => {
        mod $module {
            use super::*;
            use crate::properties;

            fn values() -> proptest::strategy::BoxedStrategy<$kind> {
                $values
            }

            #[test]
            fn what_is_written_is_read() {
                let seen: fn($kind) -> $kind = $seen;
                properties::of_declarable(values(), |entry| {
                    properties::comes_back(entry, &seen(entry.clone()));
                });
            }

            $(
                #[test]
                fn what_a_change_says_is_read() {
                    let changed: fn($kind) -> $kind = $changed;
                    properties::of_declarable(values(), |entry| {
                        properties::changes_come_back(entry, &changed(entry.clone()));
                    });
                }
            )?

            #[test]
            fn what_is_cut_off_is_told() {
                properties::of_some_declarable(values(), properties::is_cut);
            }

            #[test]
            fn what_nobody_knows_changes_nothing() {
                let lists: &[&[u16]] = &[$($lists)?];
                properties::of_some_declarable(values(), |entry| {
                    properties::unknown_attributes_say_nothing(entry, &lists.concat());
                });
            }

            #[test]
            fn wrong_lengths_are_told() {
                properties::of_some_declarable(values(), |entry| {
                    properties::bent_lengths_are_told(entry);
                    properties::payloads_of_other_lengths_are_told(entry);
                });
            }

            #[test]
            fn bent_bytes_make_no_panic() {
                properties::survives(values());
            }
        }
    };
}
use kind;
