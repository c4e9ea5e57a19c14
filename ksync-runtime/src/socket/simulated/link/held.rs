//! What a link is, how it looks in a dump, and the table of them.

use std::collections::{BTreeMap, BTreeSet};

use bytes::BytesMut;
use nix::errno::Errno;

use super::super::identity::Identity;
use super::super::message::{AttributeWalk, Message, Refusal, refuse, u32_of};
use super::super::state::{LINK, State};
use super::super::store::{Object, Slot};
use super::refresh;
use crate::wire::rtnetlink::*;
use crate::wire::{Attributes, FixedHeader};

/// The kinds that have manners of their own here.
pub(super) const KINDS: [&str; 3] = ["veth", "bridge", "vxlan"];

/// `ARPHRD_ETHER`, `ARPHRD_LOOPBACK` (linux/if_arp.h).
const ETHER: u16 = 1;
const LOOPBACK: u16 = 772;

/// `IFF_MULTICAST` (linux/if.h).
const IFF_MULTICAST: u32 = 0x1000;

/// Flags that a request can set.
const SETTABLE: u32 = IFF_UP | IFF_NOARP | IFF_PROMISC;

/// `IF_OPER_UNKNOWN`, `IF_OPER_DOWN`, `IF_OPER_LOWERLAYERDOWN`, `IF_OPER_UP` (linux/if.h).
const OPER_UNKNOWN: u8 = 0;
const OPER_DOWN: u8 = 2;
const OPER_LOWER_LAYER_DOWN: u8 = 3;
const OPER_UP: u8 = 6;

/// Attributes that are kept and shown as they were given.
const KEPT: [u16; 4] = [IFLA_ADDRESS, IFLA_TXQLEN, IFLA_IFALIAS, IFLA_GROUP];

/// What the kernel shows of a kind's data that nobody set.
fn default_data(kind: &str) -> Vec<(u16, Vec<u8>)> {
    let number = |nla: u16, value: u32| (nla, value.to_ne_bytes().to_vec());
    let byte = |nla: u16, value: u8| (nla, vec![value]);
    match kind {
        "bridge" => vec![
            number(IFLA_BR_FORWARD_DELAY, 1500),
            number(IFLA_BR_HELLO_TIME, 200),
            number(IFLA_BR_MAX_AGE, 2000),
            number(IFLA_BR_AGEING_TIME, 30_000),
            number(IFLA_BR_STP_STATE, 0),
            (IFLA_BR_PRIORITY, 32_768_u16.to_ne_bytes().to_vec()),
            byte(IFLA_BR_VLAN_FILTERING, 0),
            (IFLA_BR_VLAN_PROTOCOL, 0x8100_u16.to_be_bytes().to_vec()),
            byte(IFLA_BR_MCAST_SNOOPING, 1),
            (IFLA_BR_VLAN_DEFAULT_PVID, 1_u16.to_ne_bytes().to_vec()),
        ],
        "vxlan" => vec![
            number(IFLA_VXLAN_ID, 0),
            byte(IFLA_VXLAN_TTL, 0),
            byte(IFLA_VXLAN_TOS, 0),
            byte(IFLA_VXLAN_LEARNING, 1),
            number(IFLA_VXLAN_AGEING, 300),
            number(IFLA_VXLAN_LIMIT, 0),
            (IFLA_VXLAN_PORT, 8472_u16.to_be_bytes().to_vec()),
        ],
        _ => Vec::new(),
    }
}

/// One link.
#[derive(Debug)]
pub(in super::super) struct Link {
    pub(in super::super) name: String,
    /// `IFLA_INFO_KIND`; empty for the loopback device.
    pub(in super::super) kind: String,
    /// Index of the other end of a veth.
    pub(in super::super) peer: Option<u32>,
    /// Index of the bridge that this is a port of.
    pub(in super::super) master: Option<u32>,
    /// Whether the hardware sees a signal, in so far as that depends on the links around.
    pub(super) carrier: bool,
    /// What a test says about the carrier, whatever the links around say.
    pub(super) forced: Option<bool>,
    /// Attributes of the kind → payload.
    pub(super) data: BTreeMap<u16, Vec<u8>>,
    /// Where its object lies.
    pub(in super::super) slot: Slot,
    flags: u32,
    mtu: u32,
    attributes: BTreeMap<u16, Vec<u8>>,
}

impl Link {
    pub(super) fn new(name: String, kind: &str) -> Self {
        Link {
            name,
            kind: kind.to_owned(),
            peer: None,
            master: None,
            carrier: kind != "veth",
            forced: None,
            data: default_data(kind).into_iter().collect(),
            slot: Slot::default(),
            flags: IFF_BROADCAST | IFF_MULTICAST,
            mtu: 1500,
            attributes: BTreeMap::new(),
        }
    }

    pub(in super::super) fn is_up(&self) -> bool {
        self.flags & IFF_UP != 0
    }

    /// Whether it carries traffic: it is up and has a carrier.
    pub(in super::super) fn runs(&self) -> bool {
        self.is_up() && self.forced.unwrap_or(self.carrier)
    }

    pub(in super::super) fn is_loopback(&self) -> bool {
        self.flags & IFF_LOOPBACK != 0
    }

    /// Like the kernel: the bits in `ifi_change`, or all of them if that is zero and `ifi_flags` is not.
    pub(super) fn change_flags(&mut self, header: &LinkHeader) {
        let mask = match (header.ifi_change, header.ifi_flags) {
            (0, 0) => 0,
            (0, _) => SETTABLE,
            (change, _) => change & SETTABLE,
        };
        self.flags = (self.flags & !mask) | (header.ifi_flags & mask);
    }

    pub(super) fn check_mtu(&self, message: &Message<'_>) -> Result<(), Refusal> {
        match message.u32(IFLA_MTU) {
            Some(mtu) if !self.is_loopback() && mtu < 68 => {
                Err(refuse(Errno::EINVAL, "mtu less than device minimum"))
            }
            Some(mtu) if !self.is_loopback() && mtu > 65_535 => {
                Err(refuse(Errno::EINVAL, "mtu greater than device maximum"))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn take_attributes(&mut self, message: &Message<'_>) {
        self.mtu = message.u32(IFLA_MTU).unwrap_or(self.mtu);
        for attribute in message.attributes().filter(|attribute| KEPT.contains(&attribute.nla)) {
            self.attributes.insert(attribute.nla, attribute.payload.to_vec());
        }
    }

    pub(super) fn take_data(&mut self, data: &[u8]) {
        for attribute in AttributeWalk::new(data, 0) {
            self.data.insert(attribute.nla, attribute.payload.to_vec());
        }
    }

    /// Index of the link that a vxlan stands on.
    pub(super) fn lower(&self) -> Option<u32> {
        self.data.get(&IFLA_VXLAN_LINK).and_then(|lower| u32_of(lower)).filter(|lower| *lower != 0)
    }

    fn group(&self) -> u32 {
        self.attributes.get(&IFLA_GROUP).and_then(|group| u32_of(group)).unwrap_or(0)
    }

    fn render(&self, index: u32, out: &mut BytesMut) {
        let running = if self.runs() { IFF_RUNNING | IFF_LOWER_UP } else { 0 };
        let mut header = [0; LinkHeader::LEN];
        LinkHeader {
            ifi_type: if self.is_loopback() { LOOPBACK } else { ETHER },
            ifi_index: i32::try_from(index).unwrap_or(i32::MAX),
            ifi_flags: self.flags | running,
            ..LinkHeader::default()
        }
        .emit(&mut header);
        out.extend_from_slice(&header);
        let state = match (self.is_up(), self.runs()) {
            (false, _) => OPER_DOWN,
            (true, true) if self.kind == "veth" || self.kind == "bridge" => OPER_UP,
            (true, true) => OPER_UNKNOWN,
            (true, false) if self.kind == "veth" => OPER_LOWER_LAYER_DOWN,
            (true, false) => OPER_DOWN,
        };
        let mut attributes = Attributes::new(out);
        attributes.put(IFLA_IFNAME, &self.name);
        attributes.put(IFLA_OPERSTATE, &state);
        attributes.put(IFLA_LINKMODE, &0_u8);
        attributes.put(IFLA_MTU, &self.mtu);
        attributes.put(IFLA_CARRIER, &self.forced.unwrap_or(self.carrier));
        if let Some(master) = self.master {
            attributes.put(IFLA_MASTER, &master);
        }
        if let Some(peer) = self.peer {
            attributes.put(IFLA_LINK, &peer);
        }
        for nla in KEPT {
            match (self.attributes.get(&nla), nla) {
                (Some(payload), _) => attributes.put_bytes(nla, payload),
                (None, IFLA_ADDRESS) => attributes.put_bytes(nla, &self.hardware_address(index)),
                (None, IFLA_TXQLEN) => attributes.put(nla, &1000_u32),
                (None, IFLA_GROUP) => attributes.put(nla, &0_u32),
                (None, _) => {}
            }
        }
        attributes.put_bytes(IFLA_BROADCAST, &[if self.is_loopback() { 0 } else { 0xff }; 6]);
        if self.kind.is_empty() {
            return;
        }
        attributes.nested(IFLA_LINKINFO, |info| {
            info.put(IFLA_INFO_KIND, &self.kind);
            if !self.data.is_empty() {
                info.nested(IFLA_INFO_DATA, |data| {
                    for (nla, payload) in &self.data {
                        data.put_bytes(*nla, payload);
                    }
                });
            }
            if self.master.is_some() {
                info.put(IFLA_INFO_SLAVE_KIND, &"bridge".to_owned());
            }
        });
    }

    /// A locally administered address made of the index; the kernel takes one by chance.
    fn hardware_address(&self, index: u32) -> [u8; 6] {
        if self.is_loopback() {
            return [0; 6];
        }
        let [a, b, c, d] = index.to_be_bytes();
        [0x02, 0x00, a, b, c, d]
    }
}

/// All links.
///
/// Invariant: `by_name` holds just the names of the links in `by_index`.
#[derive(Debug, Default)]
pub(in super::super) struct Links {
    /// Index → link.
    by_index: BTreeMap<u32, Link>,
    /// Name → index.
    by_name: BTreeMap<String, u32>,
    /// The latest index that the kernel chose. One that a request asked for does not count.
    latest: u32,
    /// Kinds besides [`KINDS`].
    kinds: BTreeSet<String>,
}

impl Links {
    pub(in super::super) fn get(&self, index: u32) -> Option<&Link> {
        self.by_index.get(&index)
    }

    pub(super) fn get_mut(&mut self, index: u32) -> Option<&mut Link> {
        self.by_index.get_mut(&index)
    }

    pub(in super::super) fn by_name(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(super) fn in_group(&self, group: u32) -> Vec<u32> {
        self.by_index.iter().filter(|(_, link)| link.group() == group).map(|(index, _)| *index).collect()
    }

    pub(super) fn has_kind(&self, kind: &str) -> bool {
        self.kinds.contains(kind)
    }

    pub(in super::super) fn add_kind(&mut self, kind: &str) {
        self.kinds.insert(kind.to_owned());
    }

    /// Whether there is a vxlan of the same number on the same port.
    pub(super) fn same_vxlan(&self, new: &Link) -> bool {
        self.by_index.values().filter(|link| link.kind == "vxlan").any(|link| {
            [IFLA_VXLAN_ID, IFLA_VXLAN_PORT, IFLA_VXLAN_LINK]
                .iter()
                .all(|nla| link.data.get(nla) == new.data.get(nla))
        })
    }

    /// A name for a pattern: `%d` stands for the lowest number that makes it unique.
    pub(super) fn expand(&self, pattern: &str) -> String {
        if !pattern.contains("%d") {
            return pattern.to_owned();
        }
        (0..=self.by_name.len())
            .map(|number| pattern.replacen("%d", &number.to_string(), 1))
            .find(|name| !self.by_name.contains_key(name))
            .unwrap_or_default()
    }

    pub(super) fn rename(&mut self, index: u32, name: &str) -> Result<(), Refusal> {
        if self.by_name(name) == Some(index) || self.get(index).is_none() {
            return Ok(());
        }
        if name.is_empty() {
            return Err(Errno::EINVAL.into());
        }
        if self.by_name(name).is_some() {
            return Err(Errno::EEXIST.into());
        }
        if let Some(link) = self.by_index.get_mut(&index) {
            self.by_name.remove(&link.name);
            link.name = name.to_owned();
            self.by_name.insert(name.to_owned(), index);
        }
        Ok(())
    }

    pub(super) fn remove(&mut self, index: u32) -> Option<Link> {
        let link = self.by_index.remove(&index)?;
        self.by_name.remove(&link.name);
        Some(link)
    }

    /// The next index: indexes are not used again soon.
    fn allocate(&mut self) -> u32 {
        loop {
            self.latest = if self.latest >= i32::MAX.unsigned_abs() { 1 } else { self.latest + 1 };
            if !self.by_index.contains_key(&self.latest) {
                return self.latest;
            }
        }
    }
}

/// Adds a link, under the index `asked` for if that is not zero.
pub(super) fn add(state: &mut State, asked: u32, mut link: Link, references: Vec<Slot>) -> u32 {
    let index = if asked == 0 { state.links.allocate() } else { asked };
    link.slot = state.store.insert(Object {
        family: LINK,
        identity: Identity::new(&index.to_be_bytes()),
        index,
        body: Box::default(),
        references,
    });
    state.links.by_name.insert(link.name.clone(), index);
    state.links.by_index.insert(index, link);
    publish(state, index);
    index
}

/// Lets dumps show the link as it is now.
pub(super) fn publish(state: &mut State, index: u32) {
    let Some(link) = state.links.get(index) else { return };
    let slot = link.slot;
    let mut body = BytesMut::new();
    link.render(index, &mut body);
    refresh(state, slot, &body);
}

/// The link that every namespace starts with.
pub(in super::super) fn add_loopback(state: &mut State) {
    let mut link = Link::new("lo".to_owned(), "");
    link.flags = IFF_LOOPBACK;
    link.mtu = 65_536;
    add(state, 0, link, Vec::new());
}
