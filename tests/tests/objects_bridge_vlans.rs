//! Vlans of bridge ports: as bytes, which iproute2 reads; and on the real kernel, where it has them.

mod derive_support;

use derive_support::{Names, view};
use ksync_objects::{Bridge, BridgeVlan, Link, LinkKind};
use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::declare::{ErrorClass, OperationError, Resolver, Verb};
use ksync_runtime::prelude::*;
use ksync_runtime::wire::ParseError;
use ksync_tests::compare::{self, Elsewhere, kernel_knows, on_agent, shell, takes};
use ksync_tests::iproute2::decoded;
use ksync_tests::namespace_test;

const GROUND: &str = "ip link add br0 type bridge; ip link set br0 up type bridge vlan_filtering 1
    ip link add v0 type veth peer name v1; ip link set v0 up master br0\n";

fn names() -> Names {
    Names::default().with::<Link>("lo", 1).with::<Link>("v0", 2)
}

fn native(port: &str, vlan: u16) -> BridgeVlan {
    BridgeVlan { pvid: true, untagged: true, ..BridgeVlan::new(port, vlan) }
}

/// The objects in a message.
fn each(names: &Names, bytes: &[u8]) -> Vec<Result<BridgeVlan, ParseError>> {
    let mut found = Vec::new();
    names.with_resolver(|resolver: &Resolver<'_>| {
        BridgeVlan::parse_each(&view(bytes), resolver, &mut |object| found.push(object));
    });
    found
}

#[test]
fn the_bytes_are_those_of_the_kernels_header() {
    let ne = |numbers: &[u16]| numbers.iter().flat_map(|number| number.to_ne_bytes()).collect::<Vec<u8>>();
    let vlan = native("v0", 7);
    let bytes = names().add(&vlan, None);
    assert_eq!(bytes[4..6], 112u16.to_ne_bytes(), "RTM_NEWVLAN");
    // struct br_vlan_msg, then BRIDGE_VLANDB_ENTRY with BRIDGE_VLANDB_ENTRY_INFO in it: flags and number.
    assert_eq!(bytes[16..24], [[7, 0, 0, 0], 2u32.to_ne_bytes()].concat());
    assert_eq!(bytes[24..], ne(&[12, 0x8000 | 1, 8, 1, 0x2 | 0x4, 7]));
    assert_eq!(names().parse::<BridgeVlan>(&bytes).expect("readable"), vlan);

    let bytes = names().delete(&vlan, None);
    assert_eq!(bytes[4..6], 113u16.to_ne_bytes(), "RTM_DELVLAN");
    assert_eq!(bytes[24..], ne(&[12, 0x8000 | 1, 8, 1, 0, 7]), "a delete says nothing but the key");
}

#[test]
fn iproute2_reads_them() {
    for (vlan, printed) in [
        (BridgeVlan::new("lo", 5), "lo 5 state disabled"),
        (native("lo", 7), "lo 7 PVID Egress Untagged state disabled"),
        (
            BridgeVlan { untagged: true, ..BridgeVlan::new("lo", 4094) },
            "lo 4094 Egress Untagged state disabled",
        ),
        (BridgeVlan { pvid: true, ..BridgeVlan::new("lo", 1) }, "lo 1 PVID state disabled"),
    ] {
        assert_eq!(decoded("bridge -d", &names().add(&vlan, None)), printed, "{vlan:?}");
        let gone =
            decoded("bridge -d", &names().delete(&BridgeVlan { pvid: false, untagged: false, ..vlan }, None));
        assert!(gone.starts_with("Deleted lo"), "{gone}");
    }
}

/// A port as the kernel dumps it: with several entries, some of which stand for many vlans.
fn dumped(entries: &[(u16, u16, Option<u16>)]) -> Vec<u8> {
    let attribute = |nla: u16, payload: &[u8]| {
        let mut bytes = (payload.len() as u16 + 4).to_ne_bytes().to_vec();
        bytes.extend(nla.to_ne_bytes());
        bytes.extend(payload);
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        bytes
    };
    let mut body = vec![7, 0, 0, 0];
    body.extend(2u32.to_ne_bytes());
    for (flags, first, last) in entries {
        let mut nest = attribute(1, &[flags.to_ne_bytes(), first.to_ne_bytes()].concat());
        nest.extend(last.iter().flat_map(|last| attribute(2, &last.to_ne_bytes())));
        nest.extend(attribute(3, &[3]));
        body.extend(attribute(0x8000 | 1, &nest));
    }
    let mut message = (body.len() as u32 + 16).to_ne_bytes().to_vec();
    message.extend(112u16.to_ne_bytes());
    message.extend([2, 0, 7, 0, 0, 0, 0, 0, 0, 0]);
    message.extend(body);
    message
}

#[test]
fn what_the_kernel_reports_as_a_range_is_read_as_its_vlans() {
    let message = dumped(&[(6, 1, None), (0, 5, Some(7)), (4, 9, Some(9))]);
    assert!(decoded("bridge", &message).contains("5-7"), "the message is one that iproute2 knows");
    let expected: Vec<BridgeVlan> = [native("v0", 1)]
        .into_iter()
        .chain(BridgeVlan::range("v0", 5..=7))
        .chain([BridgeVlan { untagged: true, ..BridgeVlan::new("v0", 9) }])
        .collect();
    let read: Vec<BridgeVlan> =
        each(&names(), &message).into_iter().map(|object| object.expect("readable")).collect();
    assert_eq!(read, expected);
}

#[test]
fn what_can_not_be_is_told_and_bounded() {
    let names = names();
    assert_eq!(each(&names, &dumped(&[])).len(), 0, "a port without vlans");
    assert_eq!(each(&names, &dumped(&[(0, 7, Some(5))])).len(), 1, "a range that ends before it begins");
    let hostile = each(&names, &dumped(&[(0, 0, Some(u16::MAX)); 50]));
    let (read, wrong): (Vec<_>, Vec<_>) = hostile.into_iter().partition(Result::is_ok);
    assert_eq!(read.len(), 65_536);
    assert!(wrong.iter().all(|wrong| wrong.as_ref().is_err_and(|error| !error.is_foreign())), "{wrong:?}");
    let whole = dumped(&[(6, 1, None), (0, 5, Some(7))]);
    let message = view(&whole);
    for len in 0..message.body.len() {
        let cut = ksync_runtime::wire::MessageView { body: &message.body[..len], ..message };
        names.with_resolver(|resolver: &Resolver<'_>| BridgeVlan::parse_each(&cut, resolver, &mut |_| {}));
    }
}

#[test]
fn numbers_that_are_no_vlans_are_refused_and_errors_are_understood() {
    for wrong in [0, 4095, u16::MAX] {
        let told = BridgeVlan::new("v0", wrong).check().expect_err("no vlan").to_string();
        assert_eq!(told, format!("vlan: {wrong} is no vlan: they are numbered from 1 to 4094"));
    }
    assert_eq!(
        BridgeVlan::classify(Verb::Add, &OperationError::kernel(22, None, None)),
        ErrorClass::Blocked,
        "no port yet"
    );
    assert_eq!(
        BridgeVlan::classify(Verb::Delete, &OperationError::kernel(22, None, None)),
        ErrorClass::Gone,
        "no port any more"
    );
    assert_eq!(BridgeVlan::classify(Verb::Add, &OperationError::kernel(95, None, None)), ErrorClass::Refused);
}

fn on_ground(filtering: Option<bool>, test: impl AsyncFnOnce(&Agent, &Table<BridgeVlan>)) {
    on_agent(Agent::builder().object::<BridgeVlan>().object::<Link>(), async |agent: &Agent| {
        let links = agent.table::<Link>();
        let bridge = Bridge { vlan_filtering: filtering, ..Bridge::default() };
        let port = Link { master: Some(Ref::to("br0")), ..Link::new("v0", LinkKind::veth("v1")) };
        assert!(links.set_all([port, Link::new("br0", LinkKind::Bridge(bridge))]).is_empty());
        agent.settled().await.expect("links");
        test(agent, &agent.table()).await;
        shell("ip link del v0; ip link del br0");
    });
}

namespace_test! {
    fn vlans_are_what_the_commands_make_and_live() {
        if !kernel_knows("vlans of bridge ports", &format!("{GROUND}bridge vlan add vid 5 dev v0")) {
            // Then it says so, and nothing else comes of it.
            on_ground(None, async |agent: &Agent, table: &Table<BridgeVlan>| {
                table.set(BridgeVlan::new("v0", 5)).expect("valid");
                let told = agent.settled().await.expect_err("no such thing").to_string();
                assert!(told.contains("EOPNOTSUPP"), "{told}");
                assert!(table.read_back().await.is_err());
            });
            return;
        }
        let reader = "bridge -j vlan show";
        let elsewhere = Elsewhere::new();
        elsewhere.shell(&format!(
            "{GROUND}bridge vlan add vid 5-9 dev v0
             bridge vlan add vid 20 dev v0 pvid untagged
             bridge vlan add vid 21 dev v0 untagged
             bridge vlan add vid 5 dev br0 self"
        ));
        on_ground(Some(true), async |agent: &Agent, table: &Table<BridgeVlan>| {
            let mut vlans: Vec<BridgeVlan> = BridgeVlan::range("v0", 5..=9).collect();
            vlans.push(native("v0", 20));
            vlans.push(BridgeVlan { untagged: true, ..BridgeVlan::new("v0", 21) });
            vlans.push(BridgeVlan::new("br0", 5));
            let bare = compare::view(reader, &[]);
            takes(agent, vlans.len() as u64, || assert!(table.set_all(vlans.clone()).is_empty())).await;
            elsewhere.same(reader, &[]);
            assert_eq!(table.verify().await.expect("a dump"), []);
            takes(agent, 0, || assert!(table.set_all(vlans.clone()).is_empty())).await;

            // Each flag by itself, in place.
            elsewhere.shell("bridge vlan add vid 6 dev v0 untagged; bridge vlan add vid 7 dev v0 pvid");
            takes(agent, 1, || {
                table.set(BridgeVlan { untagged: true, ..BridgeVlan::new("v0", 6) }).expect("valid");
            })
            .await;
            takes(agent, 1, || table.set(BridgeVlan { pvid: true, ..BridgeVlan::new("v0", 7) }).expect("valid")).await;
            elsewhere.same(reader, &[]);
            // The kernel took the mark from the other one.
            let told = table.verify().await.expect("a dump");
            assert_eq!(told.iter().map(|told| (told.key.as_str(), told.field)).collect::<Vec<_>>(), [
                ("port=v0 vlan=20", Some("pvid"))
            ]);
            takes(agent, 1, || {
                table.set(BridgeVlan { untagged: true, ..BridgeVlan::new("v0", 20) }).expect("valid");
            })
            .await;
            assert_eq!(table.verify().await.expect("a dump"), []);

            // One out of the middle of what the kernel shows as a range.
            let key = BridgeVlan::new("v0", 8).key();
            takes(agent, 1, || assert!(table.remove(&key))).await;
            elsewhere.shell("bridge vlan del vid 8 dev v0");
            elsewhere.same(reader, &[]);
            assert_eq!(table.verify().await.expect("a dump"), []);
            // Somebody else's doing is told, and mended.
            shell("bridge vlan del vid 9 dev v0; bridge vlan add vid 30 dev v0");
            let told = table.verify().await.expect("a dump");
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(table.renew(&BridgeVlan::new("v0", 9).key()));
            agent.settled().await.expect("mended");
            assert_eq!(table.verify().await.expect("a dump"), []);
            shell("bridge vlan del vid 30 dev v0");

            let left: Vec<_> = table.all().iter().map(KSyncEntry::key).collect();
            takes(agent, left.len() as u64, || {
                table.remove_all(left);
            })
            .await;
            assert_eq!(compare::view(reader, &[]), bare, "all of it is gone");
        });
    }
}

namespace_test! {
    fn a_vlan_waits_for_the_port_to_be_one() {
        if !kernel_knows("vlans of links that are ports later", &format!("{GROUND}bridge vlan add vid 5 dev v0")) {
            return;
        }
        on_ground(Some(true), async |agent: &Agent, table: &Table<BridgeVlan>| {
            let far = Link::new("v1", LinkKind::PeerOf { link: Ref::to("v0") });
            agent.table().set(far.clone()).expect("valid");
            let early = BridgeVlan::new("v1", 5);
            table.set(early.clone()).expect("valid");
            assert!(agent.settled().await.expect_err("v1 is no port").to_string().contains("EINVAL"));
            agent.table().set(Link { master: Some(Ref::to("br0")), ..far }).expect("valid");
            table.settled(&early.key()).await.expect("now it is one");
        });
    }
}
