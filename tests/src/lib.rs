//! What the tests of KSync share: network namespaces of their own, and iproute2 as an independent reader.
//!
//! Nothing here knows how the runtime works inside.

pub mod bench;
pub mod compare;
pub mod dice;
pub mod explore;
pub mod fields;
pub mod iproute2;
pub mod machine;
pub mod namespace;
pub mod parsing;
pub mod scenario;
pub mod simulation;
pub mod worlds;
