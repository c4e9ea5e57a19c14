//! Neighbours, and forwarding entries of bridges and vxlans.

use bytes::BytesMut;
use nix::errno::Errno;

use super::identity::Identity;
use super::link;
use super::message::{Message, Refusal, refuse};
use super::rules::{Notices, Rules};
use super::state::State;
use super::store::{FamilyId, Object, Slot};
use crate::wire::rtnetlink::*;
use crate::wire::{Attributes, FixedHeader};

/// Length of an Ethernet address.
const ETHERNET: usize = 6;

/// The manners of neighbours. They are never echoed.
#[derive(Debug)]
pub(super) struct Neighbours;

impl Rules for Neighbours {
    fn create(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        _: &mut Notices,
    ) -> Result<(), Refusal> {
        let (header, identity) = identity(state, message)?;
        let link = link::slot(state, header.ndm_ifindex.unsigned_abs()).ok_or(Errno::ENODEV)?;
        let address = message.attribute(NDA_LLADDR);
        if header.ndm_family != AF_BRIDGE {
            let known = NUD_PERMANENT | NUD_NOARP | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE;
            match address {
                Some(address) if address.len() < ETHERNET => {
                    return Err(refuse(Errno::EINVAL, "Invalid link address"));
                }
                None if header.ndm_state & known != 0 && header.ndm_flags & NTF_PROXY == 0 => {
                    return Err(refuse(Errno::EINVAL, "No link layer address given"));
                }
                _ => {}
            }
        }
        let there = state.store.find(family, &identity);
        match there {
            Some(_) if message.has(NLM_F_EXCL) => Err(Errno::EEXIST.into()),
            None if !message.has(NLM_F_CREATE) => Err(Errno::ENOENT.into()),
            // It is there: answered with OK, and left as it is.
            Some(_) if !message.has(NLM_F_REPLACE) => Ok(()),
            Some(slot) => {
                state.store.replace(slot, &body(&header, message), vec![link]);
                Ok(())
            }
            None => {
                state.store.insert(Object {
                    family,
                    identity: Identity::new(&identity),
                    index: 0,
                    body: body(&header, message)[..].into(),
                    references: vec![link],
                });
                Ok(())
            }
        }
    }

    fn delete(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        _: &mut Notices,
    ) -> Result<(), Refusal> {
        let (_, identity) = identity(state, message)?;
        let slot = state.store.find(family, &identity).ok_or(Errno::ENOENT)?;
        state.remove(slot);
        Ok(())
    }

    fn find(&self, state: &State, family: FamilyId, message: &Message<'_>) -> Result<Slot, Refusal> {
        let (_, identity) = identity(state, message)?;
        let missing = || refuse(Errno::ENOENT, "Neighbour entry not found");
        state.store.find(family, &identity).ok_or_else(missing)
    }

    fn admits(&self, state: &State, request: &Message<'_>, object: &Object) -> bool {
        let wanted: NeighbourHeader = request.header().unwrap_or_default();
        let shown = NeighbourHeader::parse(&object.body).unwrap_or_default();
        let index = shown.ndm_ifindex.unsigned_abs();
        let family = match wanted.ndm_family {
            AF_UNSPEC => shown.ndm_family != AF_BRIDGE,
            family => shown.ndm_family == family,
        };
        let master = state.links.get(index).and_then(|link| link.master);
        family
            && (wanted.ndm_ifindex == 0 || wanted.ndm_ifindex == shown.ndm_ifindex)
            && request.u32(NDA_IFINDEX).is_none_or(|wanted| wanted == index)
            && request.u32(NDA_MASTER).is_none_or(|wanted| Some(wanted) == master)
    }
}

/// What tells neighbours apart: family, link and address; forwarding entries: link, hardware address,
/// VLAN and remote end.
fn identity(state: &State, message: &Message<'_>) -> Result<(NeighbourHeader, Vec<u8>), Refusal> {
    let header: NeighbourHeader = message.header()?;
    let bridge = header.ndm_family == AF_BRIDGE;
    let len = match header.ndm_family {
        AF_INET => 4,
        AF_INET6 => 16,
        AF_BRIDGE => ETHERNET,
        _ => return Err(Errno::EAFNOSUPPORT.into()),
    };
    let text = |neighbour, forwarding| if bridge { forwarding } else { neighbour };
    let address = message.attribute(if bridge { NDA_LLADDR } else { NDA_DST });
    if address.is_none() && !bridge {
        return Err(refuse(Errno::EINVAL, "Network address not specified"));
    }
    if header.ndm_ifindex == 0 {
        return Err(refuse(Errno::EINVAL, text("Device not specified", "invalid ifindex")));
    }
    if state.links.get(header.ndm_ifindex.unsigned_abs()).is_none() {
        return Err(refuse(Errno::ENODEV, text("", "unknown ifindex")));
    }
    let Some(address) = address.filter(|address| address.len() >= len) else {
        return Err(refuse(Errno::EINVAL, text("Invalid network address", "invalid address")));
    };
    let mut identity = vec![header.ndm_family];
    identity.extend_from_slice(&header.ndm_ifindex.to_be_bytes());
    identity.extend_from_slice(address.get(..len).unwrap_or_default());
    if bridge {
        identity.extend_from_slice(message.attribute(NDA_VLAN).unwrap_or(&[0, 0]));
        identity.extend_from_slice(message.attribute(NDA_DST).unwrap_or_default());
    } else {
        identity.push(header.ndm_flags & NTF_PROXY);
    }
    Ok((header, identity))
}

fn body(header: &NeighbourHeader, message: &Message<'_>) -> BytesMut {
    let mut out = BytesMut::zeroed(NeighbourHeader::LEN);
    // RTN_UNICAST, as dumps have it.
    let ndm_type = if header.ndm_family == AF_BRIDGE { header.ndm_type } else { RTN_UNICAST };
    NeighbourHeader { ndm_type, ..*header }.emit(&mut out);
    let mut attributes = Attributes::new(&mut out);
    for attribute in message.attributes() {
        attributes.put_bytes(attribute.nla, attribute.payload);
    }
    out
}
