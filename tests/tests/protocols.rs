//! Kinds of generic netlink and of nf_tables on the real kernel, compared with what `ip mptcp` and `nft` make of the
//! same wish in a namespace of their own.

use std::collections::BTreeSet;
use std::process::Command;
use std::time::Duration;

use ksync_objects::{
    Address, Link, LinkKind, MptcpEndpoint, NftFamily, NftSet, NftSetElement, NftSetFlags, NftTable, NftType,
    NftValue,
};
use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::declare::{ErrorClass, KSyncEntry as _};
use ksync_runtime::engine::Why;
use ksync_runtime::engine::machine::State;
use ksync_runtime::prelude::*;
use ksync_tests::namespace;
use serde_json::Value;

/// What has to work in a namespace for the tests of a kind.
const MPTCP: &str = "ip mptcp endpoint show";
const NFT: &str = "nft list ruleset";

/// A test in a namespace of its own, skipped loudly where the kernel or the tool lacks something.
macro_rules! kernel_test {
    ($needs:ident, async fn $name:ident() $body:block) => {
        #[test]
        fn $name() {
            if let Err(reason) = elsewhere($needs) {
                namespace::skipped(stringify!($name), &format!("`{}` does not work here: {reason}", $needs));
                return;
            }
            namespace::run(stringify!($name), || {
                let runtime =
                    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async { $body });
            });
        }
    };
}

/// What a shell script prints in a namespace of its own.
fn elsewhere(script: &str) -> Result<String, String> {
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--net", "--", "sh", "-ec", script])
        .output()
        .map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

/// What a shell script prints here.
fn here(script: &str) -> String {
    let output = Command::new("sh").args(["-ec", script]).output().expect("sh starts");
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// JSON without what can't be equal: handles, the version of nft, times that run. nft 1.0.6 prints rubbish as the
/// flags of a table, so these are compared as text.
fn normal(json: &str) -> Value {
    fn clean(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("handle");
                fields.remove("expires");
                if let Some(Value::Object(table)) = fields.get_mut("table") {
                    table.remove("flags");
                }
                fields.values_mut().for_each(clean);
            }
            Value::Array(items) => {
                items.retain(|item| item.get("metainfo").is_none());
                items.iter_mut().for_each(clean);
            }
            _ => {}
        }
    }
    let mut value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json}"));
    clean(&mut value);
    value
}

/// The words of a ruleset, but for times that run; sorted, for elements come in no order.
fn words(ruleset: &str) -> BTreeSet<String> {
    let mut words = ruleset.split([' ', '\n', '\t', ',']).filter(|word| !word.is_empty());
    let mut kept = BTreeSet::new();
    while let Some(word) = words.next() {
        if word == "expires" {
            words.next();
        } else {
            kept.insert(word.to_owned());
        }
    }
    kept
}

async fn settled(agent: &Agent) {
    if let Err(unsettled) = agent.settled().await {
        panic!("{unsettled}");
    }
}

/// What the last failure of an entry was.
fn failure(why: &Why) -> (i32, ErrorClass, String) {
    let failure =
        why.root().and_then(|cause| cause.failure.clone()).unwrap_or_else(|| panic!("no failure: {why}"));
    (failure.error.errno, failure.class, failure.error.text.to_string())
}

// --- MPTCP ---

struct Mptcp {
    agent: Agent,
    endpoints: Table<MptcpEndpoint>,
}

fn mptcp() -> Mptcp {
    let agent = Agent::builder()
        .object::<MptcpEndpoint>()
        .object::<Address>()
        .object::<Link>()
        .kernel(Netlink::route().expect("a netlink socket"))
        .kernel(Netlink::generic().expect("a netlink socket"))
        .start()
        .expect("an agent");
    Mptcp { endpoints: agent.table(), agent }
}

const ADDRESSES: &str = "ip link set lo up; ip address add 192.0.2.1/24 dev lo; \
                         ip address add 2001:db8::1/64 dev lo nodad;";

fn declared() -> [MptcpEndpoint; 3] {
    let address = Address::new("lo", "192.0.2.1/24".parse().expect("a prefix"));
    [
        MptcpEndpoint {
            link: Some(Ref::to("lo")),
            assigned: Some(Ref::to(address.key())),
            subflow: true,
            fullmesh: true,
            ..MptcpEndpoint::new(1, [192, 0, 2, 1].into())
        },
        MptcpEndpoint {
            port: Some(8080),
            signal: true,
            link: Some(Ref::to("lo")),
            ..MptcpEndpoint::new(2, "2001:db8::1".parse().expect("an address"))
        },
        MptcpEndpoint { backup: true, subflow: true, ..MptcpEndpoint::new(255, [198, 51, 100, 1].into()) },
    ]
}

kernel_test! { MPTCP, async fn mptcp_endpoints_are_what_ip_makes_of_them() {
    let by_command = elsewhere(&format!(
        "{ADDRESSES}
         ip mptcp endpoint add 192.0.2.1 dev lo id 1 subflow fullmesh
         ip mptcp endpoint add 2001:db8::1 dev lo id 2 signal port 8080
         ip mptcp endpoint add 198.51.100.1 id 255 subflow backup
         ip -j mptcp endpoint show"
    )).expect("ip takes all of it");
    let mptcp = mptcp();
    // The wrong way round.
    assert!(mptcp.endpoints.set_all(declared()).is_empty());
    for prefix in ["192.0.2.1/24", "2001:db8::1/64"] {
        let prefix: IpNet = prefix.parse().expect("a prefix");
        let address = Address { no_dad: prefix.addr().is_ipv6(), ..Address::new("lo", prefix) };
        mptcp.agent.table::<Address>().set(address).expect("valid");
    }
    mptcp.agent.table::<Link>().set(Link::new("lo", LinkKind::Existing)).expect("valid");
    settled(&mptcp.agent).await;
    assert_eq!(normal(&here("ip -j mptcp endpoint show")), normal(&by_command));
    assert_eq!(mptcp.endpoints.verify().await.expect("a dump"), []);

    // A second time, nothing has to be written.
    let before = mptcp.agent.totals();
    assert!(mptcp.endpoints.set_all(declared()).is_empty());
    settled(&mptcp.agent).await;
    assert_eq!(mptcp.agent.totals(), before);
}}

kernel_test! { MPTCP, async fn flags_of_an_mptcp_endpoint_change_in_place_and_the_rest_takes_a_new_one() {
    here(ADDRESSES);
    let mptcp = mptcp();
    let link = Link::new("lo", LinkKind::Existing);
    mptcp.agent.table::<Link>().set(link).expect("valid");
    let first = MptcpEndpoint { subflow: true, ..MptcpEndpoint::new(7, [192, 0, 2, 1].into()) };
    mptcp.endpoints.set(first.clone()).expect("valid");
    settled(&mptcp.agent).await;

    let shown = || normal(&here("ip -j mptcp endpoint show"));
    let expected = |options: &str| {
        normal(&elsewhere(&format!(
            "{ADDRESSES} ip mptcp endpoint add {options}; ip -j mptcp endpoint show"
        )).expect("ip takes it"))
    };
    let in_place = [
        (MptcpEndpoint { backup: true, ..first.clone() }, "192.0.2.1 id 7 subflow backup"),
        (MptcpEndpoint { backup: true, fullmesh: true, ..first.clone() }, "192.0.2.1 id 7 subflow backup fullmesh"),
        (first.clone(), "192.0.2.1 id 7 subflow"),
    ];
    for (endpoint, options) in in_place {
        let before = mptcp.agent.totals();
        mptcp.endpoints.set(endpoint).expect("valid");
        settled(&mptcp.agent).await;
        let after = mptcp.agent.totals();
        assert_eq!((after.changes - before.changes, after.writes() - before.writes()), (1, 1), "{options}");
        assert_eq!(shown(), expected(options));
        assert_eq!(mptcp.endpoints.verify().await.expect("a dump"), []);
    }
    let renewed = [
        (MptcpEndpoint { signal: true, subflow: false, ..first.clone() }, "192.0.2.1 id 7 signal"),
        (MptcpEndpoint { address: "2001:db8::1".parse().expect("an address"), ..first.clone() }, "2001:db8::1 id 7 subflow"),
        (MptcpEndpoint { link: Some(Ref::to("lo")), ..first.clone() }, "192.0.2.1 dev lo id 7 subflow"),
        (MptcpEndpoint { signal: true, subflow: false, port: Some(99), ..first.clone() }, "192.0.2.1 id 7 signal port 99"),
    ];
    for (endpoint, options) in renewed {
        let before = mptcp.agent.totals();
        mptcp.endpoints.set(endpoint).expect("valid");
        settled(&mptcp.agent).await;
        let after = mptcp.agent.totals();
        assert_eq!((after.deletes - before.deletes, after.adds - before.adds), (1, 1), "{options}");
        assert_eq!(shown(), expected(options));
    }
    mptcp.endpoints.remove(&7);
    settled(&mptcp.agent).await;
    assert_eq!(here("ip -j mptcp endpoint show").trim(), "[]");
}}

kernel_test! { MPTCP, async fn an_mptcp_endpoint_of_somebody_else_is_left_alone_and_one_that_went_counts_as_gone() {
    let mptcp = mptcp();
    here("ip mptcp endpoint add 192.0.2.9 id 3 signal");
    mptcp.endpoints.set(MptcpEndpoint { subflow: true, ..MptcpEndpoint::new(3, [192, 0, 2, 1].into()) }).expect("valid");
    mptcp.endpoints.set(MptcpEndpoint { subflow: true, ..MptcpEndpoint::new(4, [192, 0, 2, 2].into()) }).expect("valid");
    let _ = mptcp.agent.settled().await.expect_err("one of them is taken");
    let (_, class, _) = failure(&mptcp.endpoints.why(&3).expect("declared"));
    assert_eq!(class, ErrorClass::AlreadyThere);
    assert!(here("ip mptcp endpoint show").contains("192.0.2.9 id 3 signal"));
    assert_eq!(mptcp.endpoints.state(&4), Some(State::InSync));

    here("ip mptcp endpoint delete id 4");
    mptcp.endpoints.remove(&4);
    mptcp.endpoints.remove(&3);
    settled(&mptcp.agent).await;
    assert_eq!(mptcp.endpoints.counts().total(), 0);
    assert!(here("ip mptcp endpoint show").contains("192.0.2.9"), "never ours to delete");
}}

/// A kind of a family that no kernel has.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(protocol = generic("ksync_nonesuch"), add = 1, delete = 2, get = 3)]
struct Nonesuch {
    #[ksync(key, nla = 1)]
    number: u32,
}

kernel_test! { MPTCP, async fn a_family_that_the_kernel_lacks_is_told_and_harms_nobody_else() {
    let agent = Agent::builder()
        .object::<Nonesuch>()
        .object::<MptcpEndpoint>()
        .object::<Address>()
        .object::<Link>()
        .kernel(Netlink::generic().expect("a netlink socket"))
        .kernel(Netlink::route().expect("a netlink socket"))
        .start()
        .expect("an agent");
    let nonesuch = agent.table::<Nonesuch>();
    for number in 0..100 {
        nonesuch.set(Nonesuch { number }).expect("valid");
    }
    let endpoint = MptcpEndpoint { subflow: true, ..MptcpEndpoint::new(1, [192, 0, 2, 1].into()) };
    agent.table::<MptcpEndpoint>().set(endpoint).expect("valid");
    let _ = agent.settled().await.expect_err("the family is not there");
    assert_eq!(agent.table::<MptcpEndpoint>().state(&1), Some(State::InSync));
    for number in 0..100 {
        let why = nonesuch.why(&number).expect("declared");
        let (_, class, text) = failure(&why);
        assert_eq!(class, ErrorClass::Blocked, "tried again later: {why}");
        assert!(text.contains("no generic netlink family ksync_nonesuch"), "{why}");
        assert!(text.contains("modprobe net-pf-16-proto-16-family-ksync_nonesuch"), "{why}");
    }
    assert!(agent.totals().reads <= 4, "the kernel is not asked once for each: {:?}", agent.totals());
    let error = nonesuch.read_back().await.expect_err("nothing can be dumped");
    assert!(error.text.contains("ksync_nonesuch"), "{error}");
    // What can't be there need not be deleted.
    for number in 0..100 {
        nonesuch.remove(&number);
    }
    settled(&agent).await;
    assert_eq!(nonesuch.counts().total(), 0);
}}

// --- nf_tables ---

struct Nft {
    agent: Agent,
    tables: Table<NftTable>,
    sets: Table<NftSet>,
    elements: Table<NftSetElement>,
}

fn nft() -> Nft {
    let agent = Agent::builder()
        .object::<NftSetElement>()
        .object::<NftSet>()
        .object::<NftTable>()
        .kernel(Netlink::nf_tables().expect("a netlink socket"))
        .start()
        .expect("an agent");
    Nft { tables: agent.table(), sets: agent.table(), elements: agent.table(), agent }
}

impl Nft {
    /// The kernel holds what the script makes.
    async fn is_like(&self, script: &str) {
        settled(&self.agent).await;
        let list = |how: &str| format!("{script}\n{how} list ruleset");
        let by_command = elsewhere(&list("nft -j")).expect("nft takes all of it");
        assert_eq!(normal(&here("nft -j list ruleset")), normal(&by_command));
        let by_command = elsewhere(&list("nft")).expect("nft takes all of it");
        assert_eq!(words(&here("nft list ruleset")), words(&by_command));
        assert_eq!(self.tables.verify().await.expect("a dump"), []);
        assert_eq!(self.sets.verify().await.expect("a dump"), []);
    }
}

fn seconds(count: u64) -> Option<Duration> {
    Some(Duration::from_secs(count))
}

fn blocked() -> NftSet {
    NftSet {
        flags: NftSetFlags { timeout: true, ..NftSetFlags::default() },
        timeout: seconds(3600),
        gc_interval: seconds(10),
        size: Some(100),
        comment: Some("knock, knock".to_owned()),
        ..NftSet::new(NftFamily::Inet.table("t"), "blocked", NftType::Ipv4Addr)
    }
}

fn element(address: [u8; 4]) -> NftSetElement {
    NftSetElement::new(blocked().key(), std::net::Ipv4Addr::from(address))
}

const RULESET: &str = "nft add table inet t '{ comment \"by somebody\"; }'
    nft add set inet t blocked '{ type ipv4_addr; flags timeout; timeout 1h; gc-interval 10s; size 100; comment \"knock, knock\"; }'
    nft add element inet t blocked '{ 192.0.2.1 timeout 30m comment \"x\", 192.0.2.2 }'";

fn ruleset(nft: &Nft) {
    nft.elements
        .set(NftSetElement {
            timeout: seconds(1800),
            comment: Some("x".to_owned()),
            ..element([192, 0, 2, 1])
        })
        .expect("valid");
    nft.elements.set(element([192, 0, 2, 2])).expect("valid");
    nft.sets.set(blocked()).expect("valid");
    let table = NftTable { comment: Some("by somebody".to_owned()), ..NftTable::new(NftFamily::Inet, "t") };
    nft.tables.set(table).expect("valid");
}

kernel_test! { NFT, async fn tables_sets_and_elements_are_what_nft_makes_of_them() {
    let nft = nft();
    ruleset(&nft);
    nft.is_like(RULESET).await;
    assert_eq!(nft.agent.totals().refusals, 0);
    // A second time, nothing has to be written.
    let before = nft.agent.totals().writes();
    ruleset(&nft);
    settled(&nft.agent).await;
    assert_eq!(nft.agent.totals().writes(), before);
}}

kernel_test! { NFT, async fn sets_of_every_type_hold_elements_of_it() {
    let nft = nft();
    let mut script = "nft add table ip6 many".to_owned();
    let cases: [(NftType, &str, NftValue, &str); 6] = [
        (NftType::Ipv4Addr, "ipv4_addr", std::net::Ipv4Addr::new(10, 1, 2, 3).into(), "10.1.2.3"),
        (NftType::Ipv6Addr, "ipv6_addr", std::net::Ipv6Addr::LOCALHOST.into(), "::1"),
        (NftType::EtherAddr, "ether_addr", MacAddr6::new(2, 0, 0, 0, 0, 9).into(), "02:00:00:00:00:09"),
        (NftType::InetProto, "inet_proto", NftValue::protocol(6), "tcp"),
        (NftType::InetService, "inet_service", NftValue::port(8080), "8080"),
        (NftType::Mark, "mark", NftValue::mark(0x1234), "0x1234"),
    ];
    for (kind, name, value, text) in cases {
        script.push_str(&format!("
            nft add set ip6 many s_{name} '{{ type {name}; }}'
            nft add element ip6 many s_{name} '{{ {text} }}'"));
        let set = NftSet::new(NftFamily::Ip6.table("many"), format!("s_{name}"), kind);
        nft.elements.set(NftSetElement::new(set.key(), value)).expect("valid");
        nft.sets.set(set).expect("valid");
    }
    // An element that the kernel gets from nobody.
    let constant = NftSetFlags { constant: true, ..NftSetFlags::default() };
    let dynamic = NftSetFlags { dynamic: true, timeout: true, ..NftSetFlags::default() };
    for (name, flags) in [("constant", constant), ("dynamic,timeout", dynamic)] {
        let short = name.split(',').next().unwrap_or_default();
        script.push_str(&format!("\nnft add set ip6 many f_{short} '{{ type mark; size 8; flags {name}; }}'"));
        let set = NftSet { flags, size: Some(8), ..NftSet::new(NftFamily::Ip6.table("many"), format!("f_{short}"), NftType::Mark) };
        nft.sets.set(set).expect("valid");
    }
    nft.tables.set(NftTable::new(NftFamily::Ip6, "many")).expect("valid");
    nft.is_like(&script).await;
}}

kernel_test! { NFT, async fn what_can_be_changed_in_place_is_and_the_rest_is_made_anew() {
    let nft = nft();
    ruleset(&nft);
    settled(&nft.agent).await;

    let before = nft.agent.totals();
    let table = NftTable { dormant: true, comment: Some("by somebody".to_owned()), ..NftTable::new(NftFamily::Inet, "t") };
    nft.tables.set(table.clone()).expect("valid");
    nft.sets.set(NftSet { timeout: seconds(7200), gc_interval: seconds(20), size: Some(200), ..blocked() }).expect("valid");
    // The element that says nothing of its own still goes by the old time.
    settled(&nft.agent).await;
    let after = nft.agent.totals();
    assert_eq!((after.changes - before.changes, after.writes() - before.writes()), (2, 2));
    let text = here("nft list ruleset");
    for line in ["flags dormant", "timeout 2h", "gc-interval 20s", "size 200"] {
        assert!(text.contains(line), "{line}: {text}");
    }
    nft.tables.set(NftTable { dormant: false, ..table }).expect("valid");
    settled(&nft.agent).await;
    assert!(!here("nft list ruleset").contains("dormant"));

    // An element's own time takes a new element.
    let before = nft.agent.totals();
    nft.elements.set(NftSetElement { timeout: seconds(60), ..element([192, 0, 2, 1]) }).expect("valid");
    settled(&nft.agent).await;
    let after = nft.agent.totals();
    assert_eq!((after.deletes - before.deletes, after.adds - before.adds), (1, 1));
    let text = here("nft list set inet t blocked");
    assert!(text.contains("192.0.2.1 timeout 1m expires") && !text.contains("comment \"x\""), "{text}");

    // Another type takes a new set, and its elements come back.
    let ports = NftSet { element: NftType::Mark, comment: None, ..blocked() };
    nft.sets.set(ports).expect("valid");
    nft.elements.remove(&element([192, 0, 2, 1]).key());
    settled(&nft.agent).await;
    let text = here("nft list set inet t blocked");
    assert!(text.contains("type mark") && text.contains("elements = { 0x020200c0"), "{text}");

    // And a new table brings all of it back.
    nft.tables.set(NftTable { comment: Some("anew".to_owned()), ..NftTable::new(NftFamily::Inet, "t") }).expect("valid");
    settled(&nft.agent).await;
    let text = here("nft list ruleset");
    assert!(text.contains("comment \"anew\"") && text.contains("0x020200c0"), "{text}");
}}

kernel_test! { NFT, async fn everything_goes_in_the_right_order_however_it_is_removed() {
    let nft = nft();
    ruleset(&nft);
    settled(&nft.agent).await;
    nft.tables.remove(&NftFamily::Inet.table("t"));
    nft.sets.remove(&blocked().key());
    nft.elements.remove(&element([192, 0, 2, 1]).key());
    nft.elements.remove(&element([192, 0, 2, 2]).key());
    settled(&nft.agent).await;
    assert_eq!(here("nft list ruleset").trim(), "");
    assert_eq!(nft.agent.totals().refusals, 0, "nothing was deleted too early");
}}

kernel_test! { NFT, async fn one_refusal_undoes_a_transaction_and_nothing_but_what_was_refused_stays_away() {
    let nft = nft();
    ruleset(&nft);
    settled(&nft.agent).await;
    // Somebody else puts every third one there.
    let foreign: Vec<String> = (0..250).step_by(3).map(|last| format!("10.0.0.{last}")).collect();
    here(&format!("nft add element inet t blocked '{{ {} }}'", foreign.join(", ")));
    // Room for all of them.
    nft.sets.set(NftSet { size: Some(1000), ..blocked() }).expect("valid");
    settled(&nft.agent).await;

    let before = nft.agent.totals();
    let all: Vec<_> = (0..250).map(|last| element([10, 0, 0, last])).collect();
    assert!(nft.elements.set_all(all).is_empty());
    let _ = nft.agent.settled().await.expect_err("some are somebody else's");
    let after = nft.agent.totals();
    for last in 0..250u8 {
        let key = element([10, 0, 0, last]).key();
        if last % 3 == 0 {
            let (errno, class, _) = failure(&nft.elements.why(&key).expect("declared"));
            assert_eq!((errno, class), (17, ErrorClass::AlreadyThere), "{last}");
        } else {
            assert_eq!(nft.elements.state(&key), Some(State::InSync), "{last}");
        }
    }
    let text = here("nft list set inet t blocked");
    assert!((0..250).all(|last| text.contains(&format!(" 10.0.0.{last} "))), "{text}");
    assert!(after.undone > before.undone, "the refusals were meant to undo others");
    assert_eq!(after.refusals - before.refusals, 84, "each is refused once");
    assert!(after.batches - before.batches <= 10, "no batch is sent over and over: {after:?}");
}}

kernel_test! { NFT, async fn a_delete_of_what_is_gone_does_not_keep_others_alive() {
    let nft = nft();
    ruleset(&nft);
    let all: Vec<_> = (0..20).map(|last| element([10, 0, 0, last])).collect();
    assert!(nft.elements.set_all(all.clone()).is_empty());
    settled(&nft.agent).await;
    here("nft delete element inet t blocked '{ 10.0.0.3, 10.0.0.7 }'");
    nft.elements.remove_all(all.iter().map(NftSetElement::key));
    settled(&nft.agent).await;
    let text = here("nft list ruleset");
    assert!(!text.contains("10.0.0."), "{text}");
    assert!(nft.agent.totals().undone > 0);
}}

// --- connections ---

#[test]
fn a_kind_without_a_kernel_for_its_protocol_is_an_error_that_names_both() {
    let Err(error) = Agent::builder()
        .object::<MptcpEndpoint>()
        .object::<Address>()
        .object::<Link>()
        .kernel(ksync_runtime::socket::simulated::SimulatedKernel::new())
        .start()
    else {
        panic!("nobody carries generic netlink");
    };
    let text = error.to_string();
    assert!(text.contains("MptcpEndpoint") && text.contains("mptcp_pm"), "{text}");
    assert!(text.contains(".kernel(Netlink::generic()?)"), "{text}");
}

#[test]
fn an_agent_without_any_kernel_says_so() {
    let Err(error) = Agent::builder().object::<NftTable>().start() else {
        panic!("there is no kernel");
    };
    assert!(error.to_string().contains("no kernel"), "{error}");
}
