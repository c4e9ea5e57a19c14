//! Those who are compared. Each does a task inside of a namespace, and says what the kernel must hold then.

pub(super) mod bird;
mod daemon;
pub(super) mod frr;
pub(super) mod iproute2;
pub(super) mod ksync;
pub(super) mod latency;
pub(super) mod raw;
mod zapi;
