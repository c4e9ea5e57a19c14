//! The route family: its numbers and its fixed headers, under the kernel's names.
//!
//! Nothing here knows what the messages mean together; kinds of objects put them to use.

mod constants;
mod headers;
mod links;
mod routes;
mod traffic;

pub use constants::*;
pub use headers::*;
pub use links::*;
pub use routes::*;
pub use traffic::*;
