//! KSync keeps the Linux kernel in step with what an agent declares.
//!
//! An agent declares *kinds* of kernel objects as annotated structs ([`KSyncEntry`](derive@KSyncEntry)) and
//! sets values in any order. KSync writes to the kernel what is needed, in the right order, as rarely as
//! possible, and tells the truth about what is there.
//!
//! The stations that a value passes, and the modules named after them:
//!
//! ```text
//! declare → table → engine → wire → socket → ack → engine
//! ```
//!
//! - [`declare`]: the trait that a kind implements;
//! - `table` (private): arenas, keys, indexes, values;
//! - [`engine`]: decides; sans-IO, and usable by itself;
//! - [`wire`]: headers and attributes as bytes;
//! - [`socket`]: the connection to a kernel, [real](socket::Netlink) or [simulated](socket::simulated);
//! - `ack` (private): which answer belongs to which operation;
//! - [`pipeline`]: all of these joined, sans-IO: bytes in, bytes out;
//! - [`agent`]: the pipeline driven by tokio. Most programs need only this and the [`prelude`];
//! - [`database`]: tables of the agent's own rows, and entries that follow them.

#[cfg(doctest)]
extern crate self as ksync_runtime;

mod ack;
pub mod agent;
pub mod database;
pub mod declare;
pub mod engine;
pub mod pipeline;
pub mod socket;
mod table;
pub mod wire;

#[doc(hidden)]
pub mod __private;

pub use ksync_derive::{KSyncEntry, KSyncNested, KSyncValue};

/// What a file that declares kinds, or embeds an agent, needs.
pub mod prelude {
    pub use ipnet::{IpNet, Ipv4Net, Ipv6Net};
    pub use ksync_derive::{KSyncEntry, KSyncNested, KSyncValue};
    pub use macaddr::MacAddr6;

    pub use crate::agent::Agent;
    pub use crate::declare::{KSyncEntry, Ref};
    pub use crate::socket::Netlink;
    pub use crate::wire::{self, rtnetlink::*};
}
