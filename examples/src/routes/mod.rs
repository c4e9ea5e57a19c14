//! A routing table in a text file: one route a line, prefix and nexthop address.
//!
//! ```text
//! # comments and blank lines are skipped
//! 198.51.100.0/24,192.0.2.1
//! 2001:db8:1::/48,2001:db8::1      # to the end of the line
//! ```
//!
//! Knows the form of the file and what can be said against a line without asking a kernel. Knows nothing of
//! KSync.

mod bad_line;
mod line;
mod lines;
mod table;

pub use bad_line::BadLine;
pub use line::{RouteLine, parse};
pub use lines::{Line, Lines, MAX_LINE_LEN};
pub use table::{Given, ReadError, RoutingTable, Stopped};
