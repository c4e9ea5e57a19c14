//! Answers as bytes: acknowledgements, errors with their extended acknowledgement, objects, dumps.

use bytes::BytesMut;

use super::identity::Identity;
use super::message::{Message, Refusal};
use super::rules::Notice;
use super::state::State;
use super::store::FamilyId;
use crate::wire::rtnetlink::*;
use crate::wire::{Attributes, MessageView, NLMSG_HEADER_LEN};

/// The kernel never fills more of a dump's datagram.
const DUMP_MAX: usize = 32 * 1024;

/// Starts a message; its length is put in by [`end`].
fn begin(out: &mut BytesMut, message_type: u16, flags: u16, seq: u32, port: u32) {
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&message_type.to_ne_bytes());
    out.extend_from_slice(&flags.to_ne_bytes());
    out.extend_from_slice(&seq.to_ne_bytes());
    out.extend_from_slice(&port.to_ne_bytes());
}

/// Ends the message that begins at `start`.
fn end(out: &mut BytesMut, start: usize) {
    let len = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    if let Some(room) = out.get_mut(start..start + 4) {
        room.copy_from_slice(&len.to_ne_bytes());
    }
    out.resize(out.len().next_multiple_of(4), 0);
}

/// The bytes of a message.
pub(super) fn message(view: &MessageView<'_>) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(NLMSG_HEADER_LEN + view.body.len());
    header_of(view, &mut out);
    out.extend_from_slice(view.body);
    out.to_vec()
}

fn header_of(view: &MessageView<'_>, out: &mut BytesMut) {
    let start = out.len();
    begin(out, view.message_type, view.flags, view.seq, view.port);
    let len = u32::try_from(NLMSG_HEADER_LEN + view.body.len()).unwrap_or(u32::MAX);
    if let Some(room) = out.get_mut(start..start + 4) {
        room.copy_from_slice(&len.to_ne_bytes());
    }
}

/// An acknowledgement or an error. Like a socket with `NETLINK_CAP_ACK` and `NETLINK_EXT_ACK`: the header of
/// the request is in it, the rest of the request is not.
pub(super) fn verdict(view: &MessageView<'_>, port: u32, outcome: &Result<(), Refusal>) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(NLMSG_HEADER_LEN * 2 + 4);
    let explained = matches!(outcome, Err(refusal) if !refusal.text.is_empty() || refusal.offset.is_some());
    let flags = NLM_F_CAPPED | if explained { NLM_F_ACK_TLVS } else { 0 };
    begin(&mut out, NLMSG_ERROR, flags, view.seq, port);
    let errno = outcome.as_ref().err().map_or(0, |refusal| refusal.errno.wrapping_neg());
    out.extend_from_slice(&errno.to_ne_bytes());
    header_of(view, &mut out);
    if let Err(refusal) = outcome {
        explain(refusal, &mut out);
    }
    end(&mut out, 0);
    out.to_vec()
}

/// The attributes of an extended acknowledgement.
fn explain(refusal: &Refusal, out: &mut BytesMut) {
    let mut attributes = Attributes::new(out);
    if !refusal.text.is_empty() {
        attributes.put(NLMSGERR_ATTR_MSG, &refusal.text.clone().into_owned());
    }
    if let Some(offset) = refusal.offset {
        attributes.put(NLMSGERR_ATTR_OFFS, &offset);
    }
}

/// A message about an object.
pub(super) fn object(view: &MessageView<'_>, port: u32, notice: &Notice) -> Vec<u8> {
    let mut out = BytesMut::with_capacity(NLMSG_HEADER_LEN + notice.body.len());
    begin(&mut out, notice.message_type, notice.flags, view.seq, port);
    out.extend_from_slice(&notice.body);
    end(&mut out, 0);
    out.to_vec()
}

/// A dump that is under way. It reads on where it stopped, so it may see changes that were made meanwhile.
#[derive(Debug)]
pub(super) struct Dump {
    family: FamilyId,
    seq: u32,
    port: u32,
    /// The request, its `nlmsghdr` left out: the filter.
    request: Vec<u8>,
    header_len: usize,
    message_type: u16,
    refusal: Option<Refusal>,
    /// The last object that was looked at.
    last: Option<Identity>,
}

impl Dump {
    pub(super) fn new(state: &State, id: FamilyId, message: &Message<'_>, port: u32) -> Self {
        let view = message.view();
        let family = state.family(id);
        Dump {
            family: id,
            seq: view.seq,
            port,
            request: view.body.to_vec(),
            header_len: family.map_or(0, |family| family.header_len),
            message_type: family.map_or(0, |family| family.new_type),
            refusal: family.and_then(|family| family.rules.dumps(state, message).err()),
            last: None,
        }
    }

    /// The next datagram, and whether it is the last one: its end stands in a datagram of its own.
    pub(super) fn next(&mut self, state: &State) -> (Vec<u8>, bool) {
        let mut out = BytesMut::new();
        if self.refusal.is_none() {
            self.fill(state, &mut out);
        }
        if !out.is_empty() {
            return (out.to_vec(), false);
        }
        let explained = self.refusal.as_ref().is_some_and(|refusal| !refusal.text.is_empty());
        let flags = NLM_F_MULTI | if explained { NLM_F_ACK_TLVS } else { 0 };
        begin(&mut out, NLMSG_DONE, flags, self.seq, self.port);
        let errno = self.refusal.as_ref().map_or(0, |refusal| refusal.errno.wrapping_neg());
        out.extend_from_slice(&errno.to_ne_bytes());
        if let Some(refusal) = &self.refusal {
            explain(refusal, &mut out);
        }
        end(&mut out, 0);
        (out.to_vec(), true)
    }

    /// Writes as many objects as fit.
    fn fill(&mut self, state: &State, out: &mut BytesMut) {
        let Some(family) = state.family(self.family) else { return };
        let view = MessageView {
            message_type: family.get_type.unwrap_or_default(),
            flags: NLM_F_REQUEST | NLM_F_DUMP,
            seq: self.seq,
            port: self.port,
            body: &self.request,
        };
        let request = Message::new(view, self.header_len);
        let mut last = self.last.take();
        for object in state.store.after(self.family, last.clone().as_ref()) {
            if family.rules.admits(state, &request, object) {
                let start = out.len();
                begin(out, self.message_type, family.rules.dump_flags(), self.seq, self.port);
                family.rules.render(state, object, out);
                end(out, start);
                if out.len() > DUMP_MAX && start > 0 {
                    out.truncate(start);
                    break;
                }
            }
            last = Some(object.identity.clone());
        }
        self.last = last;
    }
}
