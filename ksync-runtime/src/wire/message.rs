//! Writing a message: its head (`struct nlmsghdr`, and what the protocol puts behind it), the fixed header, the
//! attributes.

use bytes::{BufMut, BytesMut};

use super::attribute::Attributes;
use super::draft::{Draft, Paper};
use super::fixed_header::FixedHeader;
use super::generic::GENL_HEADER_LEN;
use super::nf_tables::NFNL_SUBSYS_NFTABLES;
use crate::declare::{CustomProtocol, OperationError, Progress, Protocol};

/// Length of `struct nlmsghdr` (linux/netlink.h).
pub const NLMSG_HEADER_LEN: usize = 16;

/// As many as most fixed headers are long.
const ZEROS: [u8; 32] = [0; 32];

/// Room for one message at the end of a batch. Dropped unused, it leaves the batch as it was.
#[derive(Debug)]
pub struct Request<'a> {
    out: &'a mut BytesMut,
    paper: Option<&'a mut Paper>,
    seq: u32,
    port: u32,
    family: u16,
}

impl<'a> Request<'a> {
    /// A message with sequence number `seq` from the socket with port id `port`, behind what `out` holds.
    pub fn new(out: &'a mut BytesMut, seq: u32, port: u32) -> Self {
        Request { out, paper: None, seq, port, family: 0 }
    }

    /// The same for one of many: what is written on `paper` is lost.
    #[inline(always)]
    pub(crate) fn on(self, paper: &'a mut Paper) -> Self {
        Request { paper: Some(paper), ..self }
    }

    /// The same to the generic netlink family with that number.
    #[must_use]
    pub fn to_family(self, family: u16) -> Self {
        Request { family, ..self }
    }

    /// Starts a message of a kind's protocol: `command` as `RTM_NEWLINK` or `MPTCP_PM_CMD_ADD_ADDR`, `flags` as for
    /// [`begin`](Self::begin).
    #[must_use]
    #[inline]
    pub fn begin_in<H: FixedHeader>(
        mut self,
        protocol: Protocol,
        command: u16,
        flags: u16,
    ) -> Outgoing<'a, H> {
        match protocol {
            Protocol::Route | Protocol::Netlink(_) => self.begin(command, flags),
            Protocol::NfTables => self.begin(NFNL_SUBSYS_NFTABLES << 8 | command, flags),
            Protocol::Generic { version, .. } => {
                let start = self.out.len();
                self.head(self.family, flags);
                // struct genlmsghdr: the command, the version, and two reserved bytes.
                let Ok(short) = u8::try_from(command) else {
                    let mut outgoing = Outgoing::behind(self.out, start, GENL_HEADER_LEN, None);
                    outgoing.attributes.fail(OperationError::local(
                        None,
                        format!("command {command}: those of generic netlink have 8 bits"),
                    ));
                    return outgoing;
                };
                self.out.put_u8(short);
                self.out.put_u8(version);
                self.out.put_u16_ne(0);
                Outgoing::behind(self.out, start, 0, None)
            }
            Protocol::Custom(custom) => {
                let start = self.out.len();
                Outgoing::behind(self.out, start, custom.head_len(), Some(Head { custom, command, flags }))
            }
        }
    }

    /// Starts a plain netlink message: `message_type` as `RTM_NEWLINK`, `flags` as `NLM_F_CREATE` (`NLM_F_REQUEST`
    /// is always set).
    #[must_use]
    #[inline(always)]
    pub fn begin<H: FixedHeader>(mut self, message_type: u16, flags: u16) -> Outgoing<'a, H> {
        let start = self.out.len();
        let body = start + NLMSG_HEADER_LEN;
        let mut draft = Draft::new(self.paper.take());
        let Some(room) = draft.room(NLMSG_HEADER_LEN + H::LEN.next_multiple_of(4)) else {
            self.head(message_type, flags);
            return Outgoing::behind(self.out, start, 0, None);
        };
        room.fill(0);
        if let Some(head) = room.first_chunk_mut() {
            *head = self.head_bytes(message_type, flags);
        }
        let attributes = Attributes::behind(self.out, draft);
        Outgoing { header: H::default(), attributes, start, body, head: None }
    }

    /// `struct nlmsghdr`.
    #[inline]
    fn head(&mut self, message_type: u16, flags: u16) {
        let head = self.head_bytes(message_type, flags);
        self.out.extend_from_slice(&head);
    }

    #[inline]
    fn head_bytes(&self, message_type: u16, flags: u16) -> [u8; NLMSG_HEADER_LEN] {
        let mut head = [0; NLMSG_HEADER_LEN];
        head[4..6].copy_from_slice(&message_type.to_ne_bytes());
        head[6..8].copy_from_slice(&(flags | super::rtnetlink::NLM_F_REQUEST).to_ne_bytes());
        head[8..12].copy_from_slice(&self.seq.to_ne_bytes());
        head[12..16].copy_from_slice(&self.port.to_ne_bytes());
        head
    }
}

/// A message that is being written.
///
/// The fixed header can be changed until the end; attributes are appended at once.
#[derive(Debug)]
pub struct Outgoing<'a, H> {
    /// The fixed header.
    pub header: H,
    /// The attributes behind it.
    pub attributes: Attributes<'a>,
    start: usize,
    /// Where the fixed header stands.
    body: usize,
    head: Option<Head>,
}

/// The head of a message of a protocol that is not ours: written last.
#[derive(Clone, Copy, Debug)]
struct Head {
    custom: &'static dyn CustomProtocol,
    command: u16,
    flags: u16,
}

impl<'a, H: FixedHeader> Outgoing<'a, H> {
    /// A message that starts at `start`, of which `head_len` bytes are still missing in front of the fixed header.
    #[inline(always)]
    fn behind(out: &'a mut BytesMut, start: usize, head_len: usize, head: Option<Head>) -> Self {
        let body = out.len() + head_len;
        if head_len > 0 {
            out.put_bytes(0, head_len);
        }
        match ZEROS.get(..H::LEN.next_multiple_of(4)) {
            // A length that the compiler knows is written quicker.
            Some(zeros) => out.extend_from_slice(zeros),
            None => out.put_bytes(0, H::LEN.next_multiple_of(4)),
        }
        Outgoing { header: H::default(), attributes: Attributes::new(out), start, body, head }
    }

    /// Ends the message.
    ///
    /// # Errors
    /// What could not be written. The caller then cuts the batch back to where it was.
    #[inline(always)]
    pub fn finish(self) -> Result<Progress, OperationError> {
        let Outgoing { header, mut attributes, start, body, head } = self;
        if let Some((message, out)) = attributes.in_draft() {
            // All of it is still there, and so short that its length needs no check.
            if let Some(room) = message.get_mut(NLMSG_HEADER_LEN..NLMSG_HEADER_LEN + H::LEN) {
                header.emit(room);
            }
            let len = message.len() as u32;
            if let Some(place) = message.first_chunk_mut() {
                *place = len.to_ne_bytes();
            }
            out.extend_from_slice(message);
            return Ok(Progress::Pending);
        }
        let out = attributes.into_inner()?;
        if H::LEN > 0 {
            header.emit(&mut out[body..body + H::LEN]);
        }
        if let Some(Head { custom, command, flags }) = head {
            custom.finish(&mut out[start..], command, flags);
            return Ok(Progress::Pending);
        }
        let message = &mut out[start..];
        let len = u32::try_from(message.len()).map_err(|_| too_long())?;
        message[..4].copy_from_slice(&len.to_ne_bytes());
        Ok(Progress::Pending)
    }
}

#[cold]
fn too_long() -> OperationError {
    OperationError::local(None, "the message takes more than 4 GiB")
}

/// Numbers the (only) message in `batch`.
pub fn set_seq(batch: &mut [u8], seq: u32) {
    if let Some(bytes) = batch.get_mut(8..12) {
        bytes.copy_from_slice(&seq.to_ne_bytes());
    }
}

/// Sets further flags on the message that starts at `start`.
pub fn set_flags(batch: &mut [u8], start: usize, flags: u16) {
    if let Some(bytes) = batch.get_mut(start + 6..start + 8) {
        let merged = u16::from_ne_bytes([bytes[0], bytes[1]]) | flags;
        bytes.copy_from_slice(&merged.to_ne_bytes());
    }
}
