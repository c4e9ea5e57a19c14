//! What the simulated kernel holds, and how a request meets the family that it is for.
//!
//! Knows no connections: who asked, and how the answer travels, is not its business.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::BytesMut;
use nix::errno::Errno;

use super::address::Addresses;
use super::family::Family;
use super::faults::{Chance, Faults};
use super::link::{LinkRules, Links};
use super::message::{Message, Refusal};
use super::neighbour::Neighbours;
use super::nexthop::Nexthops;
use super::route::Routes;
use super::rule::RuleRules;
use super::rules::{Loss, Notices};
use super::store::{FamilyId, Slot, Store};
use super::world::Logged;
use crate::wire::rtnetlink::*;
use crate::wire::{FixedHeader, MessageView};

pub(super) const LINK: FamilyId = FamilyId(0);
pub(super) const ADDRESS: FamilyId = FamilyId(1);
pub(super) const NEXTHOP: FamilyId = FamilyId(2);
pub(super) const ROUTE: FamilyId = FamilyId(3);
pub(super) const NEIGHBOUR: FamilyId = FamilyId(4);
pub(super) const RULE: FamilyId = FamilyId(5);

/// What a message type does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Create,
    Delete,
    Get,
}

/// All that one simulated kernel holds.
#[derive(Debug)]
pub(super) struct State {
    pub(super) store: Store,
    pub(super) links: Links,
    /// The routing tables that exist: (address family, number).
    pub(super) tables: BTreeSet<(u8, u32)>,
    pub(super) chance: Chance,
    /// Requests seen, by message type.
    pub(super) seen: BTreeMap<u16, u64>,
    /// The latest requests, the oldest first.
    pub(super) log: VecDeque<Logged>,
    /// How many requests the log keeps.
    pub(super) log_limit: usize,
    /// Answers stay in the connections.
    pub(super) holding: bool,
    /// How often delayed answers were let go.
    pub(super) releases: u64,
    /// Bodies are put together here, to allocate them at their final size.
    pub(super) scratch: BytesMut,
    families: Vec<Family>,
    /// Message type → family, and what the message does.
    types: BTreeMap<u16, (FamilyId, Purpose)>,
    next_port: u32,
}

impl State {
    /// A kernel as it starts: a loopback device that is down, and the default rules.
    pub(super) fn new() -> Self {
        let mut state = State {
            store: Store::default(),
            links: Links::default(),
            tables: BTreeSet::from([(AF_INET, RT_TABLE_MAIN), (AF_INET, RT_TABLE_LOCAL)]),
            chance: Chance::new(Faults::default()),
            seen: BTreeMap::new(),
            log: VecDeque::new(),
            log_limit: 0,
            holding: false,
            releases: 0,
            scratch: BytesMut::new(),
            families: Vec::new(),
            types: BTreeMap::new(),
            next_port: 0,
        };
        state.tables.extend([(AF_INET6, RT_TABLE_MAIN), (AF_INET6, RT_TABLE_LOCAL)]);
        // In the order of the constants above.
        for family in [
            Family::own("link", [RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK], LinkHeader::LEN, &LinkRules),
            Family::own("address", [RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR], AddressHeader::LEN, &Addresses),
            Family::own(
                "nexthop",
                [RTM_NEWNEXTHOP, RTM_DELNEXTHOP, RTM_GETNEXTHOP],
                NexthopHeader::LEN,
                &Nexthops,
            ),
            Family::own("route", [RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE], RouteHeader::LEN, &Routes),
            Family::own(
                "neighbour",
                [RTM_NEWNEIGH, RTM_DELNEIGH, RTM_GETNEIGH],
                NeighbourHeader::LEN,
                &Neighbours,
            ),
            Family::own("rule", [RTM_NEWRULE, RTM_DELRULE, RTM_GETRULE], RuleHeader::LEN, &RuleRules),
        ] {
            state.add_family(family);
        }
        state.types.insert(RTM_SETLINK, (LINK, Purpose::Create));
        super::link::add_loopback(&mut state);
        super::rule::add_defaults(&mut state);
        state
    }

    /// Teaches a family. Its message types are its own from now on.
    pub(super) fn add_family(&mut self, family: Family) {
        let Ok(id) = u16::try_from(self.families.len()).map(FamilyId) else { return };
        self.types.insert(family.new_type, (id, Purpose::Create));
        self.types.insert(family.del_type, (id, Purpose::Delete));
        if let Some(get_type) = family.get_type {
            self.types.insert(get_type, (id, Purpose::Get));
        }
        self.families.push(family);
    }

    pub(super) fn family(&self, id: FamilyId) -> Option<&Family> {
        self.families.get(usize::from(id.0))
    }

    /// The family whose objects messages of that type create.
    pub(super) fn family_of(&self, new_type: u16) -> Option<FamilyId> {
        self.types.get(&new_type).map(|(id, _)| *id)
    }

    /// The family that a message is for, what the message does, and the message with its header known.
    pub(super) fn open<'a>(&self, view: MessageView<'a>) -> Option<(FamilyId, Purpose, Message<'a>)> {
        let (id, purpose) = *self.types.get(&view.message_type)?;
        let family = self.family(id)?;
        Some((id, purpose, Message::new(view, family.header_len)))
    }

    /// Carries out a request that is no dump. What it tells of objects is in `notices`, also if it fails.
    pub(super) fn carry_out(&mut self, view: MessageView<'_>, notices: &mut Notices) -> Result<(), Refusal> {
        let (id, purpose, message) = self.open(view).ok_or(Errno::EOPNOTSUPP)?;
        let (rules, new_type) =
            self.family(id).map(|family| (family.rules, family.new_type)).ok_or(Errno::EOPNOTSUPP)?;
        match purpose {
            Purpose::Create => rules.create(self, id, &message, notices),
            Purpose::Delete => rules.delete(self, id, &message, notices),
            Purpose::Get => {
                let slot = rules.find(self, id, &message)?;
                let mut body = BytesMut::new();
                self.render(slot, &mut body);
                notices.messages.push(super::rules::Notice { message_type: new_type, flags: 0, body });
                Ok(())
            }
        }
    }

    /// Writes an object as the kernel shows it.
    pub(super) fn render(&self, slot: Slot, out: &mut BytesMut) {
        if let Some(object) = self.store.get(slot)
            && let Some(family) = self.family(object.family)
        {
            family.rules.render(self, object, out);
        }
    }

    /// Removes an object and what depends on it, without a word to anybody.
    pub(super) fn remove(&mut self, first: Slot) {
        let mut queue = vec![first];
        while let Some(slot) = queue.pop() {
            if self.store.get(slot).is_none() {
                continue;
            }
            for user in self.store.users(slot) {
                let Some(family) = self.store.get(user).and_then(|object| self.family(object.family)) else {
                    continue;
                };
                let loss = family.rules.lost(self, user, slot);
                self.store.forget(user, slot);
                if loss == Loss::Gone {
                    queue.push(user);
                }
            }
            let Some(object) = self.store.remove(slot) else { continue };
            let Some(family) = self.family(object.family) else { continue };
            family.rules.removed(self, &object, &mut queue);
        }
    }

    /// A port id for the next connection.
    pub(super) fn port(&mut self) -> u32 {
        self.next_port = self.next_port.wrapping_add(1).max(1);
        self.next_port
    }
}
