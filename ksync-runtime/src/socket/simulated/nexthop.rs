//! Nexthop objects and groups of them.

use bytes::BytesMut;
use nix::errno::Errno;

use super::address::{Nearness, nearness};
use super::identity::Identity;
use super::link;
use super::message::{Message, Refusal, Size, attribute_in, refuse, u32_of};
use super::route;
use super::rules::{Loss, Notices, Rules};
use super::state::{NEXTHOP, State};
use super::store::{FamilyId, Object, Slot};
use crate::wire::rtnetlink::*;
use crate::wire::{Attributes, FixedHeader, NLMSG_HEADER_LEN};

/// `NHA_MAX` (linux/nexthop.h) of the kernel that was measured: this family refuses what it does not know.
const NHA_MAX: u16 = 17;

/// `sizeof(struct nexthop_grp)` (linux/nexthop.h).
const MEMBER: usize = 8;

const POLICY: [(u16, Size); 4] = [
    (NHA_ID, Size::Exactly(4)),
    (NHA_OIF, Size::Exactly(4)),
    (NHA_BLACKHOLE, Size::Exactly(0)),
    (NHA_GROUP_TYPE, Size::Exactly(2)),
];

/// The manners of nexthops.
#[derive(Debug)]
pub(super) struct Nexthops;

impl Rules for Nexthops {
    fn create(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let header: NexthopHeader = message.header()?;
        check_attributes(message)?;
        check_header(&header, message)?;
        let references = match message.attribute(NHA_GROUP) {
            Some(members) => check_group(state, &header, message, members)?,
            None => check_single(state, &header, message)?,
        };
        let asked = message.u32(NHA_ID).unwrap_or(0);
        let there = state.store.find_index(family, asked);
        match there {
            Some(_) if !message.has(NLM_F_REPLACE) => return Err(Errno::EEXIST.into()),
            Some(slot) => check_replacement(state, slot, message)?,
            None if message.has(NLM_F_REPLACE) && !message.has(NLM_F_CREATE) => {
                let text = "Replace specified without create and no entry exists";
                return Err(refuse(Errno::ENOENT, text));
            }
            None => {}
        }
        let id = if asked == 0 { state.store.free_index(family, 1) } else { asked };
        let body = body(&header, message, id);
        let slot = match there {
            Some(slot) => {
                state.store.replace(slot, &body, references);
                slot
            }
            None => state.store.insert(Object {
                family,
                identity: Identity::new(&id.to_be_bytes()),
                index: id,
                body: body[..].into(),
                references,
            }),
        };
        notices.tell(state, slot, RTM_NEWNEXTHOP, message.view().flags);
        Ok(())
    }

    fn delete(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let header: NexthopHeader = message.header()?;
        if header.nh_scope != 0 || header.nh_protocol != 0 || header.resvd != 0 || header.nh_flags != 0 {
            return Err(refuse(Errno::EINVAL, "Invalid values in header"));
        }
        let slot = self.find(state, family, message)?;
        notices.tell(state, slot, RTM_DELNEXTHOP, message.view().flags);
        state.remove(slot);
        Ok(())
    }

    fn find(&self, state: &State, family: FamilyId, message: &Message<'_>) -> Result<Slot, Refusal> {
        message.header::<NexthopHeader>()?;
        check_attributes(message)?;
        match message.u32(NHA_ID) {
            None => Err(refuse(Errno::EINVAL, "Nexthop id is missing")),
            Some(0) => Err(refuse(Errno::EINVAL, "Invalid nexthop id")),
            Some(id) => Ok(state.store.find_index(family, id).ok_or(Errno::ENOENT)?),
        }
    }

    fn admits(&self, state: &State, request: &Message<'_>, object: &Object) -> bool {
        let wanted: NexthopHeader = request.header().unwrap_or_default();
        let shown = NexthopHeader::parse(&object.body).unwrap_or_default();
        let oif = oif(&object.body);
        let master = || oif.and_then(|oif| state.links.get(oif)).and_then(|link| link.master);
        (wanted.nh_family == 0 || wanted.nh_family == shown.nh_family)
            && request.u32(NHA_OIF).is_none_or(|wanted| wanted == 0 || Some(wanted) == oif)
            && request.u32(NHA_MASTER).is_none_or(|wanted| wanted == 0 || Some(wanted) == master())
            && (request.attribute(NHA_GROUPS).is_none() || is_group(&object.body))
    }

    /// A group loses a member and stays, until the last one goes. A nexthop goes with its link.
    fn lost(&self, state: &mut State, user: Slot, target: Slot) -> Loss {
        let Some(group) = state.store.get(user).filter(|object| is_group(&object.body)) else {
            return Loss::Gone;
        };
        let lost = state.store.get(target).map_or(0, |object| object.index);
        let members = attribute_in(&group.body, NexthopHeader::LEN, NHA_GROUP).unwrap_or_default();
        let left: Vec<u8> =
            members.chunks(MEMBER).filter(|member| u32_of(member) != Some(lost)).flatten().copied().collect();
        if left.is_empty() {
            return Loss::Gone;
        }
        let mut body = BytesMut::from(group.body.get(..NexthopHeader::LEN).unwrap_or_default());
        let mut attributes = Attributes::new(&mut body);
        for nla in [NHA_ID, NHA_GROUP_TYPE, NHA_GROUP] {
            let old = attribute_in(&group.body, NexthopHeader::LEN, nla).unwrap_or_default();
            attributes.put_bytes(nla, if nla == NHA_GROUP { &left } else { old });
        }
        let references = group.references.clone();
        state.store.replace(user, &body, references);
        Loss::Stays
    }
}

/// Unknown attributes and wrong sizes.
fn check_attributes(message: &Message<'_>) -> Result<(), Refusal> {
    message.check(&POLICY)?;
    match message.attributes().find(|attribute| attribute.nla > NHA_MAX) {
        None => Ok(()),
        Some(unknown) => {
            let offset = u32::try_from(NLMSG_HEADER_LEN + unknown.offset).ok();
            Err(Refusal { offset, ..refuse(Errno::EINVAL, "Unknown attribute type") })
        }
    }
}

fn check_header(header: &NexthopHeader, message: &Message<'_>) -> Result<(), Refusal> {
    if header.resvd != 0 || header.nh_scope != 0 {
        return Err(refuse(Errno::EINVAL, "Invalid values in ancillary header"));
    }
    if header.nh_flags & !RTNH_F_ONLINK != 0 {
        return Err(refuse(Errno::EINVAL, "Invalid nexthop flags in ancillary header"));
    }
    match header.nh_family {
        AF_INET | AF_INET6 => Ok(()),
        AF_UNSPEC if message.attribute(NHA_GROUP).is_some() => Ok(()),
        _ => Err(refuse(Errno::EINVAL, "Invalid address family")),
    }
}

/// A group: its members, all there, none of them a group, none twice.
fn check_group(
    state: &State,
    header: &NexthopHeader,
    message: &Message<'_>,
    members: &[u8],
) -> Result<Vec<Slot>, Refusal> {
    if header.nh_family != AF_UNSPEC {
        return Err(refuse(Errno::EINVAL, "Invalid family for group"));
    }
    if members.is_empty() || !members.len().is_multiple_of(MEMBER) {
        return Err(refuse(Errno::EINVAL, "Invalid length for nexthop group attribute"));
    }
    let mut slots = Vec::new();
    for member in members.chunks(MEMBER) {
        let slot = u32_of(member)
            .and_then(|id| state.store.find_index(NEXTHOP, id))
            .ok_or_else(|| refuse(Errno::EINVAL, "Invalid nexthop id"))?;
        if slots.contains(&slot) {
            return Err(refuse(Errno::EINVAL, "Nexthop id can not be used twice in a group"));
        }
        if state.store.get(slot).is_some_and(|object| is_group(&object.body)) {
            let text = "Hash-threshold group can not be a nexthop within a group";
            return Err(refuse(Errno::EINVAL, text));
        }
        slots.push(slot);
    }
    let alone = [NHA_ID, NHA_GROUP, NHA_GROUP_TYPE, NHA_RES_GROUP, NHA_FDB];
    if message.attributes().any(|attribute| !alone.contains(&attribute.nla)) {
        return Err(refuse(Errno::EINVAL, "No other attributes can be set in nexthop groups"));
    }
    Ok(slots)
}

/// A nexthop that is no group: its link, up and with a carrier, and its gateway, within reach.
fn check_single(state: &State, header: &NexthopHeader, message: &Message<'_>) -> Result<Vec<Slot>, Refusal> {
    let (oif, gateway) = (message.u32(NHA_OIF), message.attribute(NHA_GATEWAY));
    if message.attribute(NHA_BLACKHOLE).is_some() {
        if oif.is_some() || gateway.is_some() {
            let text = "Blackhole attribute can not be used with gateway, oif, encap or fdb";
            return Err(refuse(Errno::EINVAL, text));
        }
        return Ok(Vec::new());
    }
    let oif = oif.ok_or_else(|| {
        refuse(Errno::EINVAL, "Device attribute required for non-blackhole and non-fdb nexthops")
    })?;
    let link = state.links.get(oif).ok_or_else(|| refuse(Errno::EINVAL, "Invalid device index"))?;
    if !link.is_up() {
        return Err(refuse(Errno::ENETDOWN, "Nexthop device is not up"));
    }
    if !link.runs() {
        return Err(refuse(Errno::ENETDOWN, "Carrier for nexthop device is down"));
    }
    let onlink = header.nh_flags & RTNH_F_ONLINK != 0;
    match gateway {
        Some(gateway) => {
            let len = if header.nh_family == AF_INET { 4 } else { 16 };
            if gateway.len() != len {
                return Err(refuse(Errno::EINVAL, "Invalid gateway"));
            }
            check_gateway(state, oif, header.nh_family, gateway, onlink)?;
        }
        None if onlink => {
            return Err(refuse(Errno::EINVAL, "ONLINK flag can not be set for nexthop without a gateway"));
        }
        None => {}
    }
    Ok(link::slot(state, oif).into_iter().collect())
}

/// A gateway must be within reach of the link, unless the request says that it is.
pub(super) fn check_gateway(
    state: &State,
    oif: u32,
    family: u8,
    gateway: &[u8],
    onlink: bool,
) -> Result<(), Refusal> {
    const INVALID: &str = "Nexthop has invalid gateway";
    let unspecified = gateway.iter().all(|byte| *byte == 0);
    let near = nearness(state, oif, family, gateway);
    match (family, near) {
        _ if unspecified => Ok(()),
        (AF_INET6, Nearness::Own) => Err(refuse(Errno::EINVAL, "Gateway can not be a local address")),
        (AF_INET, Nearness::Broadcast) => Err(refuse(Errno::EINVAL, INVALID)),
        _ if onlink || near != Nearness::Far => Ok(()),
        // Link-local addresses are everywhere.
        (AF_INET6, _) if gateway.starts_with(&[0xfe, 0x80]) => Ok(()),
        (_, _) if route::on_link(state, oif, family, gateway) => Ok(()),
        (AF_INET6, _) => Err(Errno::EHOSTUNREACH.into()),
        (_, _) => Err(refuse(Errno::ENETUNREACH, INVALID)),
    }
}

/// A nexthop stays a nexthop and a group a group. The family may change, even under routes.
fn check_replacement(state: &State, slot: Slot, message: &Message<'_>) -> Result<(), Refusal> {
    let Some(old) = state.store.get(slot) else { return Ok(()) };
    let group = message.attribute(NHA_GROUP).is_some();
    match (is_group(&old.body), group) {
        (true, false) => Err(refuse(Errno::EINVAL, "Can not replace a nexthop group with a nexthop.")),
        (false, true) => Err(refuse(Errno::EINVAL, "Can not replace a nexthop with a nexthop group.")),
        _ => Ok(()),
    }
}

fn body(header: &NexthopHeader, message: &Message<'_>, id: u32) -> BytesMut {
    let gateway = message.attribute(NHA_GATEWAY).filter(|gateway| gateway.iter().any(|byte| *byte != 0));
    let oif = message.u32(NHA_OIF);
    let nh_scope = match (header.nh_family, oif, gateway) {
        (_, None, _) => RT_SCOPE_UNIVERSE,
        (AF_INET, _, None) => RT_SCOPE_HOST,
        _ => RT_SCOPE_LINK,
    };
    let mut out = BytesMut::zeroed(NexthopHeader::LEN);
    NexthopHeader { nh_scope, ..*header }.emit(&mut out);
    let mut attributes = Attributes::new(&mut out);
    attributes.put(NHA_ID, &id);
    if let Some(group) = message.attribute(NHA_GROUP) {
        attributes.put_bytes(NHA_GROUP_TYPE, message.attribute(NHA_GROUP_TYPE).unwrap_or(&[0, 0]));
        attributes.put_bytes(NHA_GROUP, group);
        return out;
    }
    if message.attribute(NHA_BLACKHOLE).is_some() {
        attributes.flag(NHA_BLACKHOLE);
    }
    if let Some(oif) = oif {
        attributes.put(NHA_OIF, &oif);
    }
    if let Some(gateway) = gateway {
        attributes.put_bytes(NHA_GATEWAY, gateway);
    }
    for attribute in message.attributes() {
        if ![NHA_ID, NHA_OIF, NHA_GATEWAY, NHA_BLACKHOLE].contains(&attribute.nla) {
            attributes.put_bytes(attribute.nla, attribute.payload);
        }
    }
    out
}

/// Whether the body of a nexthop is that of a group.
pub(super) fn is_group(body: &[u8]) -> bool {
    attribute_in(body, NexthopHeader::LEN, NHA_GROUP).is_some()
}

/// The link of a nexthop.
pub(super) fn oif(body: &[u8]) -> Option<u32> {
    attribute_in(body, NexthopHeader::LEN, NHA_OIF).and_then(u32_of)
}
