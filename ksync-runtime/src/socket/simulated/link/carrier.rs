//! Who has a carrier, and what disappears when it, or the link, goes down.

use super::super::state::{ADDRESS, LINK, NEIGHBOUR, NEXTHOP, ROUTE, State};
use super::super::store::{FamilyId, Object, Slot};
use super::held::publish;
use crate::wire::rtnetlink::AF_INET6;

/// Works out the carriers around a link that changed, and lets dumps show it.
pub(in super::super) fn settle(state: &mut State, index: u32) {
    let peer = state.links.get(index).and_then(|link| link.peer);
    for end in std::iter::once(index).chain(peer) {
        // The ends of a veth have a carrier while both are up.
        let Some(link) = state.links.get(end) else { continue };
        if link.kind == "veth" {
            let carrier = link.is_up()
                && link.peer.and_then(|peer| state.links.get(peer)).is_some_and(|peer| peer.is_up());
            change_carrier(state, end, carrier);
        } else {
            publish(state, end);
        }
        if let Some(master) = state.links.get(end).and_then(|link| link.master) {
            ports_changed(state, master);
        }
    }
}

/// A bridge has a carrier while one of its ports runs. One that never had a port has a carrier too: the
/// kernel looks only when something happens to a port.
pub(super) fn ports_changed(state: &mut State, bridge: u32) {
    let Some(slot) = state.links.get(bridge).map(|link| link.slot) else { return };
    let carrier = state.store.users(slot).into_iter().any(|user| {
        state
            .store
            .get(user)
            .filter(|object| object.family == LINK)
            .and_then(|object| state.links.get(object.index))
            .is_some_and(|port| port.master == Some(bridge) && port.runs())
    });
    change_carrier(state, bridge, carrier);
}

fn change_carrier(state: &mut State, index: u32, carrier: bool) {
    let Some(link) = state.links.get_mut(index) else { return };
    let ran = link.runs();
    let had = std::mem::replace(&mut link.carrier, carrier);
    let stopped = (ran || had) && !link.runs();
    publish(state, index);
    if stopped {
        flush(state, index, |object| object.family == NEXTHOP);
    }
}

/// Sets what a test says about the carrier; `None` leaves it to the links around.
pub(in super::super) fn set_carrier(state: &mut State, index: u32, forced: Option<bool>) {
    let Some(link) = state.links.get_mut(index) else { return };
    let ran = link.runs();
    link.forced = forced;
    let stopped = ran && !link.runs();
    settle(state, index);
    if stopped {
        flush(state, index, |object| object.family == NEXTHOP);
    }
}

/// The link was set down: all that needs it up goes. IPv4 addresses stay.
pub(super) fn went_down(state: &mut State, index: u32) {
    let family_of = |object: &Object| object.body.first().copied();
    flush(state, index, |object| {
        const WHOLE: [FamilyId; 3] = [NEXTHOP, ROUTE, NEIGHBOUR];
        WHOLE.contains(&object.family) || (object.family == ADDRESS && family_of(object) == Some(AF_INET6))
    });
}

/// Removes what refers to the link and is accepted by `goes`.
fn flush(state: &mut State, index: u32, goes: impl Fn(&Object) -> bool) {
    let Some(slot) = state.links.get(index).map(|link| link.slot) else { return };
    let users: Vec<Slot> = state.store.users(slot);
    for user in users {
        if state.store.get(user).is_some_and(&goes) {
            state.remove(user);
        }
    }
}
