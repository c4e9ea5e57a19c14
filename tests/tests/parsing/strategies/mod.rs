//! How values are drawn: [`common`] has numbers, texts and addresses, the others a family of kinds each.
//!
//! All that a type can hold may be drawn, edges more often than the rest; what can't be declared is left out by the
//! kind's own `check`.

pub(crate) mod addresses;
pub(crate) mod common;
pub(crate) mod links;
pub(crate) mod mixed;
pub(crate) mod neighbours;
pub(crate) mod nexthops;
pub(crate) mod others;
pub(crate) mod ports;
pub(crate) mod routes;
pub(crate) mod rules;
pub(crate) mod sets;
pub(crate) mod structs;
pub(crate) mod traffic;
pub(crate) mod words;
