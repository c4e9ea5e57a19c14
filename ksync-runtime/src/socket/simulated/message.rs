//! A request as the kernel sees it, and why it is refused.
//!
//! Attributes are walked where they lie: a request is looked at a few times and then gone, so no tree of
//! them is built. Like the kernel, the last of several attributes of the same number wins, and bytes that
//! make no attribute end the walk.

use std::borrow::Cow;

use nix::errno::Errno;

use crate::wire::{FixedHeader, MessageView, NLA_TYPE_MASK, NLMSG_HEADER_LEN};

/// Why the kernel refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// errno.h, positive.
    pub errno: i32,
    /// The text of the extended acknowledgement; empty if there is none.
    pub text: Cow<'static, str>,
    /// Where in the request the fault is, in bytes from the start of its `nlmsghdr`.
    pub offset: Option<u32>,
}

impl Refusal {
    /// A refusal with a text. An empty text is none.
    pub fn new(errno: i32, text: impl Into<Cow<'static, str>>) -> Self {
        Refusal { errno, text: text.into(), offset: None }
    }
}

impl From<Errno> for Refusal {
    fn from(errno: Errno) -> Self {
        Refusal::new(errno as i32, "")
    }
}

/// A refusal with the kernel's text.
pub(super) fn refuse(errno: Errno, text: &'static str) -> Refusal {
    Refusal::new(errno as i32, text)
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    view: MessageView<'a>,
    header_len: usize,
}

impl<'a> Message<'a> {
    pub(super) fn new(view: MessageView<'a>, header_len: usize) -> Self {
        Message { view, header_len }
    }

    pub(super) fn view(&self) -> &MessageView<'a> {
        &self.view
    }

    pub(super) fn has(&self, flag: u16) -> bool {
        self.view.flags & flag != 0
    }

    /// The fixed header.
    pub(super) fn header<H: FixedHeader>(&self) -> Result<H, Refusal> {
        H::parse(self.view.body).ok_or_else(|| refuse(Errno::EINVAL, "Invalid header length"))
    }

    /// The bytes of the fixed header; what is missing of it is zero.
    pub(super) fn header_bytes(&self) -> Vec<u8> {
        let mut bytes = self.view.body.get(..self.header_len).unwrap_or(self.view.body).to_vec();
        bytes.resize(self.header_len, 0);
        bytes
    }

    /// Every attribute: its number, its place, its payload.
    pub(super) fn attributes(&self) -> AttributeWalk<'a> {
        AttributeWalk::new(self.view.body, self.header_len.next_multiple_of(4))
    }

    /// The payload of an attribute.
    pub(super) fn attribute(&self, nla: u16) -> Option<&'a [u8]> {
        self.attributes().filter(|attribute| attribute.nla == nla).last().map(|attribute| attribute.payload)
    }

    /// A 32-bit number.
    pub(super) fn u32(&self, nla: u16) -> Option<u32> {
        self.attribute(nla).and_then(u32_of)
    }

    /// Checks the sizes of attributes, in the order of the message.
    pub(super) fn check(&self, policy: &[(u16, Size)]) -> Result<(), Refusal> {
        for attribute in self.attributes() {
            let Some((_, size)) = policy.iter().find(|(nla, _)| *nla == attribute.nla) else { continue };
            let len = attribute.payload.len();
            let (fits, refusal) = match *size {
                Size::AtLeast(least) => (len >= least, POLICY),
                Size::AtMost(most) => (len <= most, POLICY),
                Size::Text(most) => (text_of(attribute.payload).len() <= most, POLICY),
                Size::Exactly(exact) => (len == exact, LENGTH),
            };
            if !fits {
                let offset = u32::try_from(NLMSG_HEADER_LEN + attribute.offset).ok();
                return Err(Refusal { offset, ..refuse(refusal.0, refusal.1) });
            }
        }
        Ok(())
    }
}

const POLICY: (Errno, &str) = (Errno::ERANGE, "Attribute failed policy validation");
const LENGTH: (Errno, &str) = (Errno::EINVAL, "invalid attribute length");

/// What the kernel asks of an attribute's payload.
#[derive(Clone, Copy, Debug)]
pub(super) enum Size {
    /// So many bytes or more: how old families check.
    AtLeast(usize),
    /// So many bytes or fewer.
    AtMost(usize),
    /// Text of so many bytes or fewer, not counting the NUL.
    Text(usize),
    /// Just so many bytes: how new families check.
    Exactly(usize),
}

/// One attribute of a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute<'a> {
    pub(super) nla: u16,
    /// From the start of the walked bytes.
    pub(super) offset: usize,
    pub(super) payload: &'a [u8],
}

/// Walks attributes.
#[derive(Clone, Copy, Debug)]
pub(super) struct AttributeWalk<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> AttributeWalk<'a> {
    /// The attributes in `bytes` from `at` on.
    pub(super) fn new(bytes: &'a [u8], at: usize) -> Self {
        AttributeWalk { bytes, at }
    }
}

impl<'a> Iterator for AttributeWalk<'a> {
    type Item = Attribute<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.bytes.get(self.at..)?;
        let head = rest.first_chunk::<4>()?;
        let len = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        let payload = rest.get(4..len)?;
        let nla = u16::from_ne_bytes([head[2], head[3]]) & NLA_TYPE_MASK;
        let offset = self.at;
        self.at += len.next_multiple_of(4);
        Some(Attribute { nla, offset, payload })
    }
}

/// The payload of an attribute inside a nested one, or inside a body behind its header.
pub(super) fn attribute_in(bytes: &[u8], at: usize, nla: u16) -> Option<&[u8]> {
    AttributeWalk::new(bytes, at).filter(|attribute| attribute.nla == nla).last().map(|found| found.payload)
}

/// A 32-bit number at the front of a payload.
pub(super) fn u32_of(payload: &[u8]) -> Option<u32> {
    payload.first_chunk::<4>().map(|bytes| u32::from_ne_bytes(*bytes))
}

/// The bytes before the first NUL.
pub(super) fn text_of(payload: &[u8]) -> &[u8] {
    payload.split(|byte| *byte == 0).next().unwrap_or_default()
}
