//! Tables: an arena of entries, the way from keys to entries, and the values that the user declared.
//!
//! Nothing here knows why an entry is in the state that it is in, nor of sockets or time. Messages pass through [`Rows`]
//! only because it has the values that they are about; [`AnyRows`] is its face where the type of the kind is forgotten.

mod chunks;
mod held;
mod indexes;
mod keys;
mod rows;
mod slots;

pub(crate) use chunks::{Blank, Chunks};
use held::HeldCopies;
pub(crate) use indexes::IndexAllocator;
pub(crate) use rows::{AnyRows, Found, RowOf, Rows, Shadow};
pub(crate) use slots::{Block, Slots, TableFull};

/// How many entries an arena holds: growth moves nothing and never takes longer than filling one.
pub(crate) const CHUNK: usize = 1024;

/// So many places are read at once before any of them is needed: as many reads as a core has under way.
pub(crate) const READS_AT_ONCE: usize = 32;

/// The most entries that a table holds: what fits a packed entry number.
pub(crate) const MAX_SLOTS: usize = 1 << 25;
