//! Codec for the number of a routing table: `rtm_table` up to 255, `RTA_TABLE` beyond.
//!
//! For a field of type `u32`: `#[ksync(key, with = wire::table)]`.

use super::attribute::{AttributeValue, ValueError};
use super::rtnetlink::{RT_TABLE_COMPAT, RTA_TABLE, RouteHeader};
use super::{Incoming, Outgoing, ParseError};

/// Writes the number; one that does not fit the header goes into `RTA_TABLE`.
pub fn emit(value: &u32, message: &mut Outgoing<'_, RouteHeader>) {
    match u8::try_from(*value) {
        Ok(short) => message.header.rtm_table = short,
        Err(_) => {
            message.header.rtm_table = RT_TABLE_COMPAT as u8;
            message.attributes.put(RTA_TABLE, value);
        }
    }
}

/// Reads the number. The kernel always adds `RTA_TABLE`.
///
/// # Errors
/// When the attribute is no 32-bit number.
pub fn parse(message: &Incoming<'_, RouteHeader>) -> Result<u32, ParseError> {
    match message.attributes.get(RTA_TABLE) {
        Some(payload) => {
            u32::parse(payload).map_err(|error: ValueError| ParseError::attribute(RTA_TABLE, error))
        }
        None => Ok(u32::from(message.header.rtm_table)),
    }
}
