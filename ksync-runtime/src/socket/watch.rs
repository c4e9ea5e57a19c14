//! Waiting for a descriptor with tokio. The only unsafe code of the project, because tokio's registration
//! of a descriptor is.
#![expect(
    unsafe_code,
    reason = "AsyncFd::register is the one way to wait for a foreign descriptor with tokio"
)]

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Wakes up when a descriptor is readable. It holds a descriptor of its own for the same open socket, so it
/// does not matter which of the two is closed first.
#[derive(Debug)]
pub(crate) struct Watch {
    descriptor: AsyncFd<OwnedFd>,
}

impl Watch {
    /// Watches `descriptor`. Must be called inside a tokio runtime.
    pub(crate) fn new(descriptor: BorrowedFd<'_>) -> io::Result<Self> {
        let own = descriptor.try_clone_to_owned()?;
        // SAFETY: the `OwnedFd` is moved into the `AsyncFd`, which never hands it out, so that it names the
        // same open file for as long as it is registered.
        let descriptor = unsafe { AsyncFd::register_with_interest(own, Interest::READABLE) }?;
        Ok(Watch { descriptor })
    }

    /// Until the descriptor may be readable. Whoever calls must then read until nothing is left.
    pub(crate) async fn readable(&self) -> io::Result<()> {
        self.descriptor.readable().await?.clear_ready();
        Ok(())
    }
}
