//! What all enums do alike that are values.

use std::fmt::Debug;

use bytes::{BufMut, BytesMut};

use crate::wire::ValueError;

/// Nothing stands for that number or name.
#[must_use]
pub fn unknown(what: &str, got: &dyn Debug) -> ValueError {
    ValueError::Content(format!("{got:?} is no {what}"))
}

/// What has a name and is not called by it.
#[must_use]
pub fn has_a_name(other: &str, got: &dyn Debug, name: &str) -> String {
    format!("{other}({got:?}) has a name: say `{name}`")
}

/// Writes a text with a NUL at its end.
pub fn put_text(text: &str, out: &mut BytesMut) {
    out.put_slice(text.as_bytes());
    out.put_u8(0);
}
