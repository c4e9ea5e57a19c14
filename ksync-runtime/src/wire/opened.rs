//! Messages of kinds, without what their protocol puts in front of the fixed header.

use super::generic::GENL_HEADER_LEN;
use super::message::NLMSG_HEADER_LEN;
use super::nf_tables::NFNL_SUBSYS_NFTABLES;
use super::rtnetlink::NLMSG_MIN_TYPE;
use super::view::{MessageView, ParseError};
use crate::declare::{Protocol, Schema};

/// How many bytes stand in front of the fixed header in a message of that protocol.
#[must_use]
pub fn head_len(protocol: Protocol) -> usize {
    match protocol {
        Protocol::Route | Protocol::Netlink(_) | Protocol::NfTables => NLMSG_HEADER_LEN,
        Protocol::Generic { .. } => NLMSG_HEADER_LEN + GENL_HEADER_LEN,
        Protocol::Custom(custom) => custom.head_len(),
    }
}

/// Checks that a message of the kernel is one about an object of the kind, and takes off what the protocol puts
/// in front of the fixed header. The message type of what comes out is what the kind calls it.
///
/// # Errors
/// [`ParseError::OtherType`], or [`ParseError::Truncated`].
pub fn open_message<'a>(schema: &Schema, message: &MessageView<'a>) -> Result<MessageView<'a>, ParseError> {
    let opened = match schema.protocol {
        Protocol::Route | Protocol::Netlink(_) | Protocol::Custom(_) => *message,
        Protocol::NfTables => {
            if message.message_type >> 8 != NFNL_SUBSYS_NFTABLES {
                return Err(other(schema, message.message_type));
            }
            MessageView { message_type: message.message_type & 0xff, ..*message }
        }
        Protocol::Generic { .. } => {
            // The family's number is known to the connection only. 0 is that of a request which was written
            // without one.
            if (1..NLMSG_MIN_TYPE).contains(&message.message_type) {
                return Err(other(schema, message.message_type));
            }
            let (head, body) =
                message.body.split_at_checked(GENL_HEADER_LEN).ok_or(ParseError::Truncated {
                    what: "struct genlmsghdr",
                    expected: GENL_HEADER_LEN,
                    got: message.body.len(),
                })?;
            let command = head.first().copied().map_or(0, u16::from);
            // Families answer a question with its own command.
            if schema.get == Some(command) {
                return Ok(MessageView { message_type: schema.add, body, ..*message });
            }
            MessageView { message_type: command, body, ..*message }
        }
    };
    ParseError::expect_type(schema, &opened)?;
    Ok(opened)
}

fn other(schema: &Schema, got: u16) -> ParseError {
    ParseError::OtherType { expected: schema.add, got }
}
