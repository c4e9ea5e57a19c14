//! A simulation from seeds: engine, wire and acknowledgements as an agent has them, on a simulated kernel, with
//! thousands of entries of all four kinds of `ksync-objects`, everything in every order, and every fault that
//! the simulated kernel can have. A small reference model says what the kernel must hold.
//!
//! - [`Story`] is one run; [`Settings`] are what it follows from, [`Broken`] is how it fails.
//! - [`Weather`] says what goes wrong.
//! - [`scale`] has the large and simple runs: wrong order a hundred thousand times, and long chains.
//!
//! The program `simulate` and `tests/simulation.rs` tell stories. Nothing here uses threads or the time of day.

mod driver;
mod foreign;
mod holdings;
mod intent;
mod model;
mod object;
pub mod scale;
mod story;
mod weather;

pub use story::{Broken, Settings, Story, Summary};
pub use weather::{Fault, UnknownFault, Weather};
