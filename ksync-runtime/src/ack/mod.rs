//! Closing the loop: which answer belongs to which operation.
//!
//! It knows sequence numbers and operations, and nothing of what follows from an answer.

mod ledger;

pub(crate) use ledger::{Closed, Finished, GivenUp, Ledger, Sent};
