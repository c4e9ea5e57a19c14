//! The protocols that kinds speak, and the trait for one that is not among them.
//!
//! A protocol says what stands in front of a kind's fixed header and attributes, what a batch is wrapped in,
//! and what its answers mean. Moving the bytes is for a [`Kernel`](crate::socket::Kernel).

use std::fmt;

use bytes::BytesMut;

use crate::wire::Answer;

/// The protocol of a kind's messages. `protocol = ...` in the derive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Protocol {
    /// `NETLINK_ROUTE`: links, addresses, routes and what belongs to them.
    Route,
    /// Another netlink family whose messages have their type in `nlmsg_type` and nothing in front of the fixed
    /// header, by its number in linux/netlink.h.
    Netlink(u8),
    /// A family of generic netlink. Its number is asked for by its name while the agent runs; what the kind
    /// calls a message type is the command.
    Generic {
        /// The family's name.
        family: &'static str,
        /// The version of the family's interface, in every message.
        version: u8,
    },
    /// nf_tables, inside `NETLINK_NETFILTER`. Every batch is a transaction: all of it or nothing.
    NfTables,
    /// One that is not ours.
    Custom(&'static dyn CustomProtocol),
}

impl Protocol {
    /// The sort of connection that carries it.
    #[must_use]
    pub const fn channel(self) -> Channel {
        match self {
            Protocol::Route => Channel::Route,
            Protocol::Netlink(number) => Channel::Netlink(number),
            Protocol::Generic { .. } => Channel::Generic,
            Protocol::NfTables => Channel::NfTables,
            Protocol::Custom(custom) => Channel::Custom(custom),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Protocol::Generic { family, .. } => write!(out, "generic netlink (family {family})"),
            other => other.channel().fmt(out),
        }
    }
}

/// A sort of connection: all families of generic netlink share one. Every [`Kernel`](crate::socket::Kernel) is of
/// one sort.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Channel {
    /// [`Protocol::Route`].
    Route,
    /// [`Protocol::Netlink`].
    Netlink(u8),
    /// [`Protocol::Generic`].
    Generic,
    /// [`Protocol::NfTables`].
    NfTables,
    /// [`Protocol::Custom`].
    Custom(&'static dyn CustomProtocol),
}

impl Channel {
    /// What the answers to a batch mean.
    #[must_use]
    pub fn acknowledgement(self) -> Acknowledgement {
        match self {
            Channel::Route | Channel::Netlink(_) | Channel::Generic => Acknowledgement::LastConfirms,
            Channel::NfTables => Acknowledgement::AllOrNothing,
            Channel::Custom(custom) => custom.acknowledgement(),
        }
    }

    /// How to open such a connection, as a person would write it.
    #[must_use]
    pub fn opened_by(self) -> String {
        match self {
            Channel::Route => "Netlink::route()?".to_owned(),
            Channel::Netlink(number) => format!("Netlink::family({number})?"),
            Channel::Generic => "Netlink::generic()?".to_owned(),
            Channel::NfTables => "Netlink::nf_tables()?".to_owned(),
            Channel::Custom(custom) => format!("... a `Kernel` for {}", custom.name()),
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Channel::Route => out.write_str("route netlink"),
            Channel::Netlink(number) => write!(out, "netlink family {number}"),
            Channel::Generic => out.write_str("generic netlink"),
            Channel::NfTables => out.write_str("nf_tables"),
            Channel::Custom(custom) => out.write_str(custom.name()),
        }
    }
}

/// What the answers to a batch mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acknowledgement {
    /// Every message is answered, one by one.
    Each,
    /// Failures are answered, and the last message of a batch. Its answer confirms all that were not answered.
    LastConfirms,
    /// As `LastConfirms`, and one failure undoes the whole batch: what did not fail by itself is sent again,
    /// without what failed.
    AllOrNothing,
}

/// A protocol that KSync does not bring along.
///
/// A kind names it with `protocol = PATH`, where `PATH` is a constant of type [`Protocol`]. What the kind calls
/// message types (`add = ...`) are numbers that mean whatever the protocol makes of them; they and the flags reach
/// [`finish`](Self::finish). Behind the head stand the kind's fixed header and its attributes, as everywhere; a
/// kind written by hand puts there what it likes.
///
/// With it goes a [`Kernel`](crate::socket::Kernel) that moves the bytes and returns [`Channel::Custom`] with the
/// same protocol.
///
/// ```
/// use std::collections::VecDeque;
/// use std::io;
///
/// use ksync_runtime::declare::{Channel, CustomProtocol, Protocol, Reply, ReplyTo};
/// use ksync_runtime::prelude::*;
/// use ksync_runtime::socket::{Kernel, Readiness, Received};
/// use ksync_runtime::wire::{Answer, BytesMut};
///
/// /// A daemon that takes `length: u16, command: u8, 0` and attributes, and answers each message with one byte, an
/// /// error number, in the order in which they came.
/// #[derive(Debug)]
/// struct Switchd;
///
/// const SWITCHD: Protocol = Protocol::Custom(&Switchd);
///
/// impl CustomProtocol for Switchd {
///     fn name(&self) -> &'static str {
///         "switchd"
///     }
///
///     fn head_len(&self) -> usize {
///         4
///     }
///
///     fn finish(&self, message: &mut [u8], command: u16, _flags: u16) {
///         let len = message.len() as u16;
///         message[..2].copy_from_slice(&len.to_be_bytes());
///         message[2] = command as u8;
///     }
///
///     fn read(&self, datagram: &[u8], take: &mut dyn FnMut(Reply<'_>)) {
///         for errno in datagram {
///             let answer = match i32::from(*errno) {
///                 0 => Answer::Acknowledged,
///                 errno => Answer::Failed { errno, text: None, offset: None },
///             };
///             take(Reply { to: ReplyTo::Oldest, answer });
///         }
///     }
/// }
///
/// /// The connection to it. This one has the daemon inside: it likes everything that it is sent.
/// #[derive(Default)]
/// struct Connection {
///     answers: VecDeque<u8>,
/// }
///
/// impl Kernel for Connection {
///     fn channel(&self) -> Channel {
///         SWITCHD.channel()
///     }
///
///     fn port(&self) -> u32 {
///         0
///     }
///
///     fn answer_capacity(&self) -> usize {
///         64
///     }
///
///     fn max_batch_len(&self) -> usize {
///         4096
///     }
///
///     fn send(&mut self, mut batch: &[u8]) -> io::Result<()> {
///         while let [high, low, ..] = batch {
///             batch = &batch[usize::from(u16::from_be_bytes([*high, *low]))..];
///             self.answers.push_back(0);
///         }
///         Ok(())
///     }
///
///     fn receive(&mut self, datagram: &mut BytesMut) -> io::Result<Received> {
///         datagram.clear();
///         datagram.extend(self.answers.drain(..));
///         Ok(if datagram.is_empty() { Received::Nothing } else { Received::Datagram })
///     }
///
///     fn readiness(&self) -> Readiness<'_> {
///         Readiness::Idle
///     }
/// }
///
/// #[derive(Clone, Debug, PartialEq, KSyncEntry)]
/// #[ksync(protocol = SWITCHD, add = 1, change = 2, delete = 3)]
/// struct Port {
///     #[ksync(key, nla = 1)]
///     number: u32,
///     #[ksync(nla = 2)]
///     up: bool,
/// }
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let agent = Agent::builder().object::<Port>().kernel(Connection::default()).start()?;
/// agent.table::<Port>().set(Port { number: 7, up: true })?;
/// agent.settled().await?;
/// assert_eq!(agent.totals().adds, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait CustomProtocol: fmt::Debug + Send + Sync {
    /// Its name, for errors. Two protocols are the same if they have the same name.
    fn name(&self) -> &'static str;

    /// How many bytes stand in front of a kind's fixed header.
    fn head_len(&self) -> usize;

    /// Completes a message: the first [`head_len`](Self::head_len) bytes of it are zero so far, everything behind
    /// them is as the kind wrote it.
    fn finish(&self, message: &mut [u8], command: u16, flags: u16);

    /// Writes the number that the answer will carry into a complete message. Called again if the message moves to
    /// another batch. Nothing, for protocols that answer in order.
    fn number(&self, message: &mut [u8], seq: u32) {
        let _ = (message, seq);
    }

    /// What the answers to a batch mean.
    fn acknowledgement(&self) -> Acknowledgement {
        Acknowledgement::Each
    }

    /// Makes a complete message, the last one of a batch, one that is answered when it succeeds too. Nothing, for
    /// protocols that answer each message.
    fn ask_for_answer(&self, message: &mut [u8]) {
        let _ = message;
    }

    /// Begins a batch, in an empty buffer. `seq` is free for it.
    fn open_batch(&self, batch: &mut BytesMut, seq: u32) {
        let _ = (batch, seq);
    }

    /// Ends a batch: behind the last message. `seq` is free for it.
    fn close_batch(&self, batch: &mut BytesMut, seq: u32) {
        let _ = (batch, seq);
    }

    /// Reads what came from the other side, and hands over the answers in it, one by one. What can't be read is
    /// left out: the answer then counts as lost when its time is over.
    ///
    /// Messages about objects ([`Answer::Object`]) are handed to the parsers of kinds as they are: their
    /// `message_type` is the command, their `body` begins with the kind's fixed header.
    fn read(&self, datagram: &[u8], take: &mut dyn FnMut(Reply<'_>));
}

impl PartialEq for dyn CustomProtocol {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for dyn CustomProtocol {}

/// One answer that a [`CustomProtocol`] found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply<'a> {
    /// What it answers.
    pub to: ReplyTo,
    /// What it says.
    pub answer: Answer<'a>,
}

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyTo {
    /// The message with that number.
    Seq(u32),
    /// The oldest message that is not answered yet.
    Oldest,
    /// The batch as a whole.
    Batch,
}
