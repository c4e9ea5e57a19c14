//! Routes: where they are put, found and taken from. How a request is read, and what a new route needs, stands in
//! `route/asked.rs`; what tells routes apart in `route/key.rs`.

mod asked;
mod key;

use bytes::BytesMut;
use nix::errno::Errno;

use super::identity::Identity;
use super::message::{Message, Refusal, attribute_in, refuse, u32_of};
use super::nexthop;
use super::rules::{Notices, Rules};
use super::state::{ROUTE, State};
use super::store::{FamilyId, Object, Slot};
use crate::wire::rtnetlink::*;
use crate::wire::{Attributes, FixedHeader};
use asked::Asked;
use key::Key;

/// The loopback device, where routes to nowhere lead.
const LOOPBACK: u32 = 1;

const TABLE_MISSING: &str = "FIB table does not exist";

/// The manners of routes.
#[derive(Debug)]
pub(super) struct Routes;

impl Rules for Routes {
    fn create(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let asked = Asked::of(message)?;
        let path = asked.path(state)?;
        state.tables.insert((asked.header.rtm_family, asked.table));
        let mut body = std::mem::take(&mut state.scratch);
        body.clear();
        asked.write(&path, &mut body);
        let outcome = match asked.header.rtm_family {
            AF_INET => insert_ipv4(state, family, message, &asked, &body, path.references),
            _ => insert_ipv6(state, family, message, &asked, &body, path.references),
        };
        state.scratch = body;
        if let Some((slot, flags)) = outcome? {
            notices.tell(state, slot, RTM_NEWROUTE, flags);
        }
        Ok(())
    }

    fn delete(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let asked = Asked::of(message)?;
        let ipv4 = asked.header.rtm_family == AF_INET;
        if ipv4 && asked.nexthop_id().is_some() {
            asked.nexthop(state)?;
        }
        if !state.tables.contains(&(asked.header.rtm_family, asked.table)) {
            return Err(refuse(Errno::ESRCH, TABLE_MISSING));
        }
        asked.check_prefix()?;
        let key = asked.key();
        let prefix = if ipv4 { key.up_to_tos() } else { key.up_to_length() };
        let found = state.store.with_prefix(family, prefix).find(|(_, object)| asked.matches(object));
        let slot = found.map(|(slot, _)| slot).ok_or(Errno::ESRCH)?;
        notices.tell(state, slot, RTM_DELROUTE, 0);
        state.remove(slot);
        Ok(())
    }

    /// The route that a packet to the destination takes, by the main table.
    fn find(&self, state: &State, _: FamilyId, message: &Message<'_>) -> Result<Slot, Refusal> {
        let asked = Asked::of(message)?;
        let towards = longest(state, asked.header.rtm_family, asked.destination(), |_| true);
        Ok(towards.ok_or(Errno::ENETUNREACH)?)
    }

    fn dumps(&self, state: &State, request: &Message<'_>) -> Result<(), Refusal> {
        let header: RouteHeader = request.header().unwrap_or_default();
        let table = table_of(&header, request.u32(RTA_TABLE));
        if header.rtm_family == AF_UNSPEC || table == 0 || state.tables.contains(&(header.rtm_family, table))
        {
            return Ok(());
        }
        let text = if header.rtm_family == AF_INET {
            "ipv4: FIB table does not exist"
        } else {
            "ipv6: FIB table does not exist"
        };
        Err(refuse(Errno::ENOENT, text))
    }

    fn admits(&self, state: &State, request: &Message<'_>, object: &Object) -> bool {
        let wanted: RouteHeader = request.header().unwrap_or_default();
        let shown = RouteHeader::parse(&object.body).unwrap_or_default();
        let table = table_of(&wanted, request.u32(RTA_TABLE));
        let agrees = |wanted: u8, shown: u8| wanted == 0 || wanted == shown;
        agrees(wanted.rtm_family, shown.rtm_family)
            && agrees(wanted.rtm_protocol, shown.rtm_protocol)
            && agrees(wanted.rtm_type, shown.rtm_type)
            && (table == 0 || attribute(object, RTA_TABLE).and_then(u32_of) == Some(table))
            && request.u32(RTA_OIF).is_none_or(|oif| oif == 0 || Some(oif) == oif_of(state, object))
    }

    fn dump_flags(&self) -> u16 {
        NLM_F_MULTI | NLM_F_DUMP_FILTERED
    }

    /// A route through a nexthop object shows where that one goes now.
    fn render(&self, state: &State, object: &Object, out: &mut BytesMut) {
        out.extend_from_slice(&object.body);
        let header = RouteHeader::parse(&object.body).unwrap_or_default();
        // A route that names its link itself stays when the carrier goes, and says so.
        let link = attribute(object, RTA_OIF).and_then(u32_of).and_then(|oif| state.links.get(oif));
        if link.is_some_and(|link| !link.runs()) {
            let flags = (header.rtm_flags | RTNH_F_LINKDOWN).to_ne_bytes();
            let start = out.len() - object.body.len();
            if let Some(room) = out.get_mut(start + RouteHeader::LEN - flags.len()..start + RouteHeader::LEN)
            {
                room.copy_from_slice(&flags);
            }
        }
        let (family, ipv4) = (header.rtm_family, header.rtm_family == AF_INET);
        let mut attributes = Attributes::new(out);
        let nowhere = matches!(header.rtm_type, RTN_BLACKHOLE | RTN_UNREACHABLE | RTN_PROHIBIT | RTN_THROW);
        if nowhere && (!ipv4 || attribute(object, RTA_NH_ID).is_some()) {
            attributes.put(RTA_OIF, &LOOPBACK);
        }
        if let Some(body) = nexthop_of(state, object)
            && let Some(oif) = nexthop::oif(body)
        {
            match (attribute_in(body, NexthopHeader::LEN, NHA_GATEWAY), body.first()) {
                (Some(gateway), Some(&AF_INET6)) if family == AF_INET => {
                    let via = [&u16::from(AF_INET6).to_ne_bytes(), gateway].concat();
                    attributes.put_bytes(RTA_VIA, &via);
                }
                (Some(gateway), _) => attributes.put_bytes(RTA_GATEWAY, gateway),
                (None, _) => {}
            }
            attributes.put(RTA_OIF, &oif);
        }
        if family == AF_INET6 {
            attributes.put_bytes(RTA_CACHEINFO, &[0; 32]);
            attributes.put(RTA_PREF, &0_u8);
        }
    }
}

/// The table that a header and an attribute name.
fn table_of(header: &RouteHeader, attribute: Option<u32>) -> u32 {
    attribute.filter(|table| *table != 0).unwrap_or(u32::from(header.rtm_table))
}

fn attribute(object: &Object, nla: u16) -> Option<&[u8]> {
    attribute_in(&object.body, RouteHeader::LEN, nla)
}

/// The body of the nexthop object that a route goes through.
fn nexthop_of<'a>(state: &'a State, object: &Object) -> Option<&'a [u8]> {
    attribute(object, RTA_NH_ID)?;
    let slot = object.references.first()?;
    state.store.get(*slot).map(|nexthop| &*nexthop.body)
}

fn oif_of(state: &State, object: &Object) -> Option<u32> {
    attribute(object, RTA_OIF).and_then(u32_of).or_else(|| nexthop_of(state, object).and_then(nexthop::oif))
}

/// Where a route came to lie, and the flags of the message about it. Nothing if nothing changed.
type Inserted = Option<(Slot, u16)>;

fn insert_ipv4(
    state: &mut State,
    family: FamilyId,
    message: &Message<'_>,
    asked: &Asked<'_>,
    body: &[u8],
    references: Vec<Slot>,
) -> Result<Inserted, Refusal> {
    let mut key = asked.key();
    let (mut first, mut last, mut identical) = (None, None, None);
    for (slot, object) in state.store.with_prefix(family, key.without_place()) {
        let place = Key::place_of(&object.identity);
        first = first.or(Some((slot, place)));
        last = Some(place);
        if *object.body == *body {
            identical = Some(slot);
        }
    }
    let (Some((first, first_place)), Some(last_place)) = (first, last) else {
        if !message.has(NLM_F_CREATE) {
            return Err(Errno::ENOENT.into());
        }
        let slot = add(state, family, &key, body, references);
        return Ok(Some((slot, NLM_F_CREATE | NLM_F_EXCL)));
    };
    if message.has(NLM_F_EXCL) {
        return Err(Errno::EEXIST.into());
    }
    match identical {
        Some(slot) if slot == first && message.has(NLM_F_REPLACE) => return Ok(None),
        Some(_) => return Err(Errno::EEXIST.into()),
        None => {}
    }
    if message.has(NLM_F_REPLACE) {
        state.store.replace(first, body, references);
        return Ok(Some((first, NLM_F_REPLACE)));
    }
    if !message.has(NLM_F_CREATE) {
        return Err(Errno::ENOENT.into());
    }
    // A twin: in front of the others, where it is the one that counts, or behind them.
    let append = message.has(NLM_F_APPEND);
    key.put_place(if append { last_place.saturating_add(1) } else { first_place.saturating_sub(1) });
    let slot = add(state, family, &key, body, references);
    Ok(Some((slot, NLM_F_CREATE | if append { NLM_F_APPEND } else { 0 })))
}

fn insert_ipv6(
    state: &mut State,
    family: FamilyId,
    message: &Message<'_>,
    asked: &Asked<'_>,
    body: &[u8],
    references: Vec<Slot>,
) -> Result<Inserted, Refusal> {
    let mut key = asked.key();
    let (mut first, mut last, mut duplicate) = (None, None, false);
    for (slot, object) in state.store.with_prefix(family, key.without_place()) {
        first = first.or(Some(slot));
        last = Some(Key::place_of(&object.identity));
        duplicate |= asked.same_path(object);
    }
    let (Some(first), Some(last)) = (first, last) else {
        if message.has(NLM_F_REPLACE) && !message.has(NLM_F_CREATE) {
            return Err(refuse(Errno::ENOENT, "Can not replace route - no match found"));
        }
        let slot = add(state, family, &key, body, references);
        return Ok(Some((slot, NLM_F_CREATE | NLM_F_EXCL)));
    };
    if message.has(NLM_F_EXCL) {
        return Err(Errno::EEXIST.into());
    }
    if message.has(NLM_F_REPLACE) {
        state.store.replace(first, body, references);
        return Ok(Some((first, NLM_F_REPLACE)));
    }
    if duplicate {
        return Err(Errno::EEXIST.into());
    }
    key.put_place(last.saturating_add(1));
    let slot = add(state, family, &key, body, references);
    Ok(Some((slot, NLM_F_CREATE | NLM_F_APPEND)))
}

fn add(state: &mut State, family: FamilyId, key: &Key, body: &[u8], references: Vec<Slot>) -> Slot {
    let identity = Identity::new(key.whole());
    state.store.insert(Object { family, identity, index: 0, body: body.into(), references })
}

/// The route of the main table with the longest prefix around `address` that `wanted` accepts.
fn longest(state: &State, family: u8, address: &[u8], wanted: impl Fn(&Object) -> bool) -> Option<Slot> {
    let longest = u8::try_from(address.len() * 8).unwrap_or(0);
    (0..=longest).rev().find_map(|len| {
        let key = Key::new(family, RT_TABLE_MAIN, address, len, 0, 0);
        let mut routes = state.store.with_prefix(ROUTE, key.up_to_tos());
        routes.find(|(_, object)| wanted(object)).map(|(slot, _)| slot)
    })
}

/// Whether a route of the main table says that the address is on the link itself.
pub(super) fn on_link(state: &State, oif: u32, family: u8, address: &[u8]) -> bool {
    longest(state, family, address, |object| {
        attribute(object, RTA_GATEWAY).is_none()
            && attribute(object, RTA_OIF).and_then(u32_of) == Some(oif)
            && (family == AF_INET6 || object.body.get(6) == Some(&RT_SCOPE_LINK))
    })
    .is_some()
}
