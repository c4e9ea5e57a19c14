//! Links: requests about them. What a link is, how it looks, and what its carrier does stand in
//! `link/held.rs` and `link/carrier.rs`.

mod carrier;
mod held;

use std::borrow::Cow;

use bytes::BytesMut;
use nix::errno::Errno;

pub(super) use carrier::{set_carrier, settle};
pub(super) use held::{Links, add_loopback};

use super::address;
use super::message::{AttributeWalk, Message, Refusal, Size, attribute_in, refuse, text_of, u32_of};
use super::rules::{Loss, Notices, Rules};
use super::state::{LINK, State};
use super::store::{FamilyId, Object, Slot};
use crate::wire::rtnetlink::*;
use crate::wire::{FixedHeader, NLMSG_HEADER_LEN};
use held::{KINDS, Link};

/// `IFNAMSIZ` (linux/if.h), without the NUL.
const NAME_MAX: usize = 15;

/// `VXLAN_N_VID` (net/vxlan.h).
const VNI_END: u32 = 1 << 24;

const POLICY: [(u16, Size); 9] = [
    (IFLA_IFNAME, Size::Text(NAME_MAX)),
    (IFLA_ADDRESS, Size::AtMost(32)),
    (IFLA_MTU, Size::AtLeast(4)),
    (IFLA_LINK, Size::AtLeast(4)),
    (IFLA_MASTER, Size::AtLeast(4)),
    (IFLA_TXQLEN, Size::AtLeast(4)),
    (IFLA_GROUP, Size::AtLeast(4)),
    (IFLA_IFALIAS, Size::AtMost(255)),
    (IFLA_ALT_IFNAME, Size::Text(127)),
];

/// The manners of links.
#[derive(Debug)]
pub(super) struct LinkRules;

impl Rules for LinkRules {
    fn create(
        &self,
        state: &mut State,
        _: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        message.check(&POLICY)?;
        let header: LinkHeader = message.header()?;
        if header.ifi_family == AF_BRIDGE {
            return Err(Errno::EOPNOTSUPP.into());
        }
        let info = Info::of(message);
        info.check()?;
        let there = target(state, &header, message)?;
        if message.view().message_type == RTM_SETLINK {
            return change(state, there.ok_or(Errno::ENODEV)?, &header, message, &info);
        }
        match there {
            Some(_) if message.has(NLM_F_EXCL) => Err(Errno::EEXIST.into()),
            Some(_) if message.has(NLM_F_REPLACE) => Err(Errno::EOPNOTSUPP.into()),
            Some(index) => change(state, index, &header, message, &info),
            None if !message.has(NLM_F_CREATE) => Err(Errno::ENODEV.into()),
            None => create(state, &header, message, &info, notices),
        }
    }

    fn delete(
        &self,
        state: &mut State,
        _: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        message.check(&POLICY)?;
        let header: LinkHeader = message.header()?;
        let named = header.ifi_index > 0 || name(message).is_some();
        let targets = match (named, message.u32(IFLA_GROUP)) {
            (true, _) => vec![target(state, &header, message)?.ok_or(Errno::ENODEV)?],
            (false, Some(group)) => {
                let members = state.links.in_group(group);
                if members.is_empty() {
                    return Err(Errno::ENODEV.into());
                }
                members
            }
            (false, None) => return Err(Errno::EINVAL.into()),
        };
        if targets.iter().any(|index| state.links.get(*index).is_some_and(Link::is_loopback)) {
            return Err(Errno::EOPNOTSUPP.into());
        }
        for index in targets {
            let peer = state.links.get(index).and_then(|link| link.peer);
            for index in std::iter::once(index).chain(peer) {
                tell(state, notices, index, RTM_DELLINK);
            }
            if let Some(slot) = state.links.get(index).map(|link| link.slot) {
                state.remove(slot);
            }
        }
        Ok(())
    }

    fn find(&self, state: &State, _: FamilyId, message: &Message<'_>) -> Result<Slot, Refusal> {
        message.check(&POLICY)?;
        let header: LinkHeader = message.header()?;
        if header.ifi_index <= 0 && name(message).is_none() {
            return Err(Errno::EINVAL.into());
        }
        let index = target(state, &header, message)?.ok_or(Errno::ENODEV)?;
        Ok(state.links.get(index).ok_or(Errno::ENODEV)?.slot)
    }

    fn dumps(&self, _: &State, request: &Message<'_>) -> Result<(), Refusal> {
        request.header::<LinkHeader>().map_err(|_| refuse(Errno::EINVAL, "Invalid header for link dump"))?;
        Ok(())
    }

    fn admits(&self, state: &State, request: &Message<'_>, object: &Object) -> bool {
        let Some(link) = state.links.get(object.index) else { return false };
        let kind = Info::of(request).kind;
        let master = request.u32(IFLA_MASTER).filter(|master| *master != 0);
        (kind.is_empty() || kind == link.kind) && (master.is_none() || master == link.master)
    }

    fn lost(&self, state: &mut State, user: Slot, target: Slot) -> Loss {
        let index_of = |slot| state.store.get(slot).map(|object| object.index);
        let (Some(user), Some(target)) = (index_of(user), index_of(target)) else { return Loss::Gone };
        match state.links.get_mut(user) {
            Some(link) if link.master == Some(target) => {
                link.master = None;
                held::publish(state, user);
                Loss::Stays
            }
            _ => Loss::Gone,
        }
    }

    fn removed(&self, state: &mut State, object: &Object, queue: &mut Vec<Slot>) {
        let Some(link) = state.links.remove(object.index) else { return };
        if let Some(peer) = link.peer.and_then(|peer| state.links.get(peer)) {
            queue.push(peer.slot);
        }
        if let Some(master) = link.master {
            carrier::ports_changed(state, master);
        }
    }
}

/// `IFLA_LINKINFO`.
struct Info<'a> {
    kind: Cow<'a, str>,
    data: Option<&'a [u8]>,
    /// Where the data begins, in bytes from the start of the body.
    offset: usize,
}

impl<'a> Info<'a> {
    fn of(message: &Message<'a>) -> Self {
        let info = message.attributes().filter(|attribute| attribute.nla == IFLA_LINKINFO).last();
        let (info, at) = info.map_or((&[][..], 0), |info| (info.payload, info.offset + 4));
        let kind = attribute_in(info, 0, IFLA_INFO_KIND).map(text_of).unwrap_or_default();
        let data = AttributeWalk::new(info, 0).filter(|attribute| attribute.nla == IFLA_INFO_DATA).last();
        Info {
            kind: String::from_utf8_lossy(kind),
            data: data.map(|data| data.payload),
            offset: at + data.map_or(0, |data| data.offset + 4),
        }
    }

    fn u32(&self, nla: u16) -> Option<u32> {
        self.data.and_then(|data| attribute_in(data, 0, nla)).and_then(u32_of)
    }

    /// What the kind checks before anybody asks whether the link is there.
    fn check(&self) -> Result<(), Refusal> {
        if self.kind != "vxlan" {
            return Ok(());
        }
        if self.data.is_none() {
            return Err(refuse(Errno::EINVAL, "Required attributes not provided to perform the operation"));
        }
        let id = AttributeWalk::new(self.data.unwrap_or_default(), 0)
            .find(|attribute| attribute.nla == IFLA_VXLAN_ID);
        match id {
            Some(id) if u32_of(id.payload).is_some_and(|id| id >= VNI_END) => {
                let offset = u32::try_from(NLMSG_HEADER_LEN + self.offset + id.offset).ok();
                Err(Refusal { offset, ..refuse(Errno::ERANGE, "VXLAN ID must be lower than 16777216") })
            }
            _ => Ok(()),
        }
    }
}

/// The name in a request, by either attribute.
fn name<'a>(message: &Message<'a>) -> Option<Cow<'a, str>> {
    let bytes = message.attribute(IFLA_IFNAME).or_else(|| message.attribute(IFLA_ALT_IFNAME))?;
    Some(String::from_utf8_lossy(text_of(bytes)))
}

/// The index of the link that a request is about, if it is there.
fn target(state: &State, header: &LinkHeader, message: &Message<'_>) -> Result<Option<u32>, Refusal> {
    match u32::try_from(header.ifi_index) {
        Err(_) => Err(refuse(Errno::EINVAL, "ifindex can't be negative")),
        Ok(0) => Ok(name(message).and_then(|name| state.links.by_name(&name))),
        Ok(index) => Ok(state.links.get(index).map(|_| index)),
    }
}

fn tell(state: &State, notices: &mut Notices, index: u32, message_type: u16) {
    let Some(link) = state.links.get(index) else { return };
    let before = notices.messages.len();
    notices.tell(state, link.slot, message_type, 0);
    // A message about a change has all bits of ifi_change set.
    if let Some(change) =
        notices.messages.get_mut(before).and_then(|notice| notice.body.get_mut(12..LinkHeader::LEN))
    {
        change.fill(u8::MAX);
    }
}

/// Puts together a new link. Index and slot are given when it is added.
fn fresh(
    state: &State,
    kind: &str,
    header: &LinkHeader,
    wanted: Option<Cow<'_, str>>,
    message: &Message<'_>,
) -> Result<Link, Refusal> {
    let pattern = wanted.unwrap_or_else(|| format!("{kind}%d").into());
    let name = state.links.expand(&pattern);
    let valid = !name.is_empty()
        && name.len() <= NAME_MAX
        && name != "."
        && name != ".."
        && !name.chars().any(|character| character == '/' || character == ':' || character.is_whitespace());
    if !valid {
        return Err(Errno::EINVAL.into());
    }
    if state.links.by_name(&name).is_some() {
        return Err(Errno::EEXIST.into());
    }
    let mut link = Link::new(name, kind);
    link.change_flags(header);
    link.take_attributes(message);
    Ok(link)
}

fn create(
    state: &mut State,
    header: &LinkHeader,
    message: &Message<'_>,
    info: &Info<'_>,
    notices: &mut Notices,
) -> Result<(), Refusal> {
    if !KINDS.contains(&&*info.kind) && !state.links.has_kind(&info.kind) {
        return Err(refuse(Errno::EOPNOTSUPP, "Unknown device type"));
    }
    let mut link = fresh(state, &info.kind, header, name(message), message)?;
    link.check_mtu(message)?;
    if let Some(data) = info.data.filter(|_| info.kind != "veth") {
        link.take_data(data);
    }
    let mut references = Vec::new();
    if info.kind == "vxlan" {
        if state.links.same_vxlan(&link) {
            return Err(refuse(Errno::EEXIST, "A VXLAN device with the specified VNI already exists"));
        }
        references.extend(lower(state, info)?.and_then(|lower| slot(state, lower)));
    }
    // The peer of a veth comes first, so it has the lower index.
    let peer = match &*info.kind {
        "veth" => Some(create_peer(state, &link.name, message, info)?),
        _ => None,
    };
    link.peer = peer;
    let asked = u32::try_from(header.ifi_index).unwrap_or(0);
    if let Some(taken) = state.links.get(asked) {
        let slot = taken.slot;
        state.remove(slot);
        return Err(Errno::EEXIST.into());
    }
    let index = held::add(state, asked, link, references);
    if let Some(peer) = peer.and_then(|peer| state.links.get_mut(peer)) {
        peer.peer = Some(index);
    }
    for index in std::iter::once(index).chain(peer) {
        settle(state, index);
    }
    // A vxlan says nothing of itself; the others do, even if what comes now fails.
    if info.kind != "vxlan" {
        tell(state, notices, index, RTM_NEWLINK);
    }
    let Some(master) = message.u32(IFLA_MASTER) else { return Ok(()) };
    let enslaved = check_master(state, index, master);
    match enslaved {
        Ok(()) => set_master(state, index, master),
        Err(_) => {
            if let Some(slot) = state.links.get(index).map(|link| link.slot) {
                state.remove(slot);
            }
        }
    }
    enslaved
}

/// The other end of a veth.
fn create_peer(
    state: &mut State,
    name_of_first: &str,
    message: &Message<'_>,
    info: &Info<'_>,
) -> Result<u32, Refusal> {
    let body = info.data.and_then(|data| attribute_in(data, 0, VETH_INFO_PEER)).unwrap_or_default();
    let mut view = *message.view();
    view.body = body;
    let nested = Message::new(view, LinkHeader::LEN);
    if !body.is_empty() {
        nested.check(&POLICY)?;
    }
    let header = LinkHeader::parse(body).unwrap_or_default();
    let asked =
        u32::try_from(header.ifi_index).map_err(|_| refuse(Errno::EINVAL, "ifindex can't be negative"))?;
    if state.links.get(asked).is_some() {
        return Err(Errno::EEXIST.into());
    }
    let peer = fresh(state, "veth", &header, name(&nested), &nested)?;
    peer.check_mtu(&nested)?;
    if peer.name == name_of_first {
        return Err(Errno::EEXIST.into());
    }
    Ok(held::add(state, asked, peer, Vec::new()))
}

fn change(
    state: &mut State,
    index: u32,
    header: &LinkHeader,
    message: &Message<'_>,
    info: &Info<'_>,
) -> Result<(), Refusal> {
    let link = state.links.get(index).ok_or(Errno::ENODEV)?;
    if let Some(data) = info.data {
        // A veth can't be changed, and a link can't become one of another kind.
        if info.kind != link.kind || link.kind == "veth" {
            return Err(Errno::EOPNOTSUPP.into());
        }
        let id = attribute_in(data, 0, IFLA_VXLAN_ID);
        if link.kind == "vxlan" && id.is_some() && id != link.data.get(&IFLA_VXLAN_ID).map(Vec::as_slice) {
            return Err(refuse(Errno::EOPNOTSUPP, "Cannot change VNI"));
        }
        lower(state, info)?;
    }
    let link = state.links.get(index).ok_or(Errno::ENODEV)?;
    link.check_mtu(message)?;
    if message.attribute(IFLA_ADDRESS).is_some_and(|address| address.len() != 6) {
        return Err(Errno::EINVAL.into());
    }
    if let Some(master) = message.u32(IFLA_MASTER).filter(|master| *master != 0) {
        check_master(state, index, master)?;
    }
    if let Some(name) = message.attribute(IFLA_IFNAME).map(text_of) {
        state.links.rename(index, &String::from_utf8_lossy(name))?;
    }
    let Some(link) = state.links.get_mut(index) else { return Err(Errno::ENODEV.into()) };
    link.take_attributes(message);
    let before = link.lower();
    if let Some(data) = info.data {
        link.take_data(data);
    }
    let (slot, after) = (link.slot, link.lower());
    stand_on(state, slot, before, after);
    let Some(link) = state.links.get_mut(index) else { return Err(Errno::ENODEV.into()) };
    let was_up = link.is_up();
    link.change_flags(header);
    let (is_up, loopback) = (link.is_up(), link.is_loopback());
    if was_up && !is_up {
        carrier::went_down(state, index);
    }
    if !was_up && is_up && loopback {
        address::add_loopback(state, index);
    }
    settle(state, index);
    if let Some(master) = message.u32(IFLA_MASTER) {
        set_master(state, index, master);
    }
    Ok(())
}

fn check_master(state: &State, index: u32, master: u32) -> Result<(), Refusal> {
    if master == 0 {
        return Ok(());
    }
    let bridge = state.links.get(master).ok_or(Errno::EINVAL)?;
    if bridge.kind != "bridge" {
        return Err(Errno::EOPNOTSUPP.into());
    }
    match state.links.get(index) {
        Some(port) if port.kind == "bridge" => {
            Err(refuse(Errno::ELOOP, "Can not enslave a bridge to a bridge"))
        }
        Some(port) if port.is_loopback() => Err(Errno::EINVAL.into()),
        _ => Ok(()),
    }
}

/// The index of the link that a vxlan is to stand on, if the request names one.
fn lower(state: &State, info: &Info<'_>) -> Result<Option<u32>, Refusal> {
    let lower = info.u32(IFLA_VXLAN_LINK).filter(|lower| info.kind == "vxlan" && *lower != 0);
    match lower {
        Some(lower) if state.links.get(lower).is_none() => {
            Err(refuse(Errno::ENODEV, "Invalid local interface, device not found"))
        }
        lower => Ok(lower),
    }
}

/// Puts a link under another master, or under none (0).
fn set_master(state: &mut State, index: u32, master: u32) {
    let master = Some(master).filter(|master| *master != 0);
    let Some(link) = state.links.get_mut(index) else { return };
    let old = std::mem::replace(&mut link.master, master);
    if old == master {
        return;
    }
    let slot = link.slot;
    stand_on(state, slot, old, master);
    held::publish(state, index);
    for bridge in old.into_iter().chain(master) {
        carrier::ports_changed(state, bridge);
    }
}

/// From now on the link at `user` refers to the link `after`, and no longer to `before`. It has to be published anew.
fn stand_on(state: &mut State, user: Slot, before: Option<u32>, after: Option<u32>) {
    if before == after {
        return;
    }
    let slot_of = |link: Option<u32>| link.and_then(|index| state.links.get(index)).map(|link| link.slot);
    let (before, after) = (slot_of(before), slot_of(after));
    let mut references = state.store.get(user).map(|object| object.references.clone()).unwrap_or_default();
    // Once only: its master may be what it stands on.
    if let Some(at) = references.iter().position(|reference| Some(*reference) == before) {
        references.remove(at);
    }
    references.extend(after);
    state.store.replace(user, &[], references);
}

/// Writes what changed into the object that dumps show.
fn refresh(state: &mut State, slot: Slot, body: &BytesMut) {
    let references = state.store.get(slot).map(|object| object.references.clone()).unwrap_or_default();
    state.store.replace(slot, body, references);
}

/// Where the object of a link lies.
pub(super) fn slot(state: &State, index: u32) -> Option<Slot> {
    state.store.find_index(LINK, index)
}
