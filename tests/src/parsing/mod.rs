//! Messages about objects, written and read without a kernel and without an engine: what the property tests of
//! `tests/tests/parsing` do with them.
//!
//! - [`numbers`]: numbers for the names that references hold, and back;
//! - [`message`]: what a kind writes, as a dump would carry it, and the way back;
//! - [`look`]: what must hold of any bytes at all.

pub mod look;
pub mod message;
pub mod numbers;
