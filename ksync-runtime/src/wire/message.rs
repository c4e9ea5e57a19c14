//! Writing a message: `struct nlmsghdr`, the fixed header, the attributes.

use bytes::{BufMut, BytesMut};

use super::attribute::Attributes;
use super::fixed_header::FixedHeader;
use crate::declare::{OperationError, Progress};

/// Length of `struct nlmsghdr` (linux/netlink.h).
pub const NLMSG_HEADER_LEN: usize = 16;

/// Room for one message at the end of a batch. Dropped unused, it leaves the batch as it was.
#[derive(Debug)]
pub struct Request<'a> {
    out: &'a mut BytesMut,
    seq: u32,
    port: u32,
}

impl<'a> Request<'a> {
    /// A message with sequence number `seq` from the socket with port id `port`, behind what `out` holds.
    pub fn new(out: &'a mut BytesMut, seq: u32, port: u32) -> Self {
        Request { out, seq, port }
    }

    /// Starts the message: `message_type` as `RTM_NEWLINK`, `flags` as `NLM_F_CREATE` (`NLM_F_REQUEST` is
    /// always set).
    #[must_use]
    pub fn begin<H: FixedHeader>(self, message_type: u16, flags: u16) -> Outgoing<'a, H> {
        let start = self.out.len();
        self.out.put_u32_ne(0);
        self.out.put_u16_ne(message_type);
        self.out.put_u16_ne(flags | super::rtnetlink::NLM_F_REQUEST);
        self.out.put_u32_ne(self.seq);
        self.out.put_u32_ne(self.port);
        self.out.put_bytes(0, H::LEN.next_multiple_of(4));
        Outgoing { header: H::default(), attributes: Attributes::new(self.out), start }
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
}

impl<H: FixedHeader> Outgoing<'_, H> {
    /// Ends the message.
    ///
    /// # Errors
    /// What could not be written. The caller then cuts the batch back to where it was.
    pub fn finish(self) -> Result<Progress, OperationError> {
        let Outgoing { header, attributes, start } = self;
        let out = attributes.into_inner()?;
        let body = start + NLMSG_HEADER_LEN;
        header.emit(&mut out[body..body + H::LEN]);
        let len = u32::try_from(out.len() - start)
            .map_err(|_| OperationError::local(None, "the message takes more than 4 GiB"))?;
        out[start..start + 4].copy_from_slice(&len.to_ne_bytes());
        Ok(Progress::Pending)
    }
}

/// Sets further flags on the message that starts at `start`.
pub fn set_flags(batch: &mut [u8], start: usize, flags: u16) {
    if let Some(bytes) = batch.get_mut(start + 6..start + 8) {
        let merged = u16::from_ne_bytes([bytes[0], bytes[1]]) | flags;
        bytes.copy_from_slice(&merged.to_ne_bytes());
    }
}
