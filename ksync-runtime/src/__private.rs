//! What the code that the derive writes refers to by absolute paths. No part of the public interface.

pub use core;
pub use std;

pub use bytes;

pub mod circle;
pub mod describe;
pub mod nest;
pub mod payload;
mod reference;
pub mod several;
pub mod value;

pub use reference::ReferenceField;

pub use crate::declare::{
    Context, Depends, DependsOn, Difference, Dumped, ErrorClass, FieldSchema, IndexSource, Indexed, Invalid,
    KSyncEntry, Links, OperationError, Progress, Protocol, Ref, References, ResolvedOn, Resolver, Schema,
    Verb,
};
pub use crate::wire::{
    AttributeField, AttributeList, AttributeValue, Attributes, FixedHeader, Flatten, HeaderBytes,
    HeaderValue, Incoming, MessageView, Nested, NoHeader, Outgoing, ParseError, Request, ValueError, codec,
    emit_header, fit_header, open_message, parse_header, rtnetlink,
};

/// The bytes that a field of a fixed header has.
pub const fn width_of<H, W: HeaderBytes>(_: fn(&H) -> W) -> usize {
    W::LEN
}

/// Stops the compilation if the header field of an index is too narrow for `last`.
#[track_caller]
pub const fn expect_fit(last: u32, width: usize) {
    assert!(width >= 4 || last >> (8 * width) == 0, "the range of the index does not fit the header field");
}

/// Stops the compilation if an index can't be allocated from `first` to `last`.
#[track_caller]
pub const fn expect_range(first: u32, last: u32) {
    assert!(first <= last, "the range of the index is empty");
}
