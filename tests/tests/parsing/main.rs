//! What a kind writes, its parser reads as what it was: with generated values of every kind, over all that can be
//! declared. And what is cut off, bent, or added to a message makes a value or a precise error, never a panic.
//!
//! The same values in every run; `PROPTEST_RNG_SEED=N` draws others, `PROPTEST_CASES=N` more of them.

mod bytes;
mod families;
mod merging;
mod properties;
mod strategies;
mod words;
