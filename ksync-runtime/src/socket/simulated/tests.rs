//! What must hold of the simulated kernel whether a real one is at hand or not. That the two answer alike is
//! tested in `tests/tests/simulated_manners.rs`.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use bytes::BytesMut;
use nix::errno::Errno;

use super::*;
use crate::wire::rtnetlink::*;
use crate::wire::{Answer, Attributes, FixedHeader, Request};

const NEW: u16 = NLM_F_CREATE | NLM_F_EXCL;
const NEXTHOP: u32 = 10;

/// A connection, and what a test does with it.
struct Bench {
    kernel: SimulatedKernel,
    world: World,
    batch: BytesMut,
    seq: u32,
}

impl Bench {
    fn new() -> Self {
        let kernel = SimulatedKernel::new();
        Bench { world: kernel.world(), kernel, batch: BytesMut::new(), seq: 0 }
    }

    /// Two connected links that are up, `a` (index 3) and `b` (index 2), and a nexthop through `a`.
    fn with_nexthop() -> Self {
        let mut bench = Bench::new();
        bench.veth("a", "b");
        bench.up("a", true);
        bench.up("b", true);
        bench.nexthop(NEXTHOP, "a");
        bench.send();
        assert_eq!(bench.verdicts(), [0; 4]);
        bench
    }

    fn add<H: FixedHeader>(
        &mut self,
        message_type: u16,
        flags: u16,
        header: H,
        fill: impl FnOnce(&mut Attributes<'_>),
    ) {
        self.seq += 1;
        let request = Request::new(&mut self.batch, self.seq, self.kernel.port());
        let mut message = request.begin::<H>(message_type, flags);
        message.header = header;
        fill(&mut message.attributes);
        message.finish().expect("the message fits");
    }

    fn veth(&mut self, name: &str, peer: &str) {
        self.add(RTM_NEWLINK, NEW | NLM_F_ACK, LinkHeader::default(), |attributes| {
            attributes.put(IFLA_IFNAME, &name.to_owned());
            attributes.nested(IFLA_LINKINFO, |info| {
                info.put(IFLA_INFO_KIND, &"veth".to_owned());
                info.nested(IFLA_INFO_DATA, |data| {
                    data.nested(VETH_INFO_PEER, |other| {
                        other.raw(&[0; LinkHeader::LEN]);
                        other.put(IFLA_IFNAME, &peer.to_owned());
                    });
                });
            });
        });
    }

    fn simple(&mut self, name: &str, kind: &str, flags: u16) {
        self.add(RTM_NEWLINK, flags, LinkHeader::default(), |attributes| {
            attributes.put(IFLA_IFNAME, &name.to_owned());
            attributes.nested(IFLA_LINKINFO, |info| {
                info.put(IFLA_INFO_KIND, &kind.to_owned());
                info.nested(IFLA_INFO_DATA, |_| {});
            });
        });
    }

    fn up(&mut self, name: &str, up: bool) {
        let header = LinkHeader { ifi_flags: u32::from(up), ifi_change: IFF_UP, ..LinkHeader::default() };
        self.add(RTM_NEWLINK, NLM_F_ACK, header, |attributes| attributes.put(IFLA_IFNAME, &name.to_owned()));
    }

    fn nexthop(&mut self, id: u32, link: &str) {
        // Unknown yet if it was made in this batch: veth, the first pair.
        let oif = self.world.link_index(link).unwrap_or(3);
        let header = NexthopHeader { nh_family: AF_INET, ..NexthopHeader::default() };
        self.add(RTM_NEWNEXTHOP, NEW | NLM_F_ACK, header, |attributes| {
            attributes.put(NHA_ID, &id);
            attributes.put(NHA_OIF, &oif);
        });
    }

    fn route(&mut self, number: u32, nexthop: u32, flags: u16) {
        self.route_message(RTM_NEWROUTE, number, nexthop, flags);
    }

    fn route_message(&mut self, message_type: u16, number: u32, nexthop: u32, flags: u16) {
        let header = RouteHeader {
            rtm_family: AF_INET,
            rtm_dst_len: 32,
            rtm_table: 254,
            rtm_type: RTN_UNICAST,
            ..RouteHeader::default()
        };
        self.add(message_type, flags, header, |attributes| {
            attributes.put(RTA_DST, &Ipv4Addr::from_bits(0x1400_0000 + number));
            attributes.put(RTA_NH_ID, &nexthop);
        });
    }

    fn send(&mut self) {
        let batch = std::mem::take(&mut self.batch);
        self.kernel.send(&batch).expect("the batch is taken");
    }

    fn receive(&mut self) -> (Received, BytesMut) {
        let mut datagram = BytesMut::new();
        let received = self.kernel.receive(&mut datagram).expect("the connection works");
        (received, datagram)
    }

    /// The error numbers of all answers that are there, 0 for an acknowledgement. Objects are left out.
    fn verdicts(&mut self) -> Vec<i32> {
        let mut verdicts = Vec::new();
        loop {
            let (received, datagram) = self.receive();
            match received {
                Received::Nothing => return verdicts,
                Received::Overrun => verdicts.push(-1),
                Received::Datagram => {
                    for message in Messages::new(&datagram) {
                        match Answer::of(message.expect("a message")).expect("an answer") {
                            Answer::Acknowledged => verdicts.push(0),
                            Answer::Failed { errno, .. } => verdicts.push(errno),
                            _ => {}
                        }
                    }
                }
            }
        }
    }

    fn routes(&self) -> usize {
        self.world.count(RTM_NEWROUTE)
    }
}

#[test]
fn only_the_last_message_asks_and_failures_are_answered_all_the_same() {
    let mut bench = Bench::with_nexthop();
    bench.route(1, NEXTHOP, NEW);
    bench.route(1, NEXTHOP, NEW);
    bench.route(2, NEXTHOP, NEW);
    bench.route(3, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    assert_eq!(bench.verdicts(), [Errno::EEXIST as i32, 0]);
    assert_eq!(bench.routes(), 3);
    assert_eq!(bench.world.requests(RTM_NEWROUTE), 4);
}

#[test]
fn a_wrong_length_hides_all_that_follows_without_a_word() {
    let mut bench = Bench::with_nexthop();
    bench.route(1, NEXTHOP, NEW | NLM_F_ACK);
    let cut = bench.batch.len();
    bench.route(2, NEXTHOP, NEW | NLM_F_ACK);
    bench.batch[cut] = 7;
    bench.route(3, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    assert_eq!(bench.verdicts(), [0]);
    assert_eq!(bench.routes(), 1);
}

#[test]
fn answers_that_find_no_room_are_lost_and_said_so_once_though_all_was_carried_out() {
    let mut bench = Bench::with_nexthop();
    bench.kernel = SimulatedKernel::connect(&bench.world).with_answer_capacity(4);
    assert_eq!(bench.kernel.answer_capacity(), 4);
    for number in 0..6 {
        bench.route(number, NEXTHOP, NEW | NLM_F_ACK);
    }
    bench.send();
    assert_eq!(bench.verdicts(), [-1, 0, 0, 0, 0]);
    assert_eq!(bench.routes(), 6);
}

#[test]
fn a_batch_that_is_too_long_is_not_taken() {
    let mut kernel = SimulatedKernel::new();
    let error = kernel.send(&vec![0; kernel.max_batch_len() + 1]).expect_err("too long");
    assert_eq!(error.raw_os_error(), Some(Errno::EMSGSIZE as i32));
}

#[test]
fn readiness_says_when_there_is_something() {
    let mut bench = Bench::new();
    assert!(matches!(bench.kernel.readiness(), Readiness::Idle));
    bench.veth("a", "b");
    bench.send();
    assert!(matches!(bench.kernel.readiness(), Readiness::After(Duration::ZERO)));
    bench.world.hold();
    assert!(matches!(bench.kernel.readiness(), Readiness::After(wait) if !wait.is_zero()));
    assert_eq!(bench.receive().0, Received::Nothing);
    bench.world.release();
    assert!(matches!(bench.kernel.readiness(), Readiness::After(Duration::ZERO)));
    assert_eq!(bench.verdicts(), [0]);
    assert!(matches!(bench.kernel.readiness(), Readiness::Idle));
}

#[test]
fn delayed_answers_come_after_so_many_calls_and_in_order() {
    let mut bench = Bench::with_nexthop();
    bench.world.set_faults(Faults { delay: 1.0, delay_at_most: 1, ..Faults::default() });
    bench.route(1, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    assert!(matches!(bench.kernel.readiness(), Readiness::After(wait) if !wait.is_zero()));
    assert_eq!(bench.receive().0, Received::Nothing);
    assert_eq!(bench.receive().0, Received::Datagram);
    bench.route(2, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    bench.world.release();
    assert_eq!(bench.receive().0, Received::Datagram);
}

#[test]
fn what_depends_on_a_link_goes_with_it() {
    for cause in ["down", "carrier", "deleted", "removed behind the back"] {
        let mut bench = Bench::with_nexthop();
        for number in 0..3 {
            bench.route(number, NEXTHOP, NEW);
        }
        match cause {
            "down" => bench.up("a", false),
            "carrier" => assert!(bench.world.set_carrier("a", Some(false))),
            "deleted" => {
                let header = LinkHeader::default();
                bench.send();
                bench.add(RTM_DELLINK, 0, header, |attributes| attributes.put(IFLA_IFNAME, &"b".to_owned()));
            }
            _ => {
                bench.send();
                assert!(bench.world.remove_link("a"));
            }
        }
        bench.send();
        if cause == "carrier" {
            assert_eq!(bench.verdicts(), [Errno::EINVAL as i32; 3], "the nexthop went before they came");
        }
        assert_eq!((bench.world.count(RTM_NEWNEXTHOP), bench.routes()), (0, 0), "{cause}");
    }
}

#[test]
fn a_peer_that_goes_down_takes_the_carrier_along() {
    let mut bench = Bench::with_nexthop();
    bench.up("b", false);
    bench.send();
    assert_eq!(bench.world.count(RTM_NEWNEXTHOP), 0);
    let held = bench.world.object(RTM_NEWLINK, 3).expect("link a");
    assert_eq!(held.attribute(IFLA_CARRIER), Some(&[0][..]));
    assert_eq!(held.attribute(IFLA_LINK), Some(&2_u32.to_ne_bytes()[..]));
}

#[test]
fn a_bridge_runs_while_one_of_its_ports_does() {
    let mut bench = Bench::with_nexthop();
    bench.simple("br0", "bridge", NEW);
    bench.up("br0", true);
    bench.send();
    let carrier = |bench: &Bench| {
        let held = bench.world.object(RTM_NEWLINK, 4).expect("the bridge");
        held.attribute(IFLA_CARRIER) == Some(&[1])
    };
    assert!(carrier(&bench), "it never had a port");
    bench.add(RTM_NEWLINK, 0, LinkHeader { ifi_index: 3, ..LinkHeader::default() }, |attributes| {
        attributes.put(IFLA_MASTER, &4_u32);
    });
    bench.send();
    assert!(carrier(&bench), "its port runs");
    bench.up("b", false);
    bench.send();
    assert!(!carrier(&bench), "its port lost the carrier");
    assert!(bench.world.remove_link("br0"));
    let port = bench.world.object(RTM_NEWLINK, 3).expect("the port");
    assert_eq!(port.attribute(IFLA_MASTER), None, "the port stays");
}

#[test]
fn a_dump_is_cut_into_datagrams_and_loses_nothing() {
    let mut bench = Bench::with_nexthop();
    for number in 0..2000 {
        bench.route(number, NEXTHOP, NEW);
    }
    bench.send();
    let header = RouteHeader { rtm_family: AF_INET, ..RouteHeader::default() };
    bench.add(RTM_GETROUTE, NLM_F_DUMP, header, |_| {});
    bench.send();
    let (mut routes, mut datagrams, mut done) = (0, 0, false);
    while let (Received::Datagram, datagram) = bench.receive() {
        datagrams += 1;
        assert!(datagram.len() <= 32 * 1024);
        for message in Messages::new(&datagram) {
            match Answer::of(message.expect("a message")).expect("an answer") {
                Answer::Object(message) => {
                    assert_ne!(message.flags & NLM_F_MULTI, 0);
                    routes += 1;
                }
                Answer::Done => done = true,
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!((routes, done), (2000, true));
    assert!(datagrams > 2);
    bench.add(RTM_GETROUTE, NLM_F_DUMP, header, |_| {});
    bench.add(RTM_GETROUTE, NLM_F_DUMP, header, |_| {});
    bench.send();
    assert_eq!(bench.verdicts(), [Errno::EBUSY as i32], "one dump at a time");
}

#[test]
fn ordered_refusals_hit_what_they_are_meant_for() {
    let mut bench = Bench::with_nexthop();
    bench.world.refuse_next(RTM_NEWROUTE, Refusal::new(Errno::ENOMEM as i32, "no room"));
    let wanted = Ipv4Addr::from_bits(0x1400_0002).octets();
    let id = bench.world.refuse_while(RTM_NEWROUTE, Errno::EPERM.into(), move |message| {
        message.body.windows(4).any(|window| window == wanted)
    });
    for number in [1, 1, 2, 2] {
        bench.route(number, NEXTHOP, NEW | NLM_F_ACK);
    }
    bench.send();
    let (no_room, not_allowed) = (Errno::ENOMEM as i32, Errno::EPERM as i32);
    assert_eq!(bench.verdicts(), [no_room, 0, not_allowed, not_allowed]);
    bench.world.stop_refusing(id);
    bench.route(2, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    assert_eq!(bench.verdicts(), [0]);
}

#[test]
fn lost_requests_are_not_carried_out_and_lost_answers_are() {
    let mut bench = Bench::with_nexthop();
    let faults = |faults: Faults| {
        bench.world.set_faults(faults);
    };
    faults(Faults { lose_request: 1.0, ..Faults::default() });
    bench.route(1, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    assert_eq!((bench.verdicts(), bench.routes()), (vec![], 0));
    bench.world.set_faults(Faults { lose_answer: 1.0, ..Faults::default() });
    bench.route(1, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    assert_eq!((bench.verdicts(), bench.routes()), (vec![-1], 1));
    bench.world.set_faults(Faults { lose_answer_silently: 1.0, ..Faults::default() });
    bench.route(2, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    assert_eq!((bench.verdicts(), bench.routes()), (vec![], 2));
    bench.world.set_faults(Faults { flush: 1.0, flush_types: vec![RTM_NEWNEXTHOP], ..Faults::default() });
    bench.route(3, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    assert_eq!((bench.verdicts(), bench.routes()), (vec![0], 0), "the nexthop went, with all its routes");
}

#[test]
fn a_seed_gives_the_same_faults_and_kinds_of_fault_do_not_move_each_other() {
    let run = |faults: Faults| {
        let mut bench = Bench::with_nexthop();
        bench.world.set_faults(faults);
        for number in 0..200 {
            bench.route(number, NEXTHOP, NEW | NLM_F_ACK);
        }
        bench.send();
        bench.world.release();
        bench.verdicts()
    };
    let faults = Faults { seed: 5, refuse: 0.2, ..Faults::default() };
    let first = run(faults.clone());
    assert_eq!(first, run(faults.clone()));
    assert_ne!(first, run(Faults { seed: 6, ..faults.clone() }));
    assert!(first.iter().any(|errno| *errno != 0) && first.contains(&0));
    let delayed = run(Faults { delay: 0.0, flush: 0.0, shrink: 0.0, lose_request: 0.0, ..faults.clone() });
    assert_eq!(first, delayed);
    // With delays the same requests are refused.
    let mut bench = Bench::with_nexthop();
    bench.world.log(200);
    bench.world.set_faults(Faults { delay: 0.7, ..faults });
    for number in 0..200 {
        bench.route(number, NEXTHOP, NEW | NLM_F_ACK);
    }
    bench.send();
    let logged: Vec<i32> = bench.world.take_log().iter().map(|logged| logged.errno).collect();
    assert_eq!(logged, first);
}

#[test]
fn the_log_keeps_the_latest_requests() {
    let mut bench = Bench::with_nexthop();
    bench.world.log(2);
    for number in 0..3 {
        bench.route(number, NEXTHOP + number, NEW);
    }
    bench.send();
    let log = bench.world.take_log();
    assert_eq!(log.iter().map(|logged| logged.errno).collect::<Vec<_>>(), [Errno::EINVAL as i32; 2]);
    assert_eq!(log[0].message().expect("whole").message_type, RTM_NEWROUTE);
    assert!(bench.world.take_log().is_empty());
}

#[test]
fn somebody_else_adds_and_removes() {
    let mut bench = Bench::with_nexthop();
    bench.route(7, NEXTHOP, NEW);
    bench.world.inject(&bench.batch).expect("it is carried out");
    assert_eq!(bench.world.inject(&bench.batch), Err(Errno::EEXIST.into()));
    bench.batch.clear();
    let routes = bench.world.objects(RTM_NEWROUTE);
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0].attribute(RTA_NH_ID), Some(&NEXTHOP.to_ne_bytes()[..]));
    assert_eq!(routes[0].header().len(), RouteHeader::LEN);
    assert_eq!(bench.verdicts(), [], "nobody is told");
    assert!(bench.world.remove(RTM_NEWROUTE, |held| held.attribute(RTA_DST) == Some(&[20, 0, 0, 7])));
    assert_eq!(bench.world.remove_all(RTM_NEWNEXTHOP, |held| held.index == Some(NEXTHOP)), 1);
}

#[test]
fn two_connections_see_one_kernel() {
    let mut bench = Bench::with_nexthop();
    let before = bench.kernel.port();
    bench.kernel = SimulatedKernel::connect(&bench.world);
    assert_ne!(bench.kernel.port(), before);
    bench.route(1, NEXTHOP, NEW | NLM_F_ACK);
    bench.send();
    assert_eq!((bench.verdicts(), bench.routes()), (vec![0], 1));
}

#[test]
fn a_taught_family_has_identity_index_and_references() {
    let mut bench = Bench::with_nexthop();
    let teach = |world: &World| {
        world.add_family(
            Family::new("label", RTM_NEWADDRLABEL, RTM_DELADDRLABEL, AddressLabelHeader::LEN)
                .get(RTM_GETADDRLABEL)
                .key(Part::Attribute(IFAL_ADDRESS))
                .index(Part::Attribute(IFAL_LABEL))
                .refers(Part::Header(4..8), RTM_NEWLINK, Errno::ENODEV as i32),
        );
    };
    let label = |bench: &mut Bench, message_type: u16, flags: u16, link: u32, address: &str| {
        let header = AddressLabelHeader { ifal_index: link, ..AddressLabelHeader::default() };
        let address: IpAddr = address.parse().expect("an address");
        bench.add(message_type, flags | NLM_F_ACK, header, |attributes| {
            attributes.put(IFAL_ADDRESS, &address);
        });
    };
    label(&mut bench, RTM_NEWADDRLABEL, NEW, 3, "fd00::1");
    bench.send();
    assert_eq!(bench.verdicts(), [Errno::EOPNOTSUPP as i32], "nobody taught it yet");
    teach(&bench.world);
    label(&mut bench, RTM_NEWADDRLABEL, NLM_F_ECHO, 3, "fd00::1");
    label(&mut bench, RTM_NEWADDRLABEL, NEW, 99, "fd00::1");
    label(&mut bench, RTM_NEWADDRLABEL, NEW, 3, "fd00::1");
    label(&mut bench, RTM_NEWADDRLABEL, NEW, 3, "fd00::1");
    label(&mut bench, RTM_NEWADDRLABEL, NEW, 0, "fd00::2");
    label(&mut bench, RTM_GETADDRLABEL, 0, 0, "fd00::2");
    label(&mut bench, RTM_DELADDRLABEL, 0, 0, "fd00::3");
    bench.send();
    let (missing, no_device, there) = (Errno::ENOENT as i32, Errno::ENODEV as i32, Errno::EEXIST as i32);
    assert_eq!(bench.verdicts(), [missing, no_device, 0, there, 0, 0, missing]);
    let indexes: Vec<_> = bench.world.objects(RTM_NEWADDRLABEL).iter().map(|held| held.index).collect();
    assert_eq!(indexes, [Some(1), Some(2)]);
    assert!(bench.world.remove_link("a"));
    assert_eq!(bench.world.count(RTM_NEWADDRLABEL), 1, "one referred to the link");
}

#[test]
fn no_bytes_make_it_panic() {
    let mut seed = 1_u64;
    let mut draw = move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    let mut samples = Bench::with_nexthop();
    samples.veth("c", "d");
    samples.simple("br1", "bridge", NEW);
    samples.simple("vx1", "vxlan", NEW);
    samples.nexthop(11, "a");
    samples.route(1, NEXTHOP, NEW | NLM_F_ECHO);
    let good = samples.batch.to_vec();
    let mut bench = Bench::with_nexthop();
    for _ in 0..20_000 {
        let mut bytes = good.clone();
        for _ in 0..=draw() % 6 {
            let at = draw() % bytes.len();
            bytes[at] = draw() as u8;
        }
        if draw() % 2 == 0 {
            // Another type, so that bodies meet families that they are not for.
            bytes[4] = (16 + draw() % 100) as u8;
        }
        bytes.truncate(1 + draw() % bytes.len());
        bench.kernel.send(&bytes).expect("taken");
        let _ = bench.verdicts();
    }
}

/// The yardstick is two microseconds an add in a release build; this only shows that nothing is quadratic.
#[test]
fn a_hundred_thousand_routes_come_and_go() {
    let mut bench = Bench::with_nexthop();
    for number in 0..100_000 {
        bench.route(number, NEXTHOP, NEW);
        if number % 1000 == 999 {
            bench.send();
        }
    }
    assert_eq!(bench.verdicts(), []);
    assert_eq!(bench.routes(), 100_000);
    assert_eq!(bench.world.remove_all(RTM_NEWNEXTHOP, |_| true), 1);
    assert_eq!(bench.routes(), 0);
}
