//! What a kind writes, as a dump of the kernel would carry it; and the way back.
//!
//! Handled here is what stands behind `struct nlmsghdr`; that one is made up as the kernel would.

use bytes::BytesMut;
use ksync_runtime::declare::{Context, KSyncEntry, OperationError, Progress, Protocol, References, Resolver};
use ksync_runtime::wire::nf_tables::NFNL_SUBSYS_NFTABLES;
use ksync_runtime::wire::{MessageView, NLMSG_HEADER_LEN, ParseError, Request, head_len};

use super::numbers::{Numbers, own_number, resolver};

/// `NLM_F_MULTI` (linux/netlink.h): a part of a dump.
const NLM_F_MULTI: u16 = 2;

/// The number of a family of generic netlink; any from 16 up does.
const SOME_FAMILY: u16 = 0x1c;

/// What stands in front of the attributes of a message of the kind, behind `struct nlmsghdr`.
#[must_use]
pub fn header_len<T: KSyncEntry>() -> usize {
    head_len(T::SCHEMA.protocol) - NLMSG_HEADER_LEN + T::SCHEMA.header_len
}

/// The message that adds the object, as a dump would carry it. Nothing if there is nothing to write.
///
/// # Errors
/// What keeps it from being written.
pub fn added<T: KSyncEntry>(entry: &T) -> Result<Vec<u8>, OperationError> {
    let entry = linked(entry);
    written::<T>(|request| entry.add_msg(&Context::new(own_number(&entry), &Numbers, false), request))
}

/// The same for the message that changes the object: all of it, or what differs from `held`.
///
/// # Errors
/// As for [`added`].
pub fn changed<T: KSyncEntry>(held: Option<&T>, entry: &T) -> Result<Vec<u8>, OperationError> {
    let (held, entry) = (held.map(linked), linked(entry));
    written::<T>(|request| {
        entry.change_msg(held.as_ref(), &Context::new(own_number(&entry), &Numbers, false), request)
    })
}

/// The entry with its references looked up.
fn linked<T: KSyncEntry>(entry: &T) -> T {
    let mut entry = entry.clone();
    entry.references(&mut References::new(&mut Numbers));
    entry
}

fn written<T: KSyncEntry>(
    write: impl FnOnce(Request<'_>) -> Result<Progress, OperationError>,
) -> Result<Vec<u8>, OperationError> {
    let mut out = BytesMut::new();
    write(Request::new(&mut out, 7, 0))?;
    let mut body = out.get(NLMSG_HEADER_LEN..).unwrap_or_default().to_vec();
    // What is dumped bears the command that asked for it.
    if let (Protocol::Generic { .. }, Some(get), Some(command)) =
        (T::SCHEMA.protocol, T::SCHEMA.get, body.first_mut())
    {
        *command = u8::try_from(get).unwrap_or_default();
    }
    Ok(body)
}

/// The message of a dump that holds these bytes.
#[must_use]
pub fn view<T: KSyncEntry>(body: &[u8]) -> MessageView<'_> {
    let message_type = match T::SCHEMA.protocol {
        Protocol::Generic { .. } => SOME_FAMILY,
        Protocol::NfTables => NFNL_SUBSYS_NFTABLES << 8 | T::SCHEMA.add,
        _ => T::SCHEMA.add,
    };
    MessageView { message_type, flags: NLM_F_MULTI, seq: 7, port: 0, body }
}

/// What the kind's parser makes of it.
///
/// # Errors
/// The parser's.
pub fn read<T: KSyncEntry>(body: &[u8]) -> Result<T, ParseError> {
    let resolver: Resolver<'_> = resolver();
    T::parse(&view::<T>(body), &resolver)
}
