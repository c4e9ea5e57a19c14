//! What a family of objects must answer to the kernel's questions.

use std::fmt::Debug;

use bytes::BytesMut;
use nix::errno::Errno;

use super::message::{Message, Refusal};
use super::state::State;
use super::store::{FamilyId, Object, Slot};
use crate::wire::rtnetlink::{NLM_F_ECHO, NLM_F_MULTI};

/// The manners of one family.
pub(super) trait Rules: Debug + Sync {
    /// Carries out a request to create or change.
    fn create(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal>;

    /// Carries out a request to delete.
    fn delete(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal>;

    /// Finds the object that a request wants to read.
    fn find(&self, _: &State, _: FamilyId, _: &Message<'_>) -> Result<Slot, Refusal> {
        Err(Errno::EOPNOTSUPP.into())
    }

    /// Says whether a dump is possible at all.
    fn dumps(&self, _: &State, _: &Message<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    /// Whether a dump that `request` asked for shows the object.
    fn admits(&self, _: &State, _request: &Message<'_>, _: &Object) -> bool {
        true
    }

    /// The flags of the messages of a dump.
    fn dump_flags(&self) -> u16 {
        NLM_F_MULTI
    }

    /// Writes the object as the kernel shows it.
    fn render(&self, _: &State, object: &Object, out: &mut BytesMut) {
        out.extend_from_slice(&object.body);
    }

    /// `target` is about to disappear, and `user`, an object of this family, refers to it.
    fn lost(&self, _: &mut State, _user: Slot, _target: Slot) -> Loss {
        Loss::Gone
    }

    /// An object of this family is gone. What has to go with it is put on `queue`.
    fn removed(&self, _: &mut State, _: &Object, _queue: &mut Vec<Slot>) {}
}

/// What becomes of an object whose reference's target disappears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// It disappears too.
    Gone,
    /// It stays, without the reference.
    Stays,
}

/// The echoes of one request (`NLM_F_ECHO`).
#[derive(Debug)]
pub(super) struct Notices {
    wanted: bool,
    pub(super) messages: Vec<Notice>,
}

/// One message about an object.
#[derive(Debug)]
pub(super) struct Notice {
    pub(super) message_type: u16,
    pub(super) flags: u16,
    pub(super) body: BytesMut,
}

impl Notices {
    pub(super) fn of(message: &Message<'_>) -> Self {
        Notices { wanted: message.has(NLM_F_ECHO), messages: Vec::new() }
    }

    /// Tells of an object, if anybody wants to know.
    pub(super) fn tell(&mut self, state: &State, slot: Slot, message_type: u16, flags: u16) {
        if self.wanted {
            let mut body = BytesMut::new();
            state.render(slot, &mut body);
            self.messages.push(Notice { message_type, flags, body });
        }
    }
}
