//! What the user wrote, read word by word.
//!
//! Nothing here knows what code comes of it, nor which words go together.

pub(crate) mod field;
pub(crate) mod fill;
pub(crate) mod format;
pub(crate) mod function;
pub(crate) mod index;
pub(crate) mod kind;
pub(crate) mod nested;
pub(crate) mod own_name;
pub(crate) mod protocol;
pub(crate) mod runtime;
pub(crate) mod shape;
pub(crate) mod value;
pub(crate) mod verbs;
mod word;
