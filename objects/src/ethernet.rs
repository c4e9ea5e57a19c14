//! Codec for hardware addresses of six bytes. Those of other lengths (tunnels have four, or none) count as none: no
//! object of a kind here has one.

use ksync_runtime::prelude::MacAddr6;
use ksync_runtime::wire::{AttributeValue, BytesMut, ValueError};

pub(crate) fn emit(mac: &MacAddr6, out: &mut BytesMut) {
    AttributeValue::emit(mac, out);
}

pub(crate) fn parse(payload: &[u8]) -> Result<MacAddr6, ValueError> {
    <MacAddr6 as AttributeValue>::parse(payload).map_err(|_| ValueError::Missing)
}
