//! The manners of families that users teach: identity, index and references, nothing more.

use bytes::BytesMut;
use nix::errno::Errno;

use super::family::{Family, Part};
use super::identity::Identity;
use super::message::{Message, Refusal, refuse};
use super::rules::{Notices, Rules};
use super::state::State;
use super::store::{FamilyId, Object, Slot};
use crate::wire::Attributes;
use crate::wire::rtnetlink::{NLM_F_CREATE, NLM_F_EXCL};

/// See [`Family`].
#[derive(Debug)]
pub(super) struct Generic;

impl Rules for Generic {
    fn create(
        &self,
        state: &mut State,
        id: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let family = state.family(id).ok_or(Errno::EOPNOTSUPP)?.clone();
        if message.view().body.len() < family.header_len {
            return Err(refuse(Errno::EINVAL, "Invalid header length"));
        }
        let references = references(state, &family, message)?;
        let there = existing(state, id, &family, message);
        if there.is_some() && message.has(NLM_F_EXCL) {
            return Err(Errno::EEXIST.into());
        }
        if there.is_none() && !message.has(NLM_F_CREATE) {
            return Err(Errno::ENOENT.into());
        }
        let asked = family.index.as_ref().map_or(0, |part| part.number(message));
        let index = match (there.and_then(|slot| state.store.get(slot)), &family.index) {
            (Some(object), _) => object.index,
            (None, None) => 0,
            (None, Some(_)) if asked != 0 => asked,
            (None, Some(_)) => state.store.free_index(id, 1),
        };
        let body = body(&family, message, index);
        let slot = match there {
            Some(slot) => {
                state.store.replace(slot, &body, references);
                slot
            }
            None => state.store.insert(Object {
                family: id,
                identity: Identity::new(&identity(&family, message, index)),
                index,
                body: body.into(),
                references,
            }),
        };
        notices.tell(state, slot, family.new_type, 0);
        Ok(())
    }

    fn delete(
        &self,
        state: &mut State,
        id: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let slot = self.find(state, id, message)?;
        let del_type = state.family(id).ok_or(Errno::EOPNOTSUPP)?.del_type;
        notices.tell(state, slot, del_type, 0);
        state.remove(slot);
        Ok(())
    }

    fn find(&self, state: &State, id: FamilyId, message: &Message<'_>) -> Result<Slot, Refusal> {
        let family = state.family(id).ok_or(Errno::EOPNOTSUPP)?;
        existing(state, id, family, message).ok_or_else(|| Errno::ENOENT.into())
    }
}

/// The object that the message is about.
fn existing(state: &State, id: FamilyId, family: &Family, message: &Message<'_>) -> Option<Slot> {
    let index = family.index.as_ref().map_or(0, |part| part.number(message));
    if index != 0 {
        return state.store.find_index(id, index);
    }
    if family.index.is_some() && family.key.is_empty() {
        return None;
    }
    state.store.find(id, &identity(family, message, index))
}

/// Each part with its length in front, so that no two identities run together.
fn identity(family: &Family, message: &Message<'_>, index: u32) -> Vec<u8> {
    if family.key.is_empty() {
        return index.to_be_bytes().to_vec();
    }
    let mut identity = Vec::new();
    for part in &family.key {
        let bytes = part.of(message).unwrap_or_default();
        identity.extend_from_slice(&u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes());
        identity.extend_from_slice(bytes);
    }
    identity
}

fn references(state: &State, family: &Family, message: &Message<'_>) -> Result<Vec<Slot>, Refusal> {
    let mut slots = Vec::new();
    for reference in &family.references {
        let number = reference.part.number(message);
        if number == 0 {
            continue;
        }
        let target = state
            .family_of(reference.new_type)
            .and_then(|target| state.store.find_index(target, number))
            .ok_or_else(|| reference.missing())?;
        if !slots.contains(&target) {
            slots.push(target);
        }
    }
    Ok(slots)
}

/// The message's body, with the index that the kernel took.
fn body(family: &Family, message: &Message<'_>, index: u32) -> Vec<u8> {
    let mut body = message.header_bytes();
    body.resize(family.header_len.next_multiple_of(4), 0);
    if let Some(Part::Header(range)) = &family.index
        && let Some(bytes) = body.get_mut(range.clone()).filter(|bytes| bytes.len() == 4)
    {
        bytes.copy_from_slice(&index.to_ne_bytes());
    }
    let mut body = BytesMut::from(body.as_slice());
    let mut attributes = Attributes::new(&mut body);
    let index_nla = match &family.index {
        Some(Part::Attribute(nla)) => Some(*nla),
        _ => None,
    };
    if let Some(nla) = index_nla {
        attributes.put(nla, &index);
    }
    for attribute in message.attributes().filter(|attribute| Some(attribute.nla) != index_nla) {
        attributes.put_bytes(attribute.nla, attribute.payload);
    }
    body.to_vec()
}
