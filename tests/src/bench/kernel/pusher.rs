//! The limit: a socket, messages that were made before, one thread, and nothing that is kept.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send, setsockopt,
    socket, sockopt,
};

use super::messages::Batch;

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

/// Room for the answers that a batch can have, in bytes.
const RECEIVE_BUFFER: usize = 1 << 20;

/// A socket for route netlink.
#[derive(Debug)]
pub(crate) struct Pusher {
    socket: OwnedFd,
    answer: Vec<u8>,
}

impl Pusher {
    /// A socket in this thread's namespace.
    pub(crate) fn new() -> io::Result<Self> {
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            SockFlag::SOCK_CLOEXEC,
            SockProtocol::NetlinkRoute,
        )?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        setsockopt(&socket, sockopt::RcvBuf, &RECEIVE_BUFFER)?;
        Ok(Pusher { socket, answer: vec![0; 64 << 10] })
    }

    /// Sends all batches, and reads the answers behind each. Returns how many messages were refused, and the first
    /// error among them.
    pub(crate) fn push(&mut self, batches: &[Batch]) -> io::Result<Refused> {
        let mut refused = Refused::default();
        for batch in batches {
            send(self.socket.as_raw_fd(), &batch.bytes, MsgFlags::empty())?;
            self.answers(batch.last_seq, &mut refused)?;
        }
        Ok(refused)
    }

    /// Reads until the last message of a batch is answered.
    fn answers(&mut self, last_seq: u32, refused: &mut Refused) -> io::Result<()> {
        loop {
            let len = recv(self.socket.as_raw_fd(), &mut self.answer, MsgFlags::empty())?;
            let datagram = self.answer.get(..len).unwrap_or_default();
            for message in Messages(datagram) {
                if message.kind != NLMSG_ERROR {
                    continue;
                }
                let errno = message.errno();
                if errno != 0 {
                    refused.count += 1;
                    refused.first.get_or_insert(Errno::from_raw(-errno));
                }
                if message.seq == last_seq {
                    return Ok(());
                }
            }
        }
    }

    /// Sends a request for a dump, and shows every message of the answer.
    pub(crate) fn dump(&mut self, request: &[u8], mut show: impl FnMut(&[u8])) -> io::Result<()> {
        send(self.socket.as_raw_fd(), request, MsgFlags::empty())?;
        loop {
            let len = recv(self.socket.as_raw_fd(), &mut self.answer, MsgFlags::empty())?;
            for message in Messages(self.answer.get(..len).unwrap_or_default()) {
                match message.kind {
                    NLMSG_ERROR => return Err(Errno::from_raw(-message.errno()).into()),
                    NLMSG_DONE => return Ok(()),
                    _ => show(message.bytes),
                }
            }
        }
    }
}

/// Messages that the kernel did not carry out.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Refused {
    pub(crate) count: u64,
    pub(crate) first: Option<Errno>,
}

impl Refused {
    /// None is right, any is an error.
    pub(crate) fn none(self) -> Result<(), String> {
        match self.first {
            None => Ok(()),
            Some(first) => Err(format!("raw: {} messages were refused, the first with {first}", self.count)),
        }
    }
}

struct Message<'a> {
    kind: u16,
    seq: u32,
    bytes: &'a [u8],
}

impl Message<'_> {
    fn errno(&self) -> i32 {
        self.bytes.get(16..20).and_then(|bytes| bytes.try_into().ok()).map_or(0, i32::from_ne_bytes)
    }
}

/// The messages of a datagram.
struct Messages<'a>(&'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let len = u32::from_ne_bytes(*self.0.first_chunk::<4>()?) as usize;
        let bytes = self.0.get(..len).filter(|bytes| bytes.len() >= 16)?;
        self.0 = self.0.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(Message {
            kind: u16::from_ne_bytes([bytes[4], bytes[5]]),
            seq: u32::from_ne_bytes([bytes[8], bytes[9], bytes[10], bytes[11]]),
            bytes,
        })
    }
}
