//! What comes back: errors, acknowledgements, ends of dumps, and messages about objects.

use super::message::NLMSG_HEADER_LEN;
use super::rtnetlink::{
    NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_DONE, NLMSG_ERROR, NLMSG_NOOP, NLMSG_OVERRUN, NLMSGERR_ATTR_MSG,
    NLMSGERR_ATTR_OFFS,
};
use super::view::{AttributeList, MessageView, ParseError};

/// A message from the kernel, sorted by what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// The request was carried out (`NLMSG_ERROR` with errno 0).
    Acknowledged,
    /// The request was refused.
    Failed {
        /// errno.h, positive.
        errno: i32,
        /// The kernel's own text.
        text: Option<String>,
        /// Where in the request the kernel saw the fault, in bytes from the start of its `nlmsghdr`.
        offset: Option<usize>,
    },
    /// The end of a dump.
    Done,
    /// A message about an object: an echo, the answer to a get, a part of a dump.
    Object(MessageView<'a>),
    /// Nothing of interest.
    Other,
}

impl<'a> Answer<'a> {
    /// Sorts a message.
    ///
    /// # Errors
    /// When it is cut off.
    pub fn of(message: MessageView<'a>) -> Result<Self, ParseError> {
        match message.message_type {
            NLMSG_ERROR => Self::error(&message, false),
            NLMSG_DONE => Self::error(&message, true),
            NLMSG_NOOP | NLMSG_OVERRUN => Ok(Answer::Other),
            _ => Ok(Answer::Object(message)),
        }
    }

    /// `struct nlmsgerr`, or the end of a dump, which begins with the same error number.
    fn error(message: &MessageView<'a>, done: bool) -> Result<Self, ParseError> {
        let body = message.body;
        let what = if done { "end of dump" } else { "struct nlmsgerr" };
        let least = if done { 0 } else { 4 + NLMSG_HEADER_LEN };
        if body.len() < least {
            return Err(ParseError::Truncated { what, expected: least, got: body.len() });
        }
        let errno = body.first_chunk::<4>().map_or(0, |bytes| i32::from_ne_bytes(*bytes));
        if errno == 0 {
            return Ok(if done { Answer::Done } else { Answer::Acknowledged });
        }
        let mut text = None;
        let mut offset = None;
        if message.flags & NLM_F_ACK_TLVS != 0 {
            let at = if done { 4 } else { 4 + request_len(message) };
            let attributes = AttributeList::parse(body.get(at..).unwrap_or_default())?;
            text = attributes.get(NLMSGERR_ATTR_MSG).map(|bytes| {
                let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
                String::from_utf8_lossy(text).into_owned()
            });
            offset = attributes
                .get(NLMSGERR_ATTR_OFFS)
                .and_then(|bytes| bytes.try_into().ok())
                .map(|bytes| u32::from_ne_bytes(bytes) as usize);
        }
        Ok(Answer::Failed { errno: errno.wrapping_neg(), text, offset })
    }
}

/// How much of the request stands between the errno and the attributes: its header only if the answer is
/// capped, all of it otherwise.
fn request_len(message: &MessageView<'_>) -> usize {
    if message.flags & NLM_F_CAPPED != 0 {
        return NLMSG_HEADER_LEN;
    }
    message
        .body
        .get(4..8)
        .and_then(|bytes| bytes.try_into().ok())
        .map_or(NLMSG_HEADER_LEN, |bytes| (u32::from_ne_bytes(bytes) as usize).next_multiple_of(4))
}
