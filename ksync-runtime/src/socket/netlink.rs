//! The socket to the running kernel.

use std::fmt;
use std::io;
use std::os::fd::AsFd;

use bytes::BytesMut;
use netlink_sys::{Socket, SocketAddr};
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, getsockopt, recv, send, setsockopt, sockopt};
use std::os::fd::AsRawFd;

use super::{Kernel, Readiness, Received};
use crate::declare::Channel;

/// What is asked for as receive buffer, in bytes. Granted in full with CAP_NET_ADMIN in the first user
/// namespace, up to `net.core.rmem_max` otherwise.
const RECEIVE_BUFFER: usize = 8 << 20;

/// The kernel fills datagrams of dumps up to this (NLMSG_GOODSIZE grows to 32 KiB in netlink_dump).
const FIRST_READ: usize = 32 << 10;

/// One answer takes at most this much of the receive buffer: the default buffer of 212,992 bytes holds just
/// 256 of them, measured with acknowledgements and with refusals that carry a text.
const BYTES_PER_ANSWER: usize = 832;

/// A connection to the running kernel, in the network namespace that the thread which opens it is in.
///
/// It stays in that namespace, wherever it is moved to.
pub struct Netlink {
    socket: Socket,
    channel: Channel,
    port: u32,
    answer_capacity: usize,
    max_batch_len: usize,
    /// What is read comes here first, so that nothing has to be cleared before each read: that takes longer than the
    /// read of an acknowledgement.
    incoming: Vec<u8>,
}

impl Netlink {
    /// A connection for links, addresses, routes and what belongs to them (`NETLINK_ROUTE`).
    ///
    /// # Errors
    /// When the system does not grant the socket, or the kernel is too old for extended acknowledgements
    /// and strict checking (before 4.20).
    pub fn route() -> io::Result<Self> {
        Self::open(Channel::Route, netlink_sys::protocols::NETLINK_ROUTE)
    }

    /// A connection for all families of generic netlink (`NETLINK_GENERIC`).
    ///
    /// # Errors
    /// As for [`route`](Self::route).
    pub fn generic() -> io::Result<Self> {
        Self::open(Channel::Generic, netlink_sys::protocols::NETLINK_GENERIC)
    }

    /// A connection for tables, sets and what belongs to them in nf_tables (`NETLINK_NETFILTER`).
    ///
    /// # Errors
    /// As for [`route`](Self::route).
    pub fn nf_tables() -> io::Result<Self> {
        Self::open(Channel::NfTables, netlink_sys::protocols::NETLINK_NETFILTER)
    }

    /// A connection for another netlink family, by its number in linux/netlink.h:
    /// [`Protocol::Netlink`](crate::declare::Protocol::Netlink).
    ///
    /// # Errors
    /// As for [`route`](Self::route).
    pub fn family(number: u8) -> io::Result<Self> {
        Self::open(Channel::Netlink(number), isize::from(number))
    }

    fn open(channel: Channel, number: isize) -> io::Result<Self> {
        let mut socket = Socket::new(number)?;
        let port = socket.bind_auto()?.port_number();
        // Connected to the kernel, it takes nothing from other processes.
        socket.connect(&SocketAddr::new(0, 0))?;
        socket.set_non_blocking(true)?;
        socket.set_ext_ack(true)?;
        socket.set_cap_ack(true)?;
        socket.set_netlink_get_strict_chk(true)?;
        if setsockopt(&socket, sockopt::RcvBufForce, &RECEIVE_BUFFER).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER)?;
        }
        let granted = getsockopt(&socket, sockopt::RcvBuf)?;
        let send_buffer = getsockopt(&socket, sockopt::SndBuf)?;
        Ok(Netlink {
            socket,
            channel,
            port,
            answer_capacity: (granted / BYTES_PER_ANSWER).max(1),
            // More than this is refused with EMSGSIZE (netlink_sendmsg).
            max_batch_len: send_buffer.saturating_sub(32),
            incoming: vec![0; FIRST_READ],
        })
    }

    /// Sets the size of the receive buffer, in bytes: a small one loses answers, which a test may want.
    ///
    /// # Errors
    /// Those of `setsockopt`.
    pub fn set_receive_buffer(&mut self, bytes: usize) -> io::Result<()> {
        // The kernel doubles what it is asked for.
        setsockopt(&self.socket, sockopt::RcvBuf, &(bytes / 2))?;
        Ok(())
    }
}

impl fmt::Debug for Netlink {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Netlink")
            .field("channel", &self.channel)
            .field("port", &self.port)
            .field("answer_capacity", &self.answer_capacity)
            .field("max_batch_len", &self.max_batch_len)
            .finish_non_exhaustive()
    }
}

impl Kernel for Netlink {
    fn channel(&self) -> Channel {
        self.channel
    }

    fn port(&self) -> u32 {
        self.port
    }

    fn answer_capacity(&self) -> usize {
        self.answer_capacity
    }

    fn max_batch_len(&self) -> usize {
        self.max_batch_len
    }

    fn send(&mut self, batch: &[u8]) -> io::Result<()> {
        loop {
            match send(self.socket.as_raw_fd(), batch, MsgFlags::empty()) {
                Ok(_) => return Ok(()),
                Err(Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn receive(&mut self, datagram: &mut BytesMut) -> io::Result<Received> {
        datagram.clear();
        loop {
            // MSG_TRUNC tells the whole length. A datagram that is longer than the buffer is cut off, and
            // what was in the rest is lost, as if the connection had overrun.
            match recv(self.socket.as_raw_fd(), &mut self.incoming, MsgFlags::MSG_TRUNC) {
                Ok(len) => match self.incoming.get(..len) {
                    Some(whole) => {
                        datagram.extend_from_slice(whole);
                        return Ok(Received::Datagram);
                    }
                    None => {
                        self.incoming.resize(len, 0);
                        return Ok(Received::Overrun);
                    }
                },
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => return Ok(Received::Nothing),
                Err(Errno::ENOBUFS) => return Ok(Received::Overrun),
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn readiness(&self) -> Readiness<'_> {
        Readiness::Descriptor(self.socket.as_fd())
    }
}
