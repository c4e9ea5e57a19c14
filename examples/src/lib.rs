//! What the example programs share: a kernel to play with, a file of routes read, and output that is
//! pleasant to read.
//!
//! Nothing here knows how KSync works inside: everything goes through the public face of `ksync-runtime` and
//! the kinds of `ksync-objects`.

pub mod ground;
pub mod namespace;
pub mod page;
pub mod routes;
