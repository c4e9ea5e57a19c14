//! The simulated kernel has the manners of the real one: both get the same requests, byte for byte, and
//! must answer alike: error numbers, texts and offsets, echoes and their order, what is there afterwards.
//!
//! The real one is used in a network namespace of its own: the test starts itself again under `unshare`
//! (util-linux). Where that is not allowed the test says so on standard error, and passes.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Command;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use ksync_runtime::socket::simulated::SimulatedKernel;
use ksync_runtime::socket::{Kernel, Netlink, Received};
use ksync_runtime::wire::rtnetlink::*;
use ksync_runtime::wire::{Answer, AttributeList, Attributes, FixedHeader, Messages, Request};

/// Set in the process that runs inside the namespace.
const INSIDE: &str = "KSYNC_SIMULATED_MANNERS_INSIDE";

/// `net.core.rmem_default`: it holds the 256 answers that the simulated kernel has room for.
const DEFAULT_RECEIVE_BUFFER: usize = 212_992;

const CREATE: u16 = NLM_F_CREATE | NLM_F_ACK;
const NEW: u16 = CREATE | NLM_F_EXCL;
const REPLACE: u16 = CREATE | NLM_F_REPLACE;
const ACK: u16 = NLM_F_ACK;
const ECHO: u16 = NLM_F_ECHO;

#[test]
fn simulated_and_real_kernel_answer_alike() {
    if std::env::var_os(INSIDE).is_some() {
        return compare();
    }
    const UNSHARE: [&str; 3] = ["--user", "--map-root-user", "--net"];
    let allowed = Command::new("unshare").args(UNSHARE).arg("true").output();
    if !allowed.is_ok_and(|output| output.status.success()) {
        writeln!(
            std::io::stderr(),
            "SKIPPED: simulated_and_real_kernel_answer_alike: network namespaces are not allowed here"
        )
        .expect("standard error");
        return;
    }
    let output = Command::new("unshare")
        .args(UNSHARE)
        .arg(std::env::current_exe().expect("the path of this test"))
        .args(["--exact", "simulated_and_real_kernel_answer_alike", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("unshare");
    let said = String::from_utf8_lossy(&output.stdout);
    let passed = output.status.success() && said.contains("1 passed");
    assert!(passed, "{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// Runs the script against both kernels.
fn compare() {
    let mut real = Netlink::route().expect("a netlink socket");
    real.set_receive_buffer(DEFAULT_RECEIVE_BUFFER).expect("it shrinks");
    let mut simulated = SimulatedKernel::new();
    let mut differences = String::new();
    let script = script();
    for (name, batch) in &script {
        let mut expected = answers(&mut real, batch);
        let got = answers(&mut simulated, batch);
        // The real kernel takes its time over carriers; a question can be asked again.
        let patience = Instant::now() + Duration::from_secs(5);
        while asks_only(batch) && first_difference(&expected, &got).is_some() && Instant::now() < patience {
            std::thread::sleep(Duration::from_millis(20));
            expected = answers(&mut real, batch);
        }
        if let Some(at) = first_difference(&expected, &got) {
            let (real, simulated) = (expected.get(at), got.get(at));
            writeln!(differences, "{name}, answer {at}:\n  real      {real:?}\n  simulated {simulated:?}")
                .expect("a string");
        }
    }
    assert!(differences.is_empty(), "{differences}");
    assert!(script.len() > 100, "the script is all there");
}

/// The first answer about which the kernels disagree.
fn first_difference(real: &[Seen], simulated: &[Seen]) -> Option<usize> {
    let differs = |at: &usize| match (real.get(*at), simulated.get(*at)) {
        (Some(real), Some(simulated)) => !simulated.agrees(real),
        _ => true,
    };
    (0..real.len().max(simulated.len())).find(differs)
}

/// Whether the first message of a batch is one of the `RTM_GET` ones: they are the third of four each.
fn asks_only(batch: &[u8]) -> bool {
    Messages::new(batch)
        .next()
        .is_some_and(|message| message.is_ok_and(|message| message.message_type % 4 == 2))
}

/// One answer, less what can't be the same.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Seen {
    Verdict { seq: u32, errno: i32, text: Option<String>, offset: Option<usize> },
    Done,
    Object { message_type: u16, flags: u16, header: Vec<u8>, attributes: Vec<(u16, Vec<u8>)> },
    Overrun,
}

impl Seen {
    /// Whether the simulated answer `self` says what the real one says. It may leave attributes out.
    fn agrees(&self, real: &Seen) -> bool {
        match (self, real) {
            (Seen::Done, Seen::Done) | (Seen::Overrun, Seen::Overrun) => true,
            (
                Seen::Verdict { seq, errno, text, offset },
                Seen::Verdict { seq: s, errno: e, text: t, offset: o },
            ) => (seq, errno, text, offset) == (s, e, t, o),
            (
                Seen::Object { message_type, flags, header, attributes },
                Seen::Object { message_type: t, flags: f, header: h, attributes: a },
            ) => (message_type, flags, header) == (t, f, h) && attributes.iter().all(|one| a.contains(one)),
            _ => false,
        }
    }
}

/// Sends a batch and reads all answers. Dumps come in several datagrams.
fn answers(kernel: &mut dyn Kernel, batch: &[u8]) -> Vec<Seen> {
    kernel.send(batch).expect("the batch is taken");
    let mut seen = Vec::new();
    let mut datagram = BytesMut::new();
    loop {
        match kernel.receive(&mut datagram).expect("the connection works") {
            Received::Nothing => {
                // The kernel shows addresses in an order that is its own affair.
                if matches!(seen.first(), Some(Seen::Object { message_type: RTM_NEWADDR, .. })) {
                    seen.sort();
                }
                return seen;
            }
            Received::Overrun => seen.push(Seen::Overrun),
            Received::Datagram => {
                seen.extend(Messages::new(&datagram).map(|message| read(message.expect("a message"))));
            }
        }
    }
}

fn read(message: ksync_runtime::wire::MessageView<'_>) -> Seen {
    match Answer::of(message).expect("an answer") {
        Answer::Acknowledged => Seen::Verdict { seq: message.seq, errno: 0, text: None, offset: None },
        Answer::Failed { errno, text, offset } => Seen::Verdict { seq: message.seq, errno, text, offset },
        Answer::Done => Seen::Done,
        Answer::Object(message) => object(message.message_type, message.flags, message.body),
        Answer::Other => panic!("neither kernel sends this"),
    }
}

/// What two kernels can't agree about is left out: hardware addresses, times, states that are late.
fn object(message_type: u16, flags: u16, body: &[u8]) -> Seen {
    let (header_len, ignored): (usize, &[u16]) = match message_type {
        RTM_NEWLINK | RTM_DELLINK => {
            (LinkHeader::LEN, &[IFLA_ADDRESS, IFLA_LINKINFO, IFLA_OPERSTATE, IFLA_LINK])
        }
        RTM_NEWADDR | RTM_DELADDR => (AddressHeader::LEN, &[IFA_CACHEINFO]),
        RTM_NEWNEXTHOP | RTM_DELNEXTHOP => (NexthopHeader::LEN, &[]),
        _ => (12, &[]),
    };
    let attributes = AttributeList::parse(&body[header_len..]).expect("attributes");
    let attributes = attributes
        .iter()
        .filter(|(nla, _)| !ignored.contains(nla))
        .map(|(nla, payload)| (nla, payload.to_vec()))
        .collect();
    Seen::Object { message_type, flags, header: body[..header_len].to_vec(), attributes }
}

/// The requests, each with a name.
#[derive(Default)]
struct Script {
    steps: Vec<(String, Vec<u8>)>,
}

impl Script {
    fn ask<H: FixedHeader>(
        &mut self,
        name: &str,
        message_type: u16,
        flags: u16,
        header: H,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) {
        let bytes = self.message(message_type, flags, header, fill);
        self.steps.push((name.to_owned(), bytes));
    }

    fn message<H: FixedHeader>(
        &self,
        message_type: u16,
        flags: u16,
        header: H,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) -> Vec<u8> {
        let mut bytes = BytesMut::new();
        let seq = u32::try_from(self.steps.len() + 1).expect("a short script");
        let mut message = Request::new(&mut bytes, seq, 0).begin::<H>(message_type, flags);
        message.header = header;
        fill(&mut message.attributes);
        message.finish().expect("the message fits");
        bytes.to_vec()
    }

    fn link(&mut self, name: &str, flags: u16, header: LinkHeader, fill: impl FnOnce(&mut Attributes<'_>)) {
        self.ask(name, RTM_NEWLINK, flags, header, fill);
    }

    fn address(&mut self, name: &str, message_type: u16, flags: u16, index: u32, address: &str, len: u8) {
        let address = ip(address);
        let header = AddressHeader {
            ifa_family: family(address),
            ifa_prefixlen: len,
            ifa_index: index,
            ..Default::default()
        };
        self.ask(name, message_type, flags, header, |attributes| {
            attributes.put(IFA_LOCAL, &address);
            attributes.put(IFA_ADDRESS, &address);
        });
    }

    fn nexthop(&mut self, name: &str, flags: u16, id: u32, oif: u32, gateway: &str, nh_flags: u32) {
        let gateway = (!gateway.is_empty()).then(|| ip(gateway));
        let header = NexthopHeader {
            nh_family: gateway.map_or(AF_INET, family),
            nh_protocol: RTPROT_STATIC,
            nh_flags,
            ..Default::default()
        };
        self.ask(name, RTM_NEWNEXTHOP, flags, header, |attributes| {
            attributes.put(NHA_ID, &id);
            attributes.put(NHA_OIF, &oif);
            if let Some(gateway) = gateway {
                attributes.put(NHA_GATEWAY, &gateway);
            }
        });
    }

    fn route(&mut self, name: &str, flags: u16, to: &str, nexthop: u32) {
        self.route_with(
            name,
            RTM_NEWROUTE,
            flags,
            to,
            |_| {},
            |attributes| attributes.put(RTA_NH_ID, &nexthop),
        );
    }

    fn delete_route(&mut self, name: &str, to: &str, change: impl FnOnce(&mut RouteHeader)) {
        let change = |header: &mut RouteHeader| {
            header.rtm_type = 0;
            header.rtm_protocol = 0;
            header.rtm_scope = RT_SCOPE_NOWHERE;
            change(header);
        };
        self.route_with(name, RTM_DELROUTE, ACK | ECHO, to, change, |_| {});
    }

    fn route_with(
        &mut self,
        name: &str,
        message_type: u16,
        flags: u16,
        to: &str,
        change: impl FnOnce(&mut RouteHeader),
        fill: impl FnOnce(&mut Attributes<'_>),
    ) {
        let (address, len) = to.split_once('/').expect("a prefix");
        let (address, len) = (ip(address), len.parse().expect("a length"));
        let mut header = RouteHeader {
            rtm_family: family(address),
            rtm_dst_len: len,
            rtm_table: RT_TABLE_MAIN as u8,
            rtm_protocol: RTPROT_STATIC,
            rtm_type: RTN_UNICAST,
            ..Default::default()
        };
        change(&mut header);
        self.ask(name, message_type, flags, header, |attributes| {
            if len > 0 {
                attributes.put(RTA_DST, &address);
            }
            fill(attributes);
        });
    }

    /// Reads all that the script can have made.
    fn look(&mut self, when: &str) {
        self.ask(&format!("nexthops {when}"), RTM_GETNEXTHOP, NLM_F_DUMP, NexthopHeader::default(), |_| {});
        for rtm_family in [AF_INET, AF_INET6] {
            let header = RouteHeader {
                rtm_family,
                rtm_table: RT_TABLE_MAIN as u8,
                rtm_protocol: RTPROT_STATIC,
                ..Default::default()
            };
            self.ask(&format!("routes {when}"), RTM_GETROUTE, NLM_F_DUMP, header, |_| {});
        }
        let header = AddressHeader { ifa_family: AF_INET, ..Default::default() };
        self.ask(&format!("addresses {when}"), RTM_GETADDR, NLM_F_DUMP, header, |_| {});
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn family(address: IpAddr) -> u8 {
    if address.is_ipv4() { AF_INET } else { AF_INET6 }
}

fn numbered(index: i32) -> LinkHeader {
    LinkHeader { ifi_index: index, ..Default::default() }
}

fn set_up(index: i32, up: bool) -> LinkHeader {
    LinkHeader { ifi_index: index, ifi_flags: u32::from(up), ifi_change: IFF_UP, ..Default::default() }
}

fn named(name: &str) -> impl FnOnce(&mut Attributes<'_>) {
    let name = name.to_owned();
    move |attributes| attributes.put(IFLA_IFNAME, &name)
}

fn kind(name: &str, kind: &str, data: impl FnOnce(&mut Attributes<'_>)) -> impl FnOnce(&mut Attributes<'_>) {
    let (name, kind) = (name.to_owned(), kind.to_owned());
    move |attributes| {
        attributes.put(IFLA_IFNAME, &name);
        attributes.nested(IFLA_LINKINFO, |info| {
            info.put(IFLA_INFO_KIND, &kind);
            info.nested(IFLA_INFO_DATA, data);
        });
    }
}

fn bridge(name: &str) -> impl FnOnce(&mut Attributes<'_>) {
    kind(name, "bridge", |data| data.put(IFLA_BR_STP_STATE, &0_u32))
}

fn veth(name: &str, peer: &str) -> impl FnOnce(&mut Attributes<'_>) {
    let peer = peer.to_owned();
    kind(name, "veth", move |data| {
        data.nested(VETH_INFO_PEER, |info| {
            info.raw(&[0; LinkHeader::LEN]);
            info.put(IFLA_IFNAME, &peer);
        });
    })
}

fn vxlan(name: &str, id: u32) -> impl FnOnce(&mut Attributes<'_>) {
    kind(name, "vxlan", move |data| data.put(IFLA_VXLAN_ID, &id))
}

// The indexes that both kernels give, in this order.
const LO: i32 = 1;
const V1: i32 = 2;
const V0: i32 = 3;
const BR0: i32 = 4;
const VX0: i32 = 5;

fn script() -> Vec<(String, Vec<u8>)> {
    let mut script = Script::default();
    links(&mut script);
    addresses(&mut script);
    nexthops(&mut script);
    ipv4_routes(&mut script);
    ipv6_routes(&mut script);
    neighbours(&mut script);
    rules(&mut script);
    batches(&mut script);
    disappearances(&mut script);
    script.steps
}

fn links(script: &mut Script) {
    let none = LinkHeader::default();
    script.link("veth, echoed", NEW | ECHO, none, veth("v0", "v1"));
    script.link("bridge, echoed", NEW | ECHO, none, bridge("br0"));
    script.link("vxlan, not echoed", NEW | ECHO, none, vxlan("vx0", 77));
    script.link("name taken", NEW, none, bridge("v0"));
    script.link("peer's name taken", NEW, none, veth("v9", "v1"));
    script.link("change of what is there", CREATE | ECHO, none, named("v0"));
    script.link("replace", ACK | NLM_F_REPLACE, none, named("v0"));
    script.link("vxlan of the same number", NEW, none, vxlan("vx1", 77));
    script.link("vxlan number too big", NEW, none, vxlan("vx1", 1 << 24));
    script.link("vxlan number changed", ACK, none, vxlan("vx0", 78));
    script.link("bridge data on a vxlan", ACK, none, bridge("vx0"));
    script.link("kind unknown", NEW, none, kind("x0", "nosuch", |_| {}));
    script.link("no kind", NEW, none, named("x0"));
    script.link("change of a missing name", ACK, none, named("x0"));
    script.link("change of a missing index", ACK, set_up(999, true), |_| {});
    script.link("negative index", ACK, numbered(-5), |_| {});
    script.link("index taken", NEW, numbered(BR0), bridge("x0"));
    script.link("name too long", NEW, none, bridge("abcdefghijklmnop"));
    script.link("name with a slash", NEW, none, bridge("a/b"));
    script.link("mtu too big", ACK, numbered(V0), |attributes| attributes.put(IFLA_MTU, &(1_u32 << 20)));
    script.link("mtu too small", ACK, numbered(V0), |attributes| attributes.put(IFLA_MTU, &10_u32));
    script.link("mtu of two bytes", ACK, numbered(V0), |attributes| attributes.put(IFLA_MTU, &10_u16));
    script.link("mtu", ACK, numbered(V0), |attributes| attributes.put(IFLA_MTU, &1500_u32));
    let master = |master: i32| move |attributes: &mut Attributes<'_>| attributes.put(IFLA_MASTER, &master);
    script.link("master missing", ACK, numbered(V0), master(999));
    script.link("master no bridge", ACK, numbered(V0), master(LO));
    script.link("bridge in itself", ACK, numbered(BR0), master(BR0));
    script.link("echoed although its master is missing", NEW | ECHO, none, |attributes| {
        bridge("q0")(attributes);
        attributes.put(IFLA_MASTER, &999_u32);
    });
    script.ask("and not there", RTM_GETLINK, 0, none, named("q0"));
    script.ask("get by name", RTM_GETLINK, ACK, none, named("v0"));
    script.ask("get by index", RTM_GETLINK, 0, numbered(BR0), |_| {});
    script.ask("get missing", RTM_GETLINK, 0, numbered(999), |_| {});
    script.ask("get nothing", RTM_GETLINK, 0, none, |_| {});
    script.ask("delete loopback", RTM_DELLINK, ACK, numbered(LO), |_| {});
    script.ask("delete missing", RTM_DELLINK, ACK, none, named("x0"));
    script.ask("delete nothing", RTM_DELLINK, ACK, none, |_| {});
    script.ask("setlink on missing", RTM_SETLINK, ACK, none, named("x0"));
    script.link("another veth", NEW, none, veth("w0", "w1"));
    script.ask("deleted with its peer", RTM_DELLINK, ACK | ECHO, none, named("w0"));
    script.ask("the peer is gone", RTM_GETLINK, ACK, none, named("w1"));
    script.link("rename to a taken name", ACK, numbered(V0), named("br0"));
    script.link("rename", ACK, numbered(V0), named("v2"));
    script.link("rename back", ACK, numbered(V0), named("v0"));
}

fn addresses(script: &mut Script) {
    let v0 = V0 as u32;
    script.address("address", RTM_NEWADDR, NEW | ECHO, v0, "10.0.0.1", 24);
    script.address("address again", RTM_NEWADDR, NEW, v0, "10.0.0.1", 24);
    script.address("address replaced", RTM_NEWADDR, REPLACE | ECHO, v0, "10.0.0.1", 24);
    script.address("address with another length", RTM_NEWADDR, NEW, v0, "10.0.0.1", 25);
    script.address("and deleted", RTM_DELADDR, ACK, v0, "10.0.0.1", 25);
    script.address("second address of the prefix", RTM_NEWADDR, NEW | ECHO, v0, "10.0.0.9", 24);
    script.address("address without create", RTM_NEWADDR, ACK, v0, "10.3.0.1", 24);
    script.address("delete missing address", RTM_DELADDR, ACK, v0, "10.9.0.1", 24);
    script.address("address too long", RTM_NEWADDR, NEW, v0, "10.0.0.1", 33);
    script.address("address without link", RTM_NEWADDR, NEW, 999, "10.0.0.1", 24);
    script.address("IPv6 address without link", RTM_NEWADDR, NEW, 999, "fd00::1", 64);
    script.address("delete IPv6 address without link", RTM_DELADDR, ACK, 999, "fd00::1", 64);
    script.address("IPv6 address", RTM_NEWADDR, NEW, v0, "fd00::1", 64);
    script.address("IPv6 address again", RTM_NEWADDR, NEW, v0, "fd00::1", 64);
    script.address("IPv6 address with another length", RTM_NEWADDR, NEW, v0, "fd00::1", 65);
    script.address("delete missing IPv6 address", RTM_DELADDR, ACK, v0, "fd00::9", 64);
    let header =
        AddressHeader { ifa_family: AF_INET, ifa_prefixlen: 24, ifa_index: v0, ..Default::default() };
    script.address("an address twice", RTM_NEWADDR, NEW, v0, "10.0.0.1", 26);
    script.ask("the first of them goes", RTM_DELADDR, ACK, header, |attributes| {
        attributes.put(IFA_LOCAL, &ip("10.0.0.1"));
    });
    script.address("the second goes", RTM_DELADDR, ACK, v0, "10.0.0.1", 26);
    for address in ["10.0.0.1", "10.0.0.9"] {
        script.address("put back", RTM_NEWADDR, NEW | ECHO, v0, address, 24);
    }
    script.ask("no address in it", RTM_NEWADDR, NEW, header, |_| {});
    script.ask("address of three bytes", RTM_NEWADDR, NEW, header, |attributes| {
        attributes.put_bytes(IFA_LOCAL, b"abc");
    });
}

fn nexthops(script: &mut Script) {
    let (v0, lo, br0, vx0) = (V0 as u32, LO as u32, BR0 as u32, VX0 as u32);
    script.nexthop("nexthop on a link that is down", NEW, 10, v0, "10.0.0.2", 0);
    script.link("v0 up", ACK, set_up(V0, true), |_| {});
    script.nexthop("nexthop without carrier", NEW, 10, v0, "10.0.0.2", 0);
    script.link("v1 up", ACK, set_up(V1, true), |_| {});
    script.link("br0 up", ACK, set_up(BR0, true), |_| {});
    script.link("vx0 up", ACK, set_up(VX0, true), |_| {});
    script.link("lo up", ACK, set_up(LO, true), |_| {});
    script.nexthop("nexthop on a bridge that never had a port", NEW | ECHO, 30, br0, "", 0);
    script.nexthop("nexthop on a vxlan", NEW | ECHO, 31, vx0, "", 0);
    script.nexthop("nexthop on the loopback device", NEW | ECHO, 32, lo, "", 0);
    script.nexthop("nexthop", NEW | ECHO, 10, v0, "10.0.0.2", 0);
    script.nexthop("nexthop again", NEW, 10, v0, "10.0.0.2", 0);
    script.nexthop("nexthop again, create only", CREATE, 10, v0, "10.0.0.2", 0);
    script.nexthop("nexthop without create", ACK, 11, v0, "10.0.0.3", 0);
    script.nexthop("replace of a missing one", ACK | NLM_F_REPLACE, 99, v0, "10.0.0.3", 0);
    script.nexthop("nexthop replaced", REPLACE | ECHO, 10, v0, "10.0.0.4", 0);
    script.nexthop("gateway out of reach", NEW, 12, v0, "10.77.0.1", 0);
    script.nexthop("gateway out of reach, on link", NEW | ECHO, 12, v0, "10.77.0.1", RTNH_F_ONLINK);
    script.nexthop("gateway is broadcast", NEW, 13, v0, "10.0.0.255", 0);
    script.nexthop("gateway is own", NEW, 14, v0, "10.0.0.1", 0);
    script.nexthop("on link without a gateway", NEW, 13, v0, "", RTNH_F_ONLINK);
    script.nexthop("other flags", NEW, 13, v0, "", 1);
    script.nexthop("link missing", NEW, 13, 999, "10.0.0.2", 0);
    script.nexthop("IPv6 nexthop", NEW | ECHO, 20, v0, "fd00::2", 0);
    script.nexthop("IPv6 gateway of the link's scope", NEW, 21, v0, "fe80::2", 0);
    script.nexthop("IPv6 gateway out of reach", NEW, 22, v0, "fd99::2", 0);
    script.nexthop("IPv6 gateway is own", NEW, 22, v0, "fd00::1", 0);
    let new = NexthopHeader { nh_family: AF_INET, nh_protocol: RTPROT_STATIC, ..Default::default() };
    let any = NexthopHeader { nh_family: AF_UNSPEC, ..new };
    let read = NexthopHeader::default();
    let id = |id: u32| move |attributes: &mut Attributes<'_>| attributes.put(NHA_ID, &id);
    script.ask("no link", RTM_NEWNEXTHOP, NEW, new, id(13));
    script.ask("no family", RTM_NEWNEXTHOP, NEW, any, id(13));
    script.ask("scope given", RTM_NEWNEXTHOP, NEW, NexthopHeader { nh_scope: 3, ..new }, id(13));
    script.ask("blackhole", RTM_NEWNEXTHOP, NEW | ECHO, new, |attributes| {
        attributes.put(NHA_ID, &24_u32);
        attributes.flag(NHA_BLACKHOLE);
    });
    script.ask("blackhole with a link", RTM_NEWNEXTHOP, NEW, new, |attributes| {
        attributes.put(NHA_OIF, &v0);
        attributes.flag(NHA_BLACKHOLE);
    });
    script.ask("unknown attribute", RTM_NEWNEXTHOP, NEW, new, |attributes| {
        attributes.put(NHA_OIF, &v0);
        attributes.put(99, &5_u32);
    });
    script.ask("id of two bytes", RTM_NEWNEXTHOP, NEW, new, |attributes| attributes.put(NHA_ID, &5_u16));
    script.ask("gateway of five bytes", RTM_NEWNEXTHOP, NEW, new, |attributes| {
        attributes.put(NHA_OIF, &v0);
        attributes.put_bytes(NHA_GATEWAY, b"abcde");
    });
    let group = |ids: &'static [u32]| {
        move |attributes: &mut Attributes<'_>| {
            attributes.put(NHA_ID, &40_u32);
            let members: Vec<u8> = ids.iter().flat_map(|id| [id.to_ne_bytes(), [0; 4]].concat()).collect();
            attributes.put_bytes(NHA_GROUP, &members);
        }
    };
    script.ask("group", RTM_NEWNEXTHOP, NEW | ECHO, any, group(&[10, 14]));
    script.ask("group with a family", RTM_NEWNEXTHOP, NEW, new, group(&[10]));
    script.ask("group of a missing member", RTM_NEWNEXTHOP, NEW, any, group(&[999]));
    script.ask("group of a group", RTM_NEWNEXTHOP, NEW, any, group(&[40]));
    script.ask("group with a member twice", RTM_NEWNEXTHOP, NEW, any, group(&[10, 10]));
    script.ask("empty group", RTM_NEWNEXTHOP, NEW, any, group(&[]));
    script.nexthop("nexthop in place of a group", REPLACE, 40, v0, "", 0);
    script.ask("get", RTM_GETNEXTHOP, ACK, read, id(10));
    script.ask("get missing", RTM_GETNEXTHOP, ACK, read, id(999));
    script.ask("get without id", RTM_GETNEXTHOP, ACK, read, |_| {});
    script.ask(
        "delete with a protocol",
        RTM_DELNEXTHOP,
        ACK,
        NexthopHeader { nh_protocol: 4, ..read },
        id(10),
    );
    script.ask("delete without id", RTM_DELNEXTHOP, ACK, read, |_| {});
    script.ask("delete missing", RTM_DELNEXTHOP, ACK, read, id(999));
    script.ask("delete a member", RTM_DELNEXTHOP, ACK, read, id(14));
    script.ask("the group without it", RTM_GETNEXTHOP, 0, read, id(40));
    script.look("after nexthops");
}

fn ipv4_routes(script: &mut Script) {
    let v0 = V0 as u32;
    script.nexthop("a nexthop to choose", NEW, 15, v0, "10.0.0.5", 0);
    script.route("route", NEW | ECHO, "20.0.0.0/24", 10);
    script.route("route again", NEW, "20.0.0.0/24", 10);
    script.route("route again, create only", CREATE, "20.0.0.0/24", 10);
    script.route("twin in front", CREATE | ECHO, "20.0.0.0/24", 15);
    script.delete_route("the first twin goes", "20.0.0.0/24", |_| {});
    script.delete_route("the second twin goes", "20.0.0.0/24", |_| {});
    script.delete_route("nothing goes", "20.0.0.0/24", |_| {});
    script.route("no create", ACK, "20.0.0.0/24", 10);
    script.route("replace of a missing one", ACK | NLM_F_REPLACE, "20.0.0.0/24", 10);
    script.route("create or replace", REPLACE | ECHO, "20.0.0.0/24", 10);
    script.route("replace by the same", REPLACE | ECHO, "20.0.0.0/24", 10);
    script.route("replace by another", REPLACE | ECHO, "20.0.0.0/24", 15);
    script.route("append", CREATE | NLM_F_APPEND, "20.0.0.0/24", 10);
    script.route("append the same", CREATE | NLM_F_APPEND, "20.0.0.0/24", 10);
    script.delete_route("guarded by protocol", "20.0.0.0/24", |header| header.rtm_protocol = RTPROT_BGP);
    script.delete_route("guarded by type", "20.0.0.0/24", |header| header.rtm_type = RTN_BLACKHOLE);
    script.delete_route("guarded by tos", "20.0.0.0/24", |header| header.rtm_tos = 8);
    script.delete_route("table missing", "20.0.0.0/24", |header| header.rtm_table = 77);
    script.delete_route("host bits in a delete", "20.0.0.1/24", |_| {});
    script.route("host bits", NEW, "20.0.0.1/24", 10);
    script.route("nexthop missing", NEW, "20.0.1.0/24", 999);
    script.route("IPv4 through an IPv6 nexthop", NEW | ECHO, "20.0.2.0/24", 20);
    script.route("through a blackhole", NEW, "20.0.3.0/24", 24);
    script.route("default route", NEW | ECHO, "0.0.0.0/0", 10);
    let with = |id: u32, nla: u16, value: u32| {
        move |attributes: &mut Attributes<'_>| {
            if id != 0 {
                attributes.put(RTA_NH_ID, &id);
            }
            attributes.put(nla, &value);
        }
    };
    let gateway = |gateway: Ipv4Addr, oif: u32| {
        move |attributes: &mut Attributes<'_>| {
            attributes.put(RTA_GATEWAY, &gateway);
            if oif != 0 {
                attributes.put(RTA_OIF, &oif);
            }
        }
    };
    let near = Ipv4Addr::new(10, 0, 0, 9);
    let far = Ipv4Addr::new(10, 88, 0, 9);
    let own = |_: &mut RouteHeader| {};
    let mut add = |name: &str, to: &str, change: fn(&mut RouteHeader), fill: &dyn Fn(&mut Attributes<'_>)| {
        script.route_with(name, RTM_NEWROUTE, NEW | ECHO, to, change, |attributes| fill(attributes));
    };
    add("metric", "20.1.0.0/24", own, &with(10, RTA_PRIORITY, 5));
    add("another metric", "20.1.0.0/24", own, &with(10, RTA_PRIORITY, 7));
    add("table by attribute", "20.1.0.0/24", own, &with(10, RTA_TABLE, 1000));
    add("nexthop and link", "20.1.1.0/24", own, &with(10, RTA_OIF, v0));
    add("tos", "20.1.2.0/24", |header| header.rtm_tos = 8, &with(10, RTA_PRIORITY, 5));
    add("blackhole route", "20.1.3.0/24", |header| header.rtm_type = RTN_BLACKHOLE, &|_| {});
    add("route to nowhere", "20.1.4.0/24", own, &|_| {});
    add("type unknown", "20.1.4.0/24", |header| header.rtm_type = 99, &with(10, RTA_PRIORITY, 5));
    add("type 0", "20.1.4.0/24", |header| header.rtm_type = 0, &with(10, RTA_PRIORITY, 5));
    add("gateway", "20.1.5.0/24", own, &gateway(near, v0));
    add("gateway with its link found", "20.1.6.0/24", own, &gateway(Ipv4Addr::new(10, 0, 0, 7), 0));
    add("gateway out of reach", "20.1.7.0/24", own, &gateway(far, v0));
    add("gateway out of reach, link open", "20.1.7.0/24", own, &gateway(far, 0));
    add("gateway, link missing", "20.1.7.0/24", own, &gateway(near, 999));
    add("on link", "20.1.7.0/24", |header| header.rtm_flags = RTNH_F_ONLINK, &gateway(far, v0));
    add("link", "20.1.8.0/24", |header| header.rtm_scope = RT_SCOPE_LINK, &with(0, RTA_OIF, v0));
    add("link missing", "20.1.9.0/24", own, &with(0, RTA_OIF, 999));
    add("source not ours", "20.1.9.0/24", own, &with(10, RTA_PREFSRC, 0x0909_0909));
    add("unknown attribute", "20.1.10.0/24", own, &with(10, 200, 1));
    add("protocol 0", "20.1.11.0/24", |header| header.rtm_protocol = 0, &with(10, RTA_PRIORITY, 5));
    add("family unknown", "20.1.12.0/24", |header| header.rtm_family = 99, &with(10, RTA_PRIORITY, 5));
    add("prefix too long", "20.1.12.0/33", own, &with(10, RTA_PRIORITY, 5));
    let metric = |metric: u32| move |attributes: &mut Attributes<'_>| attributes.put(RTA_PRIORITY, &metric);
    let open = |header: &mut RouteHeader| (header.rtm_type, header.rtm_scope) = (0, RT_SCOPE_NOWHERE);
    script.route_with("delete by a wrong metric", RTM_DELROUTE, ACK, "20.1.0.0/24", open, metric(6));
    script.route_with("delete by its metric", RTM_DELROUTE, ACK | ECHO, "20.1.0.0/24", open, metric(7));
    script.delete_route("delete without a metric", "20.1.0.0/24", |_| {});
    script.route_with("metric of a byte", RTM_NEWROUTE, NEW, "20.1.0.0/24", own, |attributes| {
        attributes.put(RTA_NH_ID, &10_u32);
        attributes.put(RTA_PRIORITY, &1_u8);
    });
    script.look("after IPv4 routes");
    let header = RouteHeader { rtm_family: AF_INET, rtm_table: 99, ..Default::default() };
    script.ask("dump of a missing table", RTM_GETROUTE, NLM_F_DUMP, header, |_| {});
}

fn ipv6_routes(script: &mut Script) {
    let v0 = V0 as u32;
    script.route("IPv6 through an IPv4 nexthop", NEW, "fd10::/64", 10);
    script.route("IPv6 route", NEW | ECHO, "fd10::/64", 20);
    script.route("IPv6 route again", NEW, "fd10::/64", 20);
    script.route("IPv6 route again, create only", CREATE, "fd10::/64", 20);
    script.route("IPv6 route replaced by the same", REPLACE | ECHO, "fd10::/64", 20);
    script.route("IPv6 replace of a missing one", ACK | NLM_F_REPLACE, "fd11::/64", 20);
    script.route("IPv6 route without create", ACK, "fd11::/64", 20);
    script.route("IPv6 host bits", NEW | ECHO, "fd12::1/64", 20);
    script.route("IPv6 nexthop missing", NEW, "fd13::/64", 999);
    let own = |_: &mut RouteHeader| {};
    script.route_with(
        "IPv6 blackhole",
        RTM_NEWROUTE,
        NEW,
        "fd13::/64",
        |header| header.rtm_type = RTN_BLACKHOLE,
        |_| {},
    );
    script.route_with("IPv6 route to nowhere", RTM_NEWROUTE, NEW, "fd14::/64", own, |_| {});
    script.route_with("IPv6 link", RTM_NEWROUTE, NEW | ECHO, "fd14::/64", own, |attributes| {
        attributes.put(RTA_OIF, &v0);
    });
    script.route_with("IPv6 gateway out of reach", RTM_NEWROUTE, NEW, "fd15::/64", own, |attributes| {
        attributes.put(RTA_OIF, &v0);
        attributes.put(RTA_GATEWAY, &ip("fd99::1"));
    });
    script.delete_route("IPv6 guarded by protocol", "fd14::/64", |header| header.rtm_protocol = RTPROT_BGP);
    script.delete_route("IPv6 delete", "fd14::/64", |_| {});
    script.delete_route("IPv6 delete again", "fd14::/64", |_| {});
    script.delete_route("IPv6 table missing", "fd14::/64", |header| header.rtm_table = 77);
}

fn neighbours(script: &mut Script) {
    let header = NeighbourHeader {
        ndm_family: AF_INET,
        ndm_ifindex: V0,
        ndm_state: NUD_PERMANENT,
        ..Default::default()
    };
    let to = |address: &str, mac: &'static [u8]| {
        let address = ip(address);
        move |attributes: &mut Attributes<'_>| {
            attributes.put(NDA_DST, &address);
            attributes.put_bytes(NDA_LLADDR, mac);
        }
    };
    let mac: &[u8] = &[2, 0, 0, 0, 0, 1];
    script.ask("neighbour, not echoed", RTM_NEWNEIGH, NEW | ECHO, header, to("10.0.0.7", mac));
    script.ask("neighbour again", RTM_NEWNEIGH, NEW, header, to("10.0.0.7", mac));
    script.ask("neighbour again, create only", RTM_NEWNEIGH, CREATE, header, to("10.0.0.7", mac));
    script.ask("neighbour without create", RTM_NEWNEIGH, ACK, header, to("10.0.0.8", mac));
    script.ask("neighbour replaced", RTM_NEWNEIGH, REPLACE, header, to("10.0.0.7", &[2, 0, 0, 0, 0, 3]));
    script.ask("hardware address too short", RTM_NEWNEIGH, NEW, header, to("10.0.0.8", &[2, 0]));
    script.ask("no address", RTM_NEWNEIGH, NEW, header, |_| {});
    let nowhere = NeighbourHeader { ndm_ifindex: 999, ..header };
    script.ask("neighbour without link", RTM_NEWNEIGH, NEW, nowhere, to("10.0.0.8", mac));
    let read = NeighbourHeader { ndm_state: 0, ..header };
    script.ask("get missing", RTM_GETNEIGH, 0, read, |attributes| attributes.put(NDA_DST, &ip("10.0.0.99")));
    script.ask("delete neighbour", RTM_DELNEIGH, ACK, header, to("10.0.0.7", mac));
    script.ask("delete neighbour again", RTM_DELNEIGH, ACK, header, to("10.0.0.7", mac));
    script.ask("delete without link", RTM_DELNEIGH, ACK, nowhere, to("10.0.0.7", mac));
    let forwarding =
        NeighbourHeader { ndm_family: AF_BRIDGE, ndm_flags: NTF_SELF, ndm_ifindex: VX0, ..header };
    let hardware = |attributes: &mut Attributes<'_>| {
        attributes.put_bytes(NDA_LLADDR, mac);
        attributes.put(NDA_DST, &ip("10.0.0.9"));
    };
    script.ask("forwarding entry", RTM_NEWNEIGH, NEW, forwarding, hardware);
    script.ask("forwarding entry again", RTM_NEWNEIGH, NEW, forwarding, hardware);
    script.ask(
        "forwarding entry without link",
        RTM_NEWNEIGH,
        NEW,
        NeighbourHeader { ndm_ifindex: 999, ..forwarding },
        hardware,
    );
    script.ask("delete forwarding entry", RTM_DELNEIGH, ACK, forwarding, hardware);
    script.ask("delete forwarding entry again", RTM_DELNEIGH, ACK, forwarding, hardware);
}

fn rules(script: &mut Script) {
    let header = RuleHeader { family: AF_INET, action: FR_ACT_TO_TBL, ..Default::default() };
    let read = RuleHeader { family: AF_INET, ..Default::default() };
    script.ask("default rules", RTM_GETRULE, NLM_F_DUMP, read, |_| {});
    let marked = |priority: u32, mark: u32| {
        move |attributes: &mut Attributes<'_>| {
            if priority != 0 {
                attributes.put(FRA_PRIORITY, &priority);
            }
            attributes.put(FRA_TABLE, &1000_u32);
            attributes.put(FRA_FWMARK, &mark);
        }
    };
    script.ask("rule", RTM_NEWRULE, NEW | ECHO, header, marked(100, 7));
    script.ask("rule again", RTM_NEWRULE, NEW, header, marked(100, 7));
    script.ask("twin", RTM_NEWRULE, CREATE, header, marked(100, 7));
    script.ask("rule with the next priority", RTM_NEWRULE, NEW | ECHO, header, marked(0, 8));
    script.ask("family missing", RTM_NEWRULE, NEW, RuleHeader { family: 0, ..header }, marked(100, 7));
    script.ask("no source", RTM_NEWRULE, NEW, RuleHeader { src_len: 24, ..header }, marked(100, 7));
    script.ask("rules", RTM_GETRULE, NLM_F_DUMP, read, |_| {});
    for name in ["delete the rule", "delete the twin", "delete nothing"] {
        script.ask(name, RTM_DELRULE, ACK | ECHO, read, |attributes| attributes.put(FRA_PRIORITY, &100_u32));
    }
}

/// What whole batches do: lengths, types, order, room.
fn batches(script: &mut Script) {
    let header = RouteHeader {
        rtm_family: AF_INET,
        rtm_dst_len: 24,
        rtm_table: RT_TABLE_MAIN as u8,
        rtm_protocol: RTPROT_STATIC,
        rtm_type: RTN_UNICAST,
        ..Default::default()
    };
    let route = |script: &Script, third: u8, nexthop: u32, flags: u16| {
        script.message(RTM_NEWROUTE, flags, header, |attributes| {
            attributes.put(RTA_DST, &Ipv4Addr::new(30, 0, third, 0));
            attributes.put(RTA_NH_ID, &nexthop);
        })
    };
    let good = route(script, 1, 10, NLM_F_CREATE | NLM_F_EXCL);
    let bad = route(script, 2, 999, NLM_F_CREATE | NLM_F_EXCL);
    let last = route(script, 3, 10, NEW);
    script.steps.push(("an error stops nothing".into(), [good, bad, last].concat()));

    let mut short = route(script, 6, 10, NEW);
    short[0] = 10;
    let behind = route(script, 7, 10, NEW);
    script.steps.push(("a length that is too short".into(), [short, behind].concat()));
    let mut long = route(script, 8, 10, NEW);
    long[0] = 250;
    let behind = route(script, 9, 10, NEW);
    script.steps.push(("a length that is too long".into(), [long, behind].concat()));

    let mut no_request = route(script, 10, 10, NEW);
    no_request[6] &= !1;
    script.steps.push(("no request, but acknowledged".into(), no_request));
    let mut silent = route(script, 10, 10, NLM_F_CREATE);
    silent[6] &= !1;
    script.steps.push(("no request".into(), silent));
    let noop = script.message(NLMSG_NOOP, ACK, ksync_runtime::wire::NoHeader, |_| {});
    script.steps.push(("noop".into(), noop));
    let unknown = script.message(4000, 0, header, |_| {});
    script.steps.push(("unknown type".into(), unknown));
    let empty = script.message(RTM_NEWROUTE, ACK, ksync_runtime::wire::NoHeader, |_| {});
    script.steps.push(("nothing in it".into(), empty));
    let dumps = [0, 1].map(|_| script.message(RTM_GETLINK, NLM_F_DUMP, LinkHeader::default(), |_| {}));
    script.steps.push(("two dumps at once".into(), dumps[..1].concat()));

    let many: Vec<u8> = (0..=255).flat_map(|third| route(script, third, 999, NLM_F_CREATE)).collect();
    script.steps.push(("as many answers as there is room for".into(), many.clone()));
    let more = [many, route(script, 1, 999, NLM_F_CREATE)].concat();
    script.steps.push(("more answers than there is room for".into(), more));
    script.look("after batches");
}

fn disappearances(script: &mut Script) {
    let read = NexthopHeader::default();
    script.ask("nexthop deleted under its routes", RTM_DELNEXTHOP, ACK, read, |attributes| {
        attributes.put(NHA_ID, &15_u32);
    });
    script.look("after a nexthop went");
    script.link("peer down: no carrier", ACK, set_up(V1, false), |_| {});
    script.look("after the carrier went");
    script.link("peer up", ACK, set_up(V1, true), |_| {});
    script.nexthop("nexthop again", NEW, 10, V0 as u32, "10.0.0.2", 0);
    script.route("route again", NEW, "40.0.0.0/24", 10);
    script.address(
        "the primary address goes, and its secondary",
        RTM_DELADDR,
        ACK,
        V0 as u32,
        "10.0.0.1",
        24,
    );
    script.address("the last address goes", RTM_DELADDR, ACK, V0 as u32, "10.3.0.1", 24);
    script.look("after the addresses went");
    script.link("link down", ACK, set_up(V0, false), |_| {});
    script.look("after the link went down");
    script.link("link up", ACK, set_up(V0, true), |_| {});
    script.nexthop("nexthop once more", NEW, 10, V0 as u32, "", 0);
    script.route("route once more", NEW, "40.0.0.0/24", 10);
    let port = |attributes: &mut Attributes<'_>| attributes.put(IFLA_MASTER, &BR0);
    script.link("port of a bridge", ACK, numbered(V0), port);
    script.ask("bridge with a running port", RTM_GETLINK, 0, numbered(BR0), |_| {});
    script.link("port down", ACK, set_up(V0, false), |_| {});
    script.ask("bridge without a running port", RTM_GETLINK, 0, numbered(BR0), |_| {});
    script.nexthop("nexthop on it", NEW, 33, BR0 as u32, "", 0);
    script.ask("link deleted", RTM_DELLINK, ACK, numbered(V0), |_| {});
    script.look("after the link went");
    let on = |lower: i32| kind("vx0", "vxlan", move |data| data.put(IFLA_VXLAN_LINK, &lower));
    script.link("vxlan moved to a missing link", ACK, LinkHeader::default(), on(999));
    script.link("another bridge", NEW, numbered(50), bridge("br1"));
    script.link("vxlan moved to a bridge", ACK, LinkHeader::default(), on(BR0));
    script.link("vxlan moved to another one", ACK, LinkHeader::default(), on(50));
    script.ask("the bridge that it left goes", RTM_DELLINK, ACK, numbered(BR0), |_| {});
    script.look("after the bridge went that the vxlan had left");
    script.ask("the bridge that it is on goes", RTM_DELLINK, ACK, numbered(50), |_| {});
    script.look("after the bridge went that the vxlan was on");
}
