//! Declaring: the trait that a kind of kernel object implements, and the words it is declared with.
//!
//! Nothing here knows how objects are stored, ordered or sent: a kind can be declared, encoded and
//! parsed without an engine.

mod entry;
mod incomplete;
mod operation;
mod protocol;
mod reference;
mod schema;

pub(crate) use entry::describe_key;
pub use entry::{Difference, EntryValue, Indexed, Invalid, KSyncEntry};
pub use incomplete::Incomplete;
pub use operation::{ErrorClass, OperationError, Progress, Verb};
pub use protocol::{Acknowledgement, Channel, CustomProtocol, Protocol, Reply, ReplyTo};
pub use reference::{Context, Depends, Indexes, Links, Ref, References, ResolveError, Resolver, Target};
pub use schema::{DependsOn, Dumped, FieldSchema, IndexSource, ResolvedOn, Schema};
