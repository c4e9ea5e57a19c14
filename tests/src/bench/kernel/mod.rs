//! The real kernel: a namespace with a link and nexthops, messages that know nothing of KSync, and what the kernel
//! holds in the end.

pub(super) mod ground;
pub(super) mod held;
pub(super) mod messages;
pub(super) mod pusher;
pub(super) mod quiet;
pub(super) mod stopwatch;
