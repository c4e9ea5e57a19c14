//! Messages about objects, written and read without a kernel and without an engine: what the property tests of
//! `tests/tests/parsing` and the fuzz targets of `tests/fuzz` do with them.
//!
//! - [`numbers`]: numbers for the names that references hold, and back;
//! - [`message`]: what a kind writes, as a dump would carry it, and the way back;
//! - [`look`]: what must hold of any bytes at all;
//! - [`targets`]: every kind under the name of its fuzz target;
//! - [`seeds`]: dumps of a real kernel as text, for the fuzz targets to begin with;
//! - [`dumps`]: how these are taken; [`written`] has what not every kernel could dump.

pub mod dumps;
pub mod look;
pub mod message;
pub mod numbers;
pub mod seeds;
pub mod targets;
pub mod written;
