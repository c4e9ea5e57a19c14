//! Generic netlink itself: its header, and the family that knows the numbers of the others.
//!
//! Nothing here knows any other family.

use super::attribute::AttributeValue;
use super::rtnetlink::constants;
use super::view::{AttributeList, MessageView, ParseError};
use super::{NoHeader, Request};
use crate::declare::{OperationError, Progress, Protocol};

/// Length of `struct genlmsghdr` (linux/genetlink.h): command, version, two reserved bytes.
pub const GENL_HEADER_LEN: usize = 4;

constants! {
    "linux/genetlink.h" u16 {
        GENL_ID_CTRL = 0x10,
        CTRL_CMD_NEWFAMILY = 1,
        CTRL_CMD_GETFAMILY = 3,
        CTRL_ATTR_FAMILY_ID = 1,
        CTRL_ATTR_FAMILY_NAME = 2,
    }
}

/// The family that knows the others.
const CONTROL: Protocol = Protocol::Generic { family: "nlctrl", version: 2 };

/// Asks for the number of the family with that name.
pub(crate) fn ask_for_family(name: &str, request: Request<'_>) -> Result<Progress, OperationError> {
    let mut message = request.to_family(GENL_ID_CTRL).begin_in::<NoHeader>(CONTROL, CTRL_CMD_GETFAMILY, 0);
    message.attributes.put(CTRL_ATTR_FAMILY_NAME, &name.to_owned());
    message.finish()
}

/// The number in the answer to that.
pub(crate) fn parse_family(message: &MessageView<'_>) -> Result<u16, ParseError> {
    let attributes = AttributeList::parse(message.body.get(GENL_HEADER_LEN..).unwrap_or_default())?;
    u16::parse(attributes.required(CTRL_ATTR_FAMILY_ID)?)
        .map_err(|error| ParseError::attribute(CTRL_ATTR_FAMILY_ID, error))
}
