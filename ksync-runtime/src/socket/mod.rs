//! Moving bytes to and from a kernel, real or simulated.
//!
//! Nothing here knows what the bytes mean to an entry: a batch goes in, datagrams come out.

mod netlink;
pub mod simulated;
pub(crate) mod watch;

use std::io;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use bytes::BytesMut;

use crate::declare::Channel;

pub use netlink::Netlink;

/// A connection to a kernel: takes batches of requests, gives datagrams of answers.
///
/// Implement it for a channel of your own, be it a socket to a daemon or a simulation; the bytes on it are those of
/// the protocol ([`CustomProtocol`](crate::declare::CustomProtocol)).
pub trait Kernel: Send {
    /// What this connection carries.
    fn channel(&self) -> Channel;

    /// The port id that answers to this connection carry (`nlmsg_pid`).
    fn port(&self) -> u32;

    /// How many answers the connection can hold before it loses some.
    fn answer_capacity(&self) -> usize;

    /// The largest batch that [`send`](Self::send) takes, in bytes.
    fn max_batch_len(&self) -> usize;

    /// How long an answer may take. Five seconds unless said otherwise: the real kernel answers before
    /// [`send`](Self::send) returns, so silence means that it could not read the batch.
    fn answer_timeout(&self) -> Duration {
        Duration::from_secs(5)
    }

    /// Hands a batch to the kernel. Like the real kernel, this carries the requests out before it returns.
    ///
    /// # Errors
    /// When nothing of the batch was taken.
    fn send(&mut self, batch: &[u8]) -> io::Result<()>;

    /// Fetches the next datagram into `datagram` (cleared first), without waiting.
    ///
    /// # Errors
    /// When the connection is broken.
    fn receive(&mut self, datagram: &mut BytesMut) -> io::Result<Received>;

    /// How to wait until [`receive`](Self::receive) has something.
    fn readiness(&self) -> Readiness<'_>;
}

/// What [`Kernel::receive`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// A datagram.
    Datagram,
    /// Nothing, for now.
    Nothing,
    /// Answers were lost because nobody fetched them in time (`ENOBUFS`): everything in flight is in doubt.
    Overrun,
}

/// How to wait for a kernel.
#[derive(Debug)]
pub enum Readiness<'a> {
    /// Until this descriptor is readable.
    Descriptor(BorrowedFd<'a>),
    /// For that long: a simulated kernel has an answer by then.
    After(Duration),
    /// There is nothing to wait for until something is sent.
    Idle,
}
