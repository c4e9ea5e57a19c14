//! The handle with which a test looks at a simulated kernel and meddles with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::BytesMut;

use super::family::Family;
use super::faults::{Faults, RefusalId};
use super::link;
use super::message::{AttributeWalk, Refusal};
use super::rules::Notices;
use super::state::State;
use super::store::{Object, Slot};
use crate::wire::{MessageView, Messages};

/// A simulated kernel seen from outside: what it holds, what it was asked, and a hand to meddle with it.
///
/// Clones are handles to the same kernel. What is done here is done behind the back of its users: nobody
/// is told, as nobody listens to notifications of the simulated kernel.
///
/// Families are named by the message type that creates their objects: `RTM_NEWLINK`, `RTM_NEWROUTE`.
#[derive(Clone, Debug)]
pub struct World {
    state: Arc<Mutex<State>>,
}

impl World {
    pub(super) fn new() -> Self {
        World { state: Arc::new(Mutex::new(State::new())) }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The objects of a family, in the order of a dump.
    #[must_use]
    pub fn objects(&self, new_type: u16) -> Vec<Held> {
        let state = self.lock();
        let Some(family) = state.family_of(new_type) else { return Vec::new() };
        state.store.with_prefix(family, &[]).filter_map(|(slot, _)| held(&state, slot)).collect()
    }

    /// How many objects of a family there are.
    #[must_use]
    pub fn count(&self, new_type: u16) -> usize {
        let state = self.lock();
        state.family_of(new_type).map_or(0, |family| state.store.count(family))
    }

    /// The object of a family that others refer to by that number: the link of an ifindex, the nexthop of an id.
    #[must_use]
    pub fn object(&self, new_type: u16, index: u32) -> Option<Held> {
        let state = self.lock();
        let family = state.family_of(new_type)?;
        held(&state, state.store.find_index(family, index)?)
    }

    /// The index of a link.
    #[must_use]
    pub fn link_index(&self, name: &str) -> Option<u32> {
        self.lock().links.by_name(name)
    }

    /// Removes the first object of a family that `wanted` accepts, and all that goes with it. Says whether there was one.
    pub fn remove(&self, new_type: u16, wanted: impl FnMut(&Held) -> bool) -> bool {
        self.remove_at_most(1, new_type, wanted) > 0
    }

    /// Removes every object of a family that `wanted` accepts, and all that goes with them. Says how many it
    /// accepted.
    pub fn remove_all(&self, new_type: u16, wanted: impl FnMut(&Held) -> bool) -> usize {
        self.remove_at_most(usize::MAX, new_type, wanted)
    }

    fn remove_at_most(&self, limit: usize, new_type: u16, mut wanted: impl FnMut(&Held) -> bool) -> usize {
        let mut state = self.lock();
        let Some(family) = state.family_of(new_type) else { return 0 };
        let targets: Vec<Slot> = state
            .store
            .with_prefix(family, &[])
            .map(|(slot, _)| slot)
            .filter(|slot| held(&state, *slot).is_some_and(|held| wanted(&held)))
            .take(limit)
            .collect();
        for slot in &targets {
            state.remove(*slot);
        }
        targets.len()
    }

    /// Removes a link and all that goes with it. Says whether there was one.
    pub fn remove_link(&self, name: &str) -> bool {
        let mut state = self.lock();
        let slot = state.links.by_name(name).and_then(|index| link::slot(&state, index));
        slot.is_some_and(|slot| {
            state.remove(slot);
            true
        })
    }

    /// Gives a link a carrier or takes it away, whatever the links around it say; `None` leaves it to them
    /// again. Says whether there is such a link.
    pub fn set_carrier(&self, name: &str, carrier: Option<bool>) -> bool {
        let mut state = self.lock();
        let Some(index) = state.links.by_name(name) else { return false };
        link::set_carrier(&mut state, index, carrier);
        true
    }

    /// Carries out requests of somebody else: `messages` is what another program would send.
    ///
    /// Faults don't strike here, and nothing is logged or counted.
    ///
    /// # Errors
    /// Why the first message that was refused was refused; those behind it were still carried out.
    pub fn inject(&self, messages: &[u8]) -> Result<(), Refusal> {
        let mut state = self.lock();
        let mut outcome = Ok(());
        for view in Messages::new(messages) {
            let Ok(view) = view else { break };
            let message = super::message::Message::new(view, 0);
            let done = state.carry_out(view, &mut Notices::of(&message));
            outcome = outcome.and(done);
        }
        outcome
    }

    /// Teaches the kernel a family of objects. Message types that another family had are taken from it.
    pub fn add_family(&self, family: Family) {
        self.lock().add_family(family);
    }

    /// Lets links be of another kind than veth, bridge and vxlan: one that always has a carrier and keeps its
    /// data as given, such as `dummy`.
    pub fn add_link_kind(&self, kind: &str) {
        self.lock().links.add_kind(kind);
    }

    /// How many requests of a message type were taken, the refused ones included.
    #[must_use]
    pub fn requests(&self, message_type: u16) -> u64 {
        self.lock().seen.get(&message_type).copied().unwrap_or(0)
    }

    /// How many requests were taken in all, the refused ones included.
    #[must_use]
    pub fn requests_in_all(&self) -> u64 {
        self.lock().seen.values().sum()
    }

    /// Keeps the latest `limit` requests from now on. The start is 0: none.
    pub fn log(&self, limit: usize) {
        let mut state = self.lock();
        state.log_limit = limit;
        while state.log.len() > limit {
            state.log.pop_front();
        }
    }

    /// Takes the log: the latest requests, the oldest first.
    #[must_use]
    pub fn take_log(&self) -> Vec<Logged> {
        self.lock().log.drain(..).collect()
    }

    /// Sets the faults that happen by chance. Chance starts again from their seed.
    pub fn set_faults(&self, faults: Faults) {
        self.lock().chance.set(faults);
    }

    /// Refuses the next request of a message type.
    pub fn refuse_next(&self, message_type: u16, refusal: Refusal) -> RefusalId {
        self.lock().chance.order(message_type, refusal, None)
    }

    /// Refuses every request of a message type that `wanted` accepts, until
    /// [`stop_refusing`](Self::stop_refusing).
    ///
    /// `wanted` must not call this world.
    pub fn refuse_while(
        &self,
        message_type: u16,
        refusal: Refusal,
        wanted: impl FnMut(&MessageView<'_>) -> bool + Send + 'static,
    ) -> RefusalId {
        self.lock().chance.order(message_type, refusal, Some(Box::new(wanted)))
    }

    /// Ends an ordered refusal.
    pub fn stop_refusing(&self, id: RefusalId) {
        self.lock().chance.cancel(id);
    }

    /// Holds all answers back until [`release`](Self::release). Requests are carried out.
    pub fn hold(&self) {
        self.lock().holding = true;
    }

    /// Lets go of all answers that are held back or delayed.
    pub fn release(&self) {
        let mut state = self.lock();
        state.holding = false;
        state.releases += 1;
    }
}

/// Copies an object.
fn held(state: &State, slot: Slot) -> Option<Held> {
    let object: &Object = state.store.get(slot)?;
    let family = state.family(object.family)?;
    let mut body = BytesMut::new();
    state.render(slot, &mut body);
    Some(Held {
        new_type: family.new_type,
        family: family.name,
        header_len: family.header_len,
        index: (object.index != 0).then_some(object.index),
        identity: object.identity.as_bytes().to_vec(),
        body: body.to_vec(),
    })
}

/// An object that a simulated kernel held when it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The message type that creates objects of its family.
    pub new_type: u16,
    /// The name of its family.
    pub family: &'static str,
    /// The number that others refer to it by, if it has one.
    pub index: Option<u32>,
    /// What tells it from others of its family. Opaque, but stable as long as the object lives.
    pub identity: Vec<u8>,
    header_len: usize,
    body: Vec<u8>,
}

impl Held {
    /// Fixed header and attributes, as a dump shows them.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The fixed header.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        self.body.get(..self.header_len).unwrap_or(&self.body)
    }

    /// Number and payload of every attribute, in the order of a dump.
    pub fn attributes(&self) -> impl Iterator<Item = (u16, &[u8])> {
        AttributeWalk::new(&self.body, self.header_len.next_multiple_of(4))
            .map(|attribute| (attribute.nla, attribute.payload))
    }

    /// The payload of an attribute.
    #[must_use]
    pub fn attribute(&self, nla: u16) -> Option<&[u8]> {
        self.attributes().find(|(number, _)| *number == nla).map(|(_, payload)| payload)
    }

    /// The object as the message that a dump has about it: what a kind's parser reads.
    #[must_use]
    pub fn message(&self) -> MessageView<'_> {
        MessageView { message_type: self.new_type, flags: 0, seq: 0, port: 0, body: &self.body }
    }
}

/// A request that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The whole message, its `nlmsghdr` included.
    pub bytes: Vec<u8>,
    /// What it was answered, or would have been: 0 if it was carried out, else an errno (errno.h), positive.
    pub errno: i32,
}

impl Logged {
    /// The message. There always is one: only whole messages are logged.
    #[must_use]
    pub fn message(&self) -> Option<MessageView<'_>> {
        Messages::new(&self.bytes).next()?.ok()
    }
}
