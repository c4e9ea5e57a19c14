//! Addresses of links.

use bytes::BytesMut;
use nix::errno::Errno;

use super::identity::Identity;
use super::link;
use super::message::{Message, Refusal, Size, attribute_in, refuse, text_of};
use super::rules::{Notices, Rules};
use super::state::{ADDRESS, ROUTE, State};
use super::store::{FamilyId, Object, Slot};
use crate::wire::rtnetlink::*;
use crate::wire::{Attributes, FixedHeader, MessageView};

const POLICY: [(u16, Size); 5] = [
    (IFA_LOCAL, Size::AtLeast(4)),
    (IFA_ADDRESS, Size::AtLeast(4)),
    (IFA_BROADCAST, Size::AtLeast(4)),
    (IFA_LABEL, Size::Text(15)),
    (IFA_FLAGS, Size::AtLeast(4)),
];

/// `struct ifa_cacheinfo` of an address that lives for ever.
const FOR_EVER: [u8; 16] = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];

/// The manners of addresses.
#[derive(Debug)]
pub(super) struct Addresses;

/// What the two families say differently.
struct Texts {
    no_device: &'static str,
    there: &'static str,
    missing: &'static str,
}

const IPV4: Texts = Texts {
    no_device: "ipv4: Device not found",
    there: "ipv4: Address already assigned",
    missing: "ipv4: Address not found",
};
const IPV6: Texts = Texts {
    no_device: "ipv6: Unable to find the interface",
    there: "ipv6: address already assigned",
    missing: "ipv6: address not found",
};

/// The part of a request that both create and delete look at.
struct Asked<'a> {
    header: AddressHeader,
    /// The link's own address.
    local: Option<&'a [u8]>,
    texts: &'static Texts,
    link: Slot,
}

impl<'a> Asked<'a> {
    fn of(state: &State, message: &Message<'a>) -> Result<Self, Refusal> {
        message.check(&POLICY)?;
        let header: AddressHeader = message.header()?;
        let (texts, len, longest) = match header.ifa_family {
            AF_INET => (&IPV4, 4, 32),
            AF_INET6 => (&IPV6, 16, 128),
            _ => return Err(Errno::EOPNOTSUPP.into()),
        };
        if header.ifa_prefixlen > longest && header.ifa_family == AF_INET {
            return Err(refuse(Errno::EINVAL, "ipv4: Invalid prefix length"));
        }
        if header.ifa_prefixlen > longest {
            return Err(refuse(Errno::EINVAL, "ipv6: Invalid prefix length"));
        }
        let address = |nla| message.attribute(nla).and_then(|payload| payload.get(..len));
        let mut local = address(IFA_LOCAL);
        if header.ifa_family == AF_INET6 {
            local = local.or_else(|| address(IFA_ADDRESS));
        }
        let link =
            link::slot(state, header.ifa_index).ok_or_else(|| refuse(Errno::ENODEV, texts.no_device))?;
        Ok(Asked { header, local, texts, link })
    }

    /// IPv4 can have an address twice, with different prefix lengths.
    fn identity(&self, local: &[u8]) -> Vec<u8> {
        let mut identity = on_link(self.header.ifa_family, self.header.ifa_index);
        identity.extend_from_slice(local);
        if self.header.ifa_family == AF_INET {
            identity.push(self.header.ifa_prefixlen);
        }
        identity
    }

    fn body(&self, state: &State, message: &Message<'_>, local: &[u8]) -> BytesMut {
        let mut flags = message.u32(IFA_FLAGS).unwrap_or(u32::from(self.header.ifa_flags)) | IFA_F_PERMANENT;
        if self.header.ifa_family == AF_INET && primary(state, &self.header, local).is_some() {
            flags |= IFA_F_SECONDARY;
        }
        let header = AddressHeader { ifa_flags: (flags & 0xff) as u8, ..self.header };
        let mut out = BytesMut::zeroed(AddressHeader::LEN);
        header.emit(&mut out);
        let mut attributes = Attributes::new(&mut out);
        if self.header.ifa_family == AF_INET {
            attributes.put_bytes(IFA_ADDRESS, message.attribute(IFA_ADDRESS).unwrap_or(local));
            attributes.put_bytes(IFA_LOCAL, local);
            let label = match message.attribute(IFA_LABEL) {
                Some(label) => String::from_utf8_lossy(text_of(label)).into_owned(),
                None => state.links.get(header.ifa_index).map(|link| link.name.clone()).unwrap_or_default(),
            };
            attributes.put(IFA_LABEL, &label);
        } else {
            attributes.put_bytes(IFA_ADDRESS, local);
        }
        for nla in [IFA_BROADCAST, IFA_RT_PRIORITY, IFA_PROTO] {
            if let Some(payload) = message.attribute(nla) {
                attributes.put_bytes(nla, payload);
            }
        }
        attributes.put(IFA_FLAGS, &flags);
        attributes.put_bytes(IFA_CACHEINFO, &FOR_EVER);
        out
    }
}

impl Rules for Addresses {
    fn create(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let asked = Asked::of(state, message)?;
        let Some(local) = asked.local else {
            let text =
                if asked.header.ifa_family == AF_INET { "ipv4: Local address is not supplied" } else { "" };
            return Err(refuse(Errno::EINVAL, text));
        };
        let identity = asked.identity(local);
        let there = state.store.find(family, &identity);
        if there.is_some() && (message.has(NLM_F_EXCL) || !message.has(NLM_F_REPLACE)) {
            return Err(refuse(Errno::EEXIST, asked.texts.there));
        }
        let body = asked.body(state, message, local);
        let slot = match there {
            Some(slot) => {
                state.store.replace(slot, &body, vec![asked.link]);
                slot
            }
            None => state.store.insert(Object {
                family,
                identity: Identity::new(&identity),
                index: 0,
                body: body[..].into(),
                references: vec![asked.link],
            }),
        };
        notices.tell(state, slot, RTM_NEWADDR, 0);
        Ok(())
    }

    fn delete(
        &self,
        state: &mut State,
        family: FamilyId,
        message: &Message<'_>,
        notices: &mut Notices,
    ) -> Result<(), Refusal> {
        let asked = Asked::of(state, message)?;
        // What the request leaves open matches: without IFA_ADDRESS any prefix length, without an address any.
        let ipv4 = asked.header.ifa_family == AF_INET;
        let identity = match asked.local {
            Some(local) if !ipv4 || message.attribute(IFA_ADDRESS).is_some() => asked.identity(local),
            Some(local) => [&on_link(AF_INET, asked.header.ifa_index), local].concat(),
            None => on_link(asked.header.ifa_family, asked.header.ifa_index),
        };
        let slot = state.store.with_prefix(family, &identity).next().map(|(slot, _)| slot);
        let slot = slot.ok_or_else(|| refuse(Errno::EADDRNOTAVAIL, asked.texts.missing))?;
        notices.tell(state, slot, RTM_DELADDR, 0);
        // The secondary addresses of its prefix go with a primary one.
        let secondary = state.store.get(slot).map(secondaries_of).unwrap_or_default();
        state.remove(slot);
        let Some((header, local)) = secondary else { return Ok(()) };
        let prefix = on_link(header.ifa_family, header.ifa_index);
        let gone: Vec<Slot> = state
            .store
            .with_prefix(family, &prefix)
            .filter(|(_, other)| same_prefix(other, header.ifa_prefixlen, &local))
            .map(|(slot, _)| slot)
            .collect();
        for slot in gone {
            state.remove(slot);
        }
        Ok(())
    }

    fn find(&self, state: &State, family: FamilyId, message: &Message<'_>) -> Result<Slot, Refusal> {
        let asked = Asked::of(state, message)?;
        let local = asked.local.ok_or(Errno::EINVAL)?;
        Ok(state.store.find(family, &asked.identity(local)).ok_or(Errno::EADDRNOTAVAIL)?)
    }

    fn admits(&self, _: &State, request: &Message<'_>, object: &Object) -> bool {
        let wanted: AddressHeader = request.header().unwrap_or_default();
        let shown = AddressHeader::parse(&object.body).unwrap_or_default();
        (wanted.ifa_family == 0 || wanted.ifa_family == shown.ifa_family)
            && (wanted.ifa_index == 0 || wanted.ifa_index == shown.ifa_index)
    }

    /// With the last IPv4 address of a link go the IPv4 routes that name the link themselves.
    fn removed(&self, state: &mut State, object: &Object, queue: &mut Vec<Slot>) {
        let Some(header) = AddressHeader::parse(&object.body) else { return };
        let prefix = on_link(AF_INET, header.ifa_index);
        if header.ifa_family != AF_INET || state.store.with_prefix(ADDRESS, &prefix).next().is_some() {
            return;
        }
        let Some(link) = link::slot(state, header.ifa_index) else { return };
        queue.extend(state.store.users(link).into_iter().filter(|user| {
            state
                .store
                .get(*user)
                .is_some_and(|user| user.family == ROUTE && user.body.first() == Some(&AF_INET))
        }));
    }
}

/// The addresses that the loopback device has once it is up.
pub(super) fn add_loopback(state: &mut State, index: u32) {
    let local: [(u8, u8, &[u8]); 2] =
        [(AF_INET, 8, &[127, 0, 0, 1]), (AF_INET6, 128, &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1])];
    for (ifa_family, ifa_prefixlen, address) in local {
        let prefix = on_link(ifa_family, index);
        let Some(link) = link::slot(state, index) else { return };
        if state.store.with_prefix(ADDRESS, &prefix).next().is_some() {
            continue;
        }
        let header = AddressHeader {
            ifa_family,
            ifa_prefixlen,
            ifa_scope: RT_SCOPE_HOST,
            ifa_index: index,
            ..AddressHeader::default()
        };
        let asked = Asked { header, local: Some(address), texts: &IPV4, link };
        let view = MessageView { message_type: RTM_NEWADDR, flags: 0, seq: 0, port: 0, body: &[] };
        let body = asked.body(state, &Message::new(view, AddressHeader::LEN), address);
        state.store.insert(Object {
            family: ADDRESS,
            identity: Identity::new(&asked.identity(address)),
            index: 0,
            body: body[..].into(),
            references: vec![link],
        });
    }
}

/// What the identities of a link's addresses start with.
fn on_link(family: u8, index: u32) -> Vec<u8> {
    let mut prefix = vec![family];
    prefix.extend_from_slice(&index.to_be_bytes());
    prefix
}

/// The IPv4 address that makes one of the same prefix on the same link a secondary one.
fn primary(state: &State, header: &AddressHeader, local: &[u8]) -> Option<Slot> {
    let prefix = on_link(AF_INET, header.ifa_index);
    let found = state.store.with_prefix(ADDRESS, &prefix).find(|(_, other)| {
        same_prefix(other, header.ifa_prefixlen, local) && address_of(other) != Some(local)
    });
    found.map(|(slot, _)| slot)
}

/// The header and the address of a primary IPv4 address.
fn secondaries_of(object: &Object) -> Option<(AddressHeader, Vec<u8>)> {
    let header = AddressHeader::parse(&object.body)?;
    let secondary = u32::from(header.ifa_flags) & IFA_F_SECONDARY != 0;
    (header.ifa_family == AF_INET && !secondary)
        .then(|| (header, address_of(object).unwrap_or_default().to_vec()))
}

fn same_prefix(object: &Object, len: u8, address: &[u8]) -> bool {
    let header = AddressHeader::parse(&object.body).unwrap_or_default();
    header.ifa_prefixlen == len && address_of(object).is_some_and(|other| in_prefix(address, other, len))
}

/// The address as the link's own.
fn address_of(object: &Object) -> Option<&[u8]> {
    attribute_in(&object.body, AddressHeader::LEN, IFA_LOCAL)
        .or_else(|| attribute_in(&object.body, AddressHeader::LEN, IFA_ADDRESS))
}

/// Whether two addresses agree in their first `len` bits.
pub(super) fn in_prefix(one: &[u8], other: &[u8], len: u8) -> bool {
    let (whole, rest) = (usize::from(len / 8), len % 8);
    let mask = !(0xff_u8.checked_shr(u32::from(rest)).unwrap_or(0));
    one.len() == other.len()
        && one.get(..whole) == other.get(..whole)
        && (rest == 0 || one.get(whole).map(|byte| byte & mask) == other.get(whole).map(|byte| byte & mask))
}

/// What an address is to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nearness {
    /// The link's own.
    Own,
    /// The broadcast or network address of one of its prefixes.
    Broadcast,
    /// In one of its prefixes.
    OnLink,
    /// Not reachable without a gateway.
    Far,
}

/// What `address` is to the link, judged by the link's addresses.
pub(super) fn nearness(state: &State, index: u32, family: u8, address: &[u8]) -> Nearness {
    let prefix = on_link(family, index);
    let mut found = Nearness::Far;
    for (_, object) in state.store.with_prefix(ADDRESS, &prefix) {
        let len = object.body.get(1).copied().unwrap_or_default();
        let Some(own) = address_of(object) else { continue };
        if own == address {
            return Nearness::Own;
        }
        if !in_prefix(own, address, len) {
            continue;
        }
        let host_bits = |fill: u8| {
            address.iter().enumerate().all(|(at, byte)| {
                let inside = u32::from(len).saturating_sub(at as u32 * 8).min(8);
                let mask = 0xff_u8.checked_shr(inside).unwrap_or(0);
                byte & mask == fill & mask
            })
        };
        found = match family {
            AF_INET if len < 31 && (host_bits(0xff) || host_bits(0)) => Nearness::Broadcast,
            _ => Nearness::OnLink,
        };
    }
    found
}

/// The link that has an IPv4 prefix with the address in it.
pub(super) fn link_towards(state: &State, address: &[u8]) -> Option<u32> {
    state
        .store
        .with_prefix(ADDRESS, &[AF_INET])
        .filter_map(|(_, object)| AddressHeader::parse(&object.body))
        .map(|header| header.ifa_index)
        .find(|index| {
            state.links.get(*index).is_some_and(|link| link.is_up())
                && nearness(state, *index, AF_INET, address) == Nearness::OnLink
        })
}
