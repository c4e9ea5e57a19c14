//! Dumps of a real kernel: objects of every kind, made by commands in a namespace, and what the kernel says of them.
//!
//! Called inside of a namespace of the program's own. Knows how dumps are asked for, not what they mean.

use std::io;
use std::process::Command;

use bytes::BytesMut;
use ksync_objects::{
    Address, AddressLabel, BridgeVlan, FdbEntry, Link, MptcpEndpoint, Neighbour, Nexthop, NexthopGroup,
    NftSet, NftTable, ProxyNeighbour, Qdisc, Route, Rule, VxlanFdbEntry,
};
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::prelude::*;
use ksync_runtime::socket::{Kernel, Received};
use ksync_runtime::wire::generic::{
    CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME, CTRL_CMD_GETFAMILY, GENL_ID_CTRL,
};
use ksync_runtime::wire::nf_tables::{NFPROTO_INET, NFT_MSG_GETSETELEM, NFTA_SET_ELEM_LIST_SET};
use ksync_runtime::wire::nf_tables::{NFTA_SET_ELEM_LIST_TABLE, NetfilterHeader};
use ksync_runtime::wire::{Answer, AttributeList, Attributes, FixedHeader, Messages, NoHeader, Request};

/// What is made, command by command; what a kernel does not know is left out.
pub const COMMANDS: &[&str] = &[
    "ip link set lo up",
    "ip link add v0 up address 02:00:00:00:00:01 mtu 1400 txqueuelen 7 group 3 type veth peer name v1 mtu 1400",
    "ip link set v1 up alias far",
    "ip link add b0 up type bridge stp_state 1 priority 4096 hello_time 300 ageing_time 1000",
    "ip link add p0 master b0 up type veth peer name p1",
    "ip link add x0 up type vxlan id 7 remote 192.0.2.9 local 192.0.2.1 dev v0 dstport 4789 ttl 9 nolearning ageing 60",
    "ip link add x6 type vxlan id 8 local 2001:db8::1 dstport 4790 flowlabel 5 udp6zerocsumrx",
    "ip link add m0 link v0 type macvlan mode bridge",
    "ip link add i0 type ifb",
    "ip link add d0 type dummy",
    "ip link add l0 link v0 type vlan id 5 protocol 802.1ad gvrp on",
    "ip link add r0 type vrf table 10",
    "ip link add o0 type bond mode 802.3ad miimon 100",
    "ip link add g0 type gre local 192.0.2.1 remote 192.0.2.2 key 7 ttl 9",
    "ip link add t0 type ipip local 192.0.2.1 remote 192.0.2.3",
    "ip link add w0 type wireguard",
    "ip address add 192.0.2.1/24 broadcast + label v0:a dev v0",
    "ip address add 198.51.100.1 peer 198.51.100.2/32 scope link valid_lft 900 preferred_lft 800 dev v0",
    "ip address add 2001:db8::1/64 nodad noprefixroute metric 77 dev v0",
    "ip address add 2001:db8::2/64 nodad dev v0",
    "ip addrlabel add prefix 2001:db8::/32 label 99",
    "ip neighbour replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev v0 nud permanent",
    "ip neighbour replace 2001:db8::9 lladdr 02:00:00:00:00:09 dev v0 nud noarp router extern_learn",
    "ip neighbour add proxy 192.0.2.20 dev v0",
    "ip neighbour add proxy 2001:db8::20 dev v0",
    "bridge fdb add 02:00:00:00:00:0a dev p0 master static sticky",
    "bridge fdb add 02:00:00:00:00:0b dev x0 dst 192.0.2.9 port 4790 vni 9 via v0",
    "bridge fdb append 00:00:00:00:00:00 dev x0 dst 192.0.2.10",
    "ip nexthop add id 1000000000 via 192.0.2.254 dev v0 protocol static",
    "ip nexthop add id 1000000001 via 2001:db8::fe dev v0 onlink protocol zebra",
    "ip nexthop add id 1000000002 blackhole protocol static",
    "ip nexthop add id 1000000003 encap ip id 7 dst 10.9.9.9 src 10.8.8.8 ttl 64 tos 8 via 192.0.2.253 dev v0 protocol static",
    "ip nexthop add id 1000000004 encap seg6 mode encap segs 2001:db8::a,2001:db8::b via 2001:db8::fe dev v0 protocol static",
    "ip nexthop add id 2000000000 group 1000000000,2/1000000003,9 protocol static",
    "ip nexthop add id 2000000001 group 1000000000/1000000003 type resilient buckets 8 idle_timer 60 unbalanced_timer 90 protocol static",
    "ip route add 10.0.0.0/8 nhid 1000000000 protocol static",
    "ip route add 10.1.0.0/16 nhid 2000000000 protocol static table 1000",
    "ip route add 10.2.0.0/16 via 192.0.2.254 dev v0 protocol static metric 7 tos 0x10 mtu lock 1400 advmss 1000 congctl cubic src 192.0.2.1",
    "ip route add 10.3.0.0/16 protocol static nexthop via 192.0.2.254 dev v0 weight 2 nexthop via inet6 2001:db8::fe dev v0 weight 256",
    "ip -6 route add 2001:db8:4::/48 encap seg6 mode inline segs 2001:db8::a via 2001:db8::fe dev v0 protocol static",
    "ip route add blackhole 10.5.0.0/16 protocol static",
    "ip route add default dev v0 scope link protocol bird",
    "ip -6 route add 2001:db8:1::/48 via 2001:db8::fe dev v0 protocol static",
    "ip -6 route add prohibit 2001:db8:2::/48 protocol static",
    "ip -6 route add 2001:db8:3::/48 protocol static nexthop via 2001:db8::fe dev v0 nexthop via 2001:db8::fd dev v0",
    "ip rule add priority 1000 from 10.0.0.0/8 to 192.0.2.0/24 iif v0 oif v1 fwmark 7/0xff tos 0x10 table 100 protocol static",
    "ip rule add priority 1001 not ipproto tcp sport 1-1024 dport 443 uidrange 0-0 table 1000 suppress_prefixlength 0 protocol static",
    "ip rule add priority 1002 goto 1003 protocol static",
    "ip rule add priority 1003 tun_id 9 prohibit protocol static",
    "ip -6 rule add priority 1004 from 2001:db8::/32 l3mdev protocol static",
    "tc qdisc add dev v0 root handle 1: htb default 30 r2q 7 direct_qlen 9",
    "tc class add dev v0 parent 1: classid 1:1 htb rate 100mbit ceil 40gbit burst 20k prio 3 quantum 9000",
    "tc class add dev v0 parent 1:1 classid 1:10 htb rate 10mbit overhead 8 mpu 64",
    "tc qdisc add dev v0 parent 1:10 handle 10: tbf rate 1mbit burst 10kb limit 30kb peakrate 2mbit mtu 1540",
    "tc qdisc add dev v1 root handle 2: bfifo limit 20000",
    "tc qdisc add dev p0 root handle 3: pfifo limit 9",
    "tc qdisc add dev p1 root handle 4: fq_codel limit 9 target 3ms interval 70ms quantum 1600 noecn",
    "tc qdisc add dev b0 clsact",
    "tc qdisc add dev v1 ingress",
    "tc filter add dev v0 parent 1: protocol ip prio 5 handle ::1 u32 match ip dst 10.0.0.0/8 match ip protocol 6 0xff flowid 1:10",
    "tc filter add dev v0 parent 1: protocol ip prio 6 handle 2: u32 divisor 16",
    "tc filter add dev v0 parent 1: protocol ip prio 6 handle 2:3:4 u32 ht 2:3 match ip src 10.0.3.0/24 classid 1:10",
    "tc filter add dev v0 parent 1: protocol ip prio 6 handle ::7 u32 link 2: hashkey mask 0xf00 at 12 match ip src 10.0.0.0/8",
    "ip mptcp endpoint add 192.0.2.1 dev v0 id 1 subflow fullmesh",
    "ip mptcp endpoint add 2001:db8::1 id 2 port 4000 signal backup",
    "nft add table inet f '{ comment \"of mine\" ; }'",
    "nft add table ip g '{ flags dormant ; }'",
    "nft add set inet f s '{ type ipv4_addr ; flags timeout ; timeout 1h ; gc-interval 10s ; size 99 ; comment \"blocked\" ; }'",
    "nft add set inet f p '{ type inet_service ; flags constant,dynamic ; }'",
    "nft add set inet f m '{ type mark ; }'",
    "nft add set inet f i '{ type ipv4_addr ; flags interval ; }'",
    "nft add map inet f v '{ type ipv4_addr : mark ; }'",
    "nft add element inet f s '{ 192.0.2.1 timeout 30m comment \"one\" }'",
    "nft add element inet f m '{ 0x17 }'",
];

/// Runs [`COMMANDS`]; what could not be done, and why.
///
/// # Errors
/// When there is no shell.
pub fn make() -> io::Result<Vec<(&'static str, String)>> {
    let mut lacking = Vec::new();
    for command in COMMANDS {
        let output = Command::new("sh").args(["-c", command]).output()?;
        if !output.status.success() {
            lacking.push((*command, String::from_utf8_lossy(&output.stderr).trim().to_owned()));
        }
    }
    Ok(lacking)
}

/// The name of a target, and what stands behind `struct nlmsghdr` of each message of a dump.
pub type Dumped = (&'static str, Vec<Vec<u8>>);

/// What the kernel dumps of each kind.
///
/// # Errors
/// When there is no socket, or the kernel refuses.
pub fn take() -> io::Result<Vec<Dumped>> {
    let mut route = Netlink::route()?;
    let mut dumped = vec![
        // Without statistics, which fill most of such a message.
        ("link", of_kind::<Link>(&mut route, |attributes| attributes.put(IFLA_EXT_MASK, &SKIP_STATISTICS))?),
        // What a link is to its master stands in the message of the link.
        (
            "port",
            of_type(&mut route, RTM_GETLINK, &LinkHeader::default(), |attributes| {
                attributes.put(IFLA_EXT_MASK, &SKIP_STATISTICS);
            })?,
        ),
        ("bridge_vlan", of_kind::<BridgeVlan>(&mut route, |_| {}).unwrap_or_default()),
        ("address", of_kind::<Address>(&mut route, |_| {})?),
        ("address_label", of_kind::<AddressLabel>(&mut route, |_| {})?),
        ("neighbour", of_kind::<Neighbour>(&mut route, |_| {})?),
        ("proxy_neighbour", of_kind::<ProxyNeighbour>(&mut route, |_| {})?),
        ("fdb_entry", of_kind::<FdbEntry>(&mut route, |_| {})?),
        ("vxlan_fdb_entry", of_kind::<VxlanFdbEntry>(&mut route, |_| {})?),
        ("nexthop", of_kind::<Nexthop>(&mut route, |_| {})?),
        ("nexthop_group", of_kind::<NexthopGroup>(&mut route, |_| {})?),
        ("route", of_kind::<Route>(&mut route, |_| {})?),
        ("rule", of_kind::<Rule>(&mut route, |_| {})?),
        ("qdisc", of_kind::<Qdisc>(&mut route, |_| {})?),
    ];
    let v0 = TrafficControlHeader { tcm_ifindex: index_of("v0")?, ..TrafficControlHeader::default() };
    let v0 = |parent| TrafficControlHeader { tcm_parent: parent, ..v0 };
    dumped.push(("class", of_type(&mut route, RTM_GETTCLASS, &v0(0), |_| {})?));
    dumped.push(("filter", of_type(&mut route, RTM_GETTFILTER, &v0(0x1_0000), |_| {})?));

    let mut generic = Netlink::generic()?;
    dumped.push(("mptcp_endpoint", endpoints(&mut generic)?));

    let mut sets = Netlink::nf_tables()?;
    dumped.push(("nft_table", of_kind::<NftTable>(&mut sets, |_| {})?));
    dumped.push(("nft_set", of_kind::<NftSet>(&mut sets, |_| {})?));
    let mut elements = Vec::new();
    for set in ["s", "m"] {
        let header = NetfilterHeader { nfgen_family: NFPROTO_INET, ..NetfilterHeader::default() };
        let command = 10 << 8 | NFT_MSG_GETSETELEM;
        elements.extend(of_type(&mut sets, command, &header, |attributes| {
            attributes.put(NFTA_SET_ELEM_LIST_TABLE, &"f".to_owned());
            attributes.put(NFTA_SET_ELEM_LIST_SET, &set.to_owned());
        })?);
    }
    dumped.push(("nft_set_element", elements));
    dumped.push(("datagram", datagrams(&mut route)?));
    Ok(dumped)
}

/// `IFLA_EXT_MASK` (linux/if_link.h) and `RTEXT_FILTER_SKIP_STATS` (linux/rtnetlink.h).
const IFLA_EXT_MASK: u16 = 29;
const SKIP_STATISTICS: u32 = 1 << 3;

/// All objects of a kind, as the runtime asks for them.
fn of_kind<T: KSyncEntry>(
    kernel: &mut Netlink,
    more: impl FnOnce(&mut Attributes<'_>),
) -> io::Result<Vec<Vec<u8>>> {
    let mut header = vec![0; T::SCHEMA.header_len.next_multiple_of(4)];
    T::dump_header(&mut header);
    asked(kernel, |out| {
        let command = T::SCHEMA.get.unwrap_or_default();
        let request = Request::new(out, SEQ, 0);
        let mut message = request.begin_in::<NoHeader>(T::SCHEMA.protocol, command, NLM_F_DUMP);
        message.attributes.raw(&header);
        more(&mut message.attributes);
        message.finish().is_ok()
    })
}

/// All objects of a message type, of those that the header names.
fn of_type<H: FixedHeader>(
    kernel: &mut Netlink,
    message_type: u16,
    header: &H,
    more: impl FnOnce(&mut Attributes<'_>),
) -> io::Result<Vec<Vec<u8>>> {
    asked(kernel, |out| {
        let mut message = Request::new(out, SEQ, 0).begin::<H>(message_type, NLM_F_DUMP);
        message.header = *header;
        more(&mut message.attributes);
        message.finish().is_ok()
    })
}

/// The endpoints of Multipath TCP, if the kernel knows them.
fn endpoints(kernel: &mut Netlink) -> io::Result<Vec<Vec<u8>>> {
    let family = asked(kernel, |out| {
        let mut message = Request::new(out, SEQ, 0).begin::<NoHeader>(GENL_ID_CTRL, 0);
        message.attributes.raw(&[CTRL_CMD_GETFAMILY as u8, 1, 0, 0]);
        message.attributes.put(CTRL_ATTR_FAMILY_NAME, &"mptcp_pm".to_owned());
        message.finish().is_ok()
    });
    let Ok(family) = family else { return Ok(Vec::new()) };
    let number = family.first().and_then(|body| {
        let attributes = AttributeList::parse(body.get(4..)?).ok()?;
        Some(u16::from_ne_bytes(attributes.get(CTRL_ATTR_FAMILY_ID)?.try_into().ok()?))
    });
    let Some(number) = number else { return Ok(Vec::new()) };
    asked(kernel, |out| {
        let schema = MptcpEndpoint::SCHEMA;
        let request = Request::new(out, SEQ, 0).to_family(number);
        request
            .begin_in::<NoHeader>(schema.protocol, schema.get.unwrap_or_default(), NLM_F_DUMP)
            .finish()
            .is_ok()
    })
}

/// The number of a link.
fn index_of(name: &str) -> io::Result<i32> {
    let index = crate::iproute2::link(name).and_then(|link| link["ifindex"].as_i64());
    index
        .and_then(|index| i32::try_from(index).ok())
        .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("there is no link {name}")))
}

const SEQ: u32 = 1;

/// Whole datagrams: a dump with its end, and a refusal with a text.
fn datagrams(kernel: &mut Netlink) -> io::Result<Vec<Vec<u8>>> {
    let dump = answers(kernel, |out| {
        let schema = Nexthop::SCHEMA;
        let request = Request::new(out, SEQ, 0);
        request.begin::<NexthopHeader>(schema.get.unwrap_or_default(), NLM_F_DUMP).finish().is_ok()
    })?;
    let refusal = answers(kernel, |out| {
        let mut message = Request::new(out, SEQ, 0).begin::<NexthopHeader>(RTM_NEWNEXTHOP, NLM_F_CREATE);
        message.attributes.put(NHA_OIF, &"wrong".to_owned());
        message.finish().is_ok()
    })?;
    Ok([dump, refusal].concat())
}

/// Sends one question, and gathers the messages of the answer.
fn asked(kernel: &mut Netlink, write: impl FnOnce(&mut BytesMut) -> bool) -> io::Result<Vec<Vec<u8>>> {
    let mut bodies = Vec::new();
    let broken = |error| io::Error::new(io::ErrorKind::InvalidData, format!("{error}"));
    for datagram in answers(kernel, write)? {
        for message in Messages::new(&datagram) {
            match Answer::of(message.map_err(broken)?).map_err(broken)? {
                Answer::Object(message) => bodies.push(message.body.to_vec()),
                Answer::Failed { errno, text, .. } => {
                    let text = text.unwrap_or_default();
                    return Err(io::Error::other(format!("the kernel refuses: error {errno} {text}")));
                }
                Answer::Done | Answer::Acknowledged | Answer::Other => {}
            }
        }
    }
    Ok(bodies)
}

/// Sends one question; the datagrams of the answer. The kernel has all of it ready at once.
fn answers(kernel: &mut Netlink, write: impl FnOnce(&mut BytesMut) -> bool) -> io::Result<Vec<Vec<u8>>> {
    let mut question = BytesMut::new();
    if !write(&mut question) {
        return Err(io::Error::other("the question can't be written"));
    }
    kernel.send(&question)?;
    let mut datagrams = Vec::new();
    let mut datagram = BytesMut::new();
    loop {
        match kernel.receive(&mut datagram)? {
            Received::Datagram => datagrams.push(datagram.to_vec()),
            Received::Nothing => return Ok(datagrams),
            Received::Overrun => return Err(io::Error::other("answers were lost")),
        }
    }
}
