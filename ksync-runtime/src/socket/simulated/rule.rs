//! Routing rules.

use bytes::BytesMut;
use nix::errno::Errno;

use super::identity::Identity;
use super::message::{Message, Refusal, attribute_in, refuse, u32_of};
use super::rules::{Notices, Rules};
use super::state::{RULE, State};
use super::store::{FamilyId, Object, Slot};
use crate::wire::rtnetlink::*;
use crate::wire::{Attributes, FixedHeader};

/// What is kept of a request besides table, protocol and priority.
const KEPT: [u16; 16] = [
    FRA_DST,
    FRA_SRC,
    FRA_IIFNAME,
    FRA_OIFNAME,
    FRA_GOTO,
    FRA_FWMARK,
    FRA_FWMASK,
    FRA_FLOW,
    FRA_TUN_ID,
    FRA_SUPPRESS_IFGROUP,
    FRA_SUPPRESS_PREFIXLEN,
    FRA_L3MDEV,
    FRA_UID_RANGE,
    FRA_IP_PROTO,
    FRA_SPORT_RANGE,
    FRA_DPORT_RANGE,
];

/// The manners of rules: only `NLM_F_EXCL` prevents twins.
#[derive(Debug)]
pub(super) struct RuleRules;

impl Rules for RuleRules {
    fn create(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let header = check(message)?;
        let priority = message
            .u32(FRA_PRIORITY)
            .filter(|priority| *priority != 0)
            .unwrap_or_else(|| default_priority(state, header.family));
        let body = body(&header, message, priority);
        if message.has(NLM_F_EXCL)
            && state
                .store
                .with_prefix(family, &prefix(header.family, priority))
                .any(|(_, rule)| *rule.body == *body)
        {
            return Err(Errno::EEXIST.into());
        }
        let slot = add(state, header.family, priority, &body);
        notices.tell(state, slot, RTM_NEWRULE, 0);
        Ok(())
    }

    fn delete(
        &self,
        state: &mut State,
        _: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let header = check(message)?;
        let rules = [header.family];
        let found = state.store.with_prefix(RULE, &rules).find(|(_, rule)| matches(&header, message, rule));
        let slot = found.map(|(slot, _)| slot).ok_or(Errno::ENOENT)?;
        notices.tell(state, slot, RTM_DELRULE, 0);
        state.remove(slot);
        Ok(())
    }

    fn admits(&self, _: &State, request: &Message<'_>, object: &Object) -> bool {
        let wanted = request.view().body.first().copied().unwrap_or_default();
        wanted == AF_UNSPEC || object.body.first() == Some(&wanted)
    }
}

fn check(message: &Message<'_>) -> Result<RuleHeader, Refusal> {
    let header: RuleHeader = message.header()?;
    let longest = match header.family {
        AF_INET => 32,
        AF_INET6 => 128,
        _ => return Err(refuse(Errno::EAFNOSUPPORT, "Rule family not supported")),
    };
    let wrong = |len: u8, nla| {
        len > longest
            || (len > 0
                && message.attribute(nla).is_none_or(|address| address.len() != usize::from(longest / 8)))
    };
    if wrong(header.src_len, FRA_SRC) {
        return Err(refuse(Errno::EINVAL, "Invalid source address"));
    }
    if wrong(header.dst_len, FRA_DST) {
        return Err(refuse(Errno::EINVAL, "Invalid dst address"));
    }
    Ok(header)
}

/// One less than the first rule behind the first, as the kernel chooses.
fn default_priority(state: &State, family: u8) -> u32 {
    let second = [family];
    state
        .store
        .with_prefix(RULE, &second)
        .nth(1)
        .and_then(|(_, rule)| attribute(rule, FRA_PRIORITY).and_then(u32_of))
        .map_or(0, |priority| priority.saturating_sub(1))
}

fn attribute(rule: &Object, nla: u16) -> Option<&[u8]> {
    attribute_in(&rule.body, RuleHeader::LEN, nla)
}

/// Whether a rule that is there is the one that a delete means. What the delete leaves open matches.
fn matches(header: &RuleHeader, message: &Message<'_>, rule: &Object) -> bool {
    let there = RuleHeader::parse(&rule.body).unwrap_or_default();
    let open = |wanted: u8, there: u8| wanted == 0 || wanted == there;
    let table = table(header, message);
    open(header.action, there.action)
        && open(header.tos, there.tos)
        && open(header.src_len, there.src_len)
        && open(header.dst_len, there.dst_len)
        && (table == 0 || attribute(rule, FRA_TABLE).and_then(u32_of) == Some(table))
        && message.u32(FRA_PRIORITY).is_none_or(|wanted| {
            wanted == 0 || attribute(rule, FRA_PRIORITY).and_then(u32_of).unwrap_or(0) == wanted
        })
        && message
            .attribute(FRA_PROTOCOL)
            .is_none_or(|wanted| wanted == [0] || attribute(rule, FRA_PROTOCOL) == Some(wanted))
        && KEPT.iter().all(|nla| {
            let lies_open =
                (*nla == FRA_SRC && header.src_len == 0) || (*nla == FRA_DST && header.dst_len == 0);
            lies_open || message.attribute(*nla).is_none_or(|wanted| attribute(rule, *nla) == Some(wanted))
        })
}

fn table(header: &RuleHeader, message: &Message<'_>) -> u32 {
    message.u32(FRA_TABLE).unwrap_or(u32::from(header.table))
}

fn body(header: &RuleHeader, message: &Message<'_>, priority: u32) -> BytesMut {
    let asked = table(header, message);
    // An action without a table gets one of its own; 1 is the first.
    let table = if asked == 0 && header.action == FR_ACT_TO_TBL { 1 } else { asked };
    let mut out = BytesMut::zeroed(RuleHeader::LEN);
    RuleHeader { table: u8::try_from(table).unwrap_or(RT_TABLE_COMPAT as u8), ..*header }.emit(&mut out);
    let mut attributes = Attributes::new(&mut out);
    attributes.put(FRA_TABLE, &table);
    attributes.put_bytes(FRA_PROTOCOL, message.attribute(FRA_PROTOCOL).unwrap_or(&[0]));
    attributes.put(FRA_PRIORITY, &priority);
    for nla in KEPT {
        let lies_open = (nla == FRA_SRC && header.src_len == 0) || (nla == FRA_DST && header.dst_len == 0);
        match message.attribute(nla) {
            Some(payload) if !lies_open => attributes.put_bytes(nla, payload),
            None if nla == FRA_SUPPRESS_PREFIXLEN => attributes.put(nla, &u32::MAX),
            None if nla == FRA_FWMASK && message.attribute(FRA_FWMARK).is_some() => {
                attributes.put(nla, &u32::MAX);
            }
            _ => {}
        }
    }
    out
}

/// What the identities of rules of a priority start with.
fn prefix(family: u8, priority: u32) -> Vec<u8> {
    let mut prefix = vec![family];
    prefix.extend_from_slice(&priority.to_be_bytes());
    prefix
}

/// Adds a rule behind those of its priority.
fn add(state: &mut State, family: u8, priority: u32, body: &[u8]) -> Slot {
    let mut identity = prefix(family, priority);
    let last = state.store.with_prefix(RULE, &identity).next_back();
    let place = last
        .and_then(|(_, rule)| rule.identity.as_bytes().last_chunk::<4>().copied())
        .map_or(0, |place| u32::from_be_bytes(place).saturating_add(1));
    identity.extend_from_slice(&place.to_be_bytes());
    state.store.insert(Object {
        family: RULE,
        identity: Identity::new(&identity),
        index: 0,
        body: body.into(),
        references: Vec::new(),
    })
}

/// The rules that every namespace starts with.
pub(super) fn add_defaults(state: &mut State) {
    for (family, priority, table) in [
        (AF_INET, 0, RT_TABLE_LOCAL),
        (AF_INET, 32_766, RT_TABLE_MAIN),
        (AF_INET, 32_767, RT_TABLE_DEFAULT),
        (AF_INET6, 0, RT_TABLE_LOCAL),
        (AF_INET6, 32_766, RT_TABLE_MAIN),
    ] {
        let mut body = BytesMut::zeroed(RuleHeader::LEN);
        RuleHeader {
            family,
            table: u8::try_from(table).unwrap_or_default(),
            action: FR_ACT_TO_TBL,
            ..RuleHeader::default()
        }
        .emit(&mut body);
        let mut attributes = Attributes::new(&mut body);
        attributes.put(FRA_TABLE, &table);
        attributes.put(FRA_SUPPRESS_PREFIXLEN, &u32::MAX);
        attributes.put(FRA_PROTOCOL, &RTPROT_KERNEL);
        if priority != 0 {
            attributes.put(FRA_PRIORITY, &priority);
        }
        add(state, family, priority, &body);
    }
}
