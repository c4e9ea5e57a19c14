//! Many values at once, on the whole way: several batches in flight, some of their answers lost, deletes in any order,
//! single changes beside them, and a kernel that does not keep the pace.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use ksync_objects::{Link, LinkKind, Nexthop, NexthopGroup, Route};
use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::declare::Channel;
use ksync_runtime::engine::Transition;
use ksync_runtime::engine::machine::State;
use ksync_runtime::prelude::*;
use ksync_runtime::socket::simulated::SimulatedKernel;
use ksync_runtime::socket::{Kernel, Readiness, Received};
use ksync_runtime::wire::rtnetlink::{RTA_DST, RTM_NEWROUTE};
use ksync_tests::iproute2::{batch, list};
use ksync_tests::namespace_test;

/// More than three batches.
const MANY: u32 = 5000;

/// Batches hold no more messages than that, and three of them are on their way.
const AHEAD: usize = 3 * 256;

struct Host {
    agent: Agent,
    nexthops: Table<Nexthop>,
    routes: Table<Route>,
}

impl Host {
    /// With a link that has a carrier by itself.
    fn new(kernel: impl Kernel + 'static) -> Self {
        let agent = Agent::builder()
            .object::<Route>()
            .object::<NexthopGroup>()
            .object::<Nexthop>()
            .object::<Link>()
            .kernel(kernel)
            .start()
            .expect("an agent");
        agent.table::<Link>().set(Link::new("vx", LinkKind::vxlan(10))).expect("valid");
        Host { nexthops: agent.table(), routes: agent.table(), agent }
    }

    async fn settled(&self) {
        if let Err(unsettled) = self.agent.settled().await {
            panic!("{unsettled}");
        }
    }
}

fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(test);
}

fn route(number: u32, nexthop: &str) -> Route {
    let [_, high, middle, low] = number.to_be_bytes();
    Route::new(IpNet::new([10, high, middle, low].into(), 32).expect("a prefix"), nexthop)
}

fn held(what: &str) -> usize {
    list(what).len()
}

namespace_test! {
    /// A third of the places are taken, and there is room for a few answers only.
    fn many_routes_with_lost_answers_end_as_the_kernel_says() {
        run(async {
            let mut kernel = Netlink::route().expect("a netlink socket");
            kernel.set_receive_buffer(4608).expect("a small buffer");
            let host = Host::new(kernel);
            host.nexthops.set(Nexthop::on_link("direct", "vx")).expect("valid");
            host.settled().await;
            let taken: String = (0..MANY)
                .step_by(3)
                .map(|number| format!("route add {} dev vx proto static\n", route(number, "").destination))
                .collect();
            batch(&taken);
            assert!(host.routes.set_all((0..MANY).map(|number| route(number, "direct"))).is_empty());
            let unsettled = host.agent.settled().await.expect_err("a third of the places are taken");
            let totals = host.agent.totals();
            assert!(totals.lost_answers > 0, "the buffer was meant to be too small");
            let there: HashSet<String> = list("route show proto static")
                .iter()
                .filter(|held| held["nhid"].is_u64())
                .filter_map(|held| Some(held["dst"].as_str()?.to_owned()))
                .collect();
            for route in host.routes.all() {
                let in_sync = host.routes.state(&route.key()) == Some(State::InSync);
                let address = route.destination.addr().to_string();
                assert_eq!(in_sync, there.contains(&address), "{route:?}: {unsettled}");
            }
            // And all of it goes again, but for what is not ours.
            host.routes.remove_all(host.routes.all().iter().map(|route| route.key()));
            host.settled().await;
            assert!(list("route show proto static").iter().all(|held| !held["nhid"].is_u64()));
        });
    }
}

namespace_test! {
    /// Nothing is deleted while something refers to it, in whatever order the others go: the kernel would drop the
    /// routes by itself, and refuse to delete them then.
    fn what_is_removed_in_bulk_goes_in_the_order_of_its_references() {
        run(async {
            let host = Host::new(Netlink::route().expect("a netlink socket"));
            let name = |number: u32| format!("hop{}", number % 500);
            host.nexthops.set_all((0..500).map(|number| Nexthop::on_link(name(number), "vx")));
            let routes = || (0..MANY).map(|number| route(number, &name(number)));
            assert_eq!(host.routes.set_all_async(routes()).await.expect("the agent runs"), []);
            host.settled().await;
            assert_eq!((held("nexthop show"), held("route show proto static")), (500, MANY as usize));
            host.nexthops.remove_all((0..500).map(|number| name(number).into()));
            host.routes.remove_all(routes().map(|route| route.key()));
            host.settled().await;
            assert_eq!((held("nexthop show"), held("route show proto static")), (0, 0));
            let totals = host.agent.totals();
            assert_eq!((totals.deletes, totals.refusals), (u64::from(MANY) + 500, 0));
        });
    }
}

namespace_test! {
    /// All at once, over and over: what is there in the end is what was said last.
    fn many_changes_of_the_same_routes_while_they_are_on_their_way() {
        run(async {
            let host = Host::new(Netlink::route().expect("a netlink socket"));
            host.nexthops.set_all(["a", "b"].map(|name| Nexthop::on_link(name, "vx")));
            let routes = host.routes.clone();
            let one_by_one = std::thread::spawn(move || {
                for number in (0..MANY).rev() {
                    routes.set(route(number, "b")).expect("valid");
                    routes.remove(&route(number, "b").key());
                }
            });
            for round in 0..4 {
                let name = if round % 2 == 0 { "a" } else { "b" };
                host.routes.set_all((0..MANY).map(|number| route(number, name)));
                host.routes.remove_all((0..MANY).step_by(2).map(|number| route(number, name).key()));
            }
            one_by_one.join().expect("it ends");
            host.routes.set_all((0..MANY).filter(|number| number % 5 != 0).map(|number| route(number, "a")));
            host.routes.remove_all((0..MANY).step_by(5).map(|number| route(number, "a").key()));
            host.settled().await;
            assert_eq!(held("route show proto static"), MANY as usize / 5 * 4);
            assert_eq!(host.routes.verify().await.expect("a dump"), []);
        });
    }
}

/// A single change that was set while many were on their way leaves with the next batch: before it are those that are
/// made already, and one of the many for three of its own sort.
#[test]
fn a_single_change_leaves_with_the_next_batch() {
    run(async {
        let kernel = SimulatedKernel::new();
        let world = kernel.world();
        let host = Host::new(kernel);
        host.nexthops.set(Nexthop::on_link("direct", "vx")).expect("valid");
        host.settled().await;
        world.log(usize::MAX);
        let routes = host.routes.clone();
        let many = std::thread::spawn(move || routes.set_all((0..20_000).map(|n| route(n, "direct"))));
        let mut set_at = Vec::new();
        for fresh in 1 << 20..(1 << 20) + 20 {
            host.routes.set(route(fresh, "direct")).expect("valid");
            set_at.push((route(fresh, ""), world.requests(RTM_NEWROUTE) as usize));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(many.join().expect("it ends"), []);
        host.settled().await;
        let sent: Vec<Vec<u8>> = world
            .take_log()
            .iter()
            .filter_map(|logged| logged.message().filter(|message| message.message_type == RTM_NEWROUTE))
            .map(|message| message.body.to_vec())
            .collect();
        assert_eq!(sent.len(), 20_020);
        for (route, set_at) in set_at {
            let IpAddr::V4(address) = route.destination.addr() else { unreachable!("all are IPv4") };
            let attribute: Vec<u8> =
                [&8u16.to_ne_bytes()[..], &RTA_DST.to_ne_bytes(), &address.octets()].concat();
            let at = sent.iter().position(|body| body.windows(8).any(|bytes| bytes == attribute));
            let at = at.expect("it was sent");
            assert!(
                at <= set_at + AHEAD + 256,
                "{address} was set after {set_at} were sent, and left as number {at}"
            );
        }
    });
}

/// A kernel that takes nothing while the test says so.
struct Stuck {
    kernel: SimulatedKernel,
    stuck: Arc<AtomicBool>,
}

/// A test that fails does not leave the kernel stuck: the agent waits for it.
struct Free(Arc<AtomicBool>);

impl Drop for Free {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Kernel for Stuck {
    fn channel(&self) -> Channel {
        self.kernel.channel()
    }

    fn port(&self) -> u32 {
        self.kernel.port()
    }

    fn answer_capacity(&self) -> usize {
        self.kernel.answer_capacity()
    }

    fn max_batch_len(&self) -> usize {
        self.kernel.max_batch_len()
    }

    fn send(&mut self, batch: &[u8]) -> std::io::Result<()> {
        while self.stuck.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.kernel.send(batch)
    }

    fn receive(&mut self, datagram: &mut BytesMut) -> std::io::Result<Received> {
        self.kernel.receive(datagram)
    }

    fn readiness(&self) -> Readiness<'_> {
        self.kernel.readiness()
    }
}

/// Nothing is turned away, nobody hangs, and what is said over and over is kept once.
#[test]
fn a_kernel_that_is_stuck_holds_up_nobody_for_ever() {
    run(async {
        let stuck = Arc::new(AtomicBool::new(false));
        let host = Host::new(Stuck { kernel: SimulatedKernel::new(), stuck: stuck.clone() });
        host.nexthops.set(Nexthop::on_link("direct", "vx")).expect("valid");
        host.settled().await;
        let _free = Free(stuck.clone());
        stuck.store(true, Ordering::Relaxed);
        // Batches that are made already hold a few hundred, and the lane a thousand.
        for number in 0..1400 {
            host.routes.set(route(number, "direct")).expect("valid");
        }
        let waits = tokio::time::timeout(Duration::from_millis(50), host.routes.room()).await;
        assert!(waits.is_err(), "there is no room");
        assert_eq!(host.routes.set_all((0..20_000).map(|number| route(number, "direct"))), []);
        let (queued, outstanding) = host.agent.pending();
        assert_eq!((queued + outstanding, host.routes.counts().in_sync()), (20_000, 0));
        stuck.store(false, Ordering::Relaxed);
        host.routes.room().await.expect("the agent runs");
        host.settled().await;
        assert_eq!(host.routes.counts().in_sync(), 20_000);
    });
}

/// A kernel whose code panics: those who wait are told.
#[test]
fn an_agent_whose_connection_panics_says_so() {
    struct Broken(SimulatedKernel);

    impl Kernel for Broken {
        fn channel(&self) -> Channel {
            self.0.channel()
        }

        fn port(&self) -> u32 {
            self.0.port()
        }

        fn answer_capacity(&self) -> usize {
            self.0.answer_capacity()
        }

        fn max_batch_len(&self) -> usize {
            self.0.max_batch_len()
        }

        fn send(&mut self, batch: &[u8]) -> std::io::Result<()> {
            assert!(batch.len() < 2000, "this kernel takes short batches only");
            self.0.send(batch)
        }

        fn receive(&mut self, datagram: &mut BytesMut) -> std::io::Result<Received> {
            self.0.receive(datagram)
        }

        fn readiness(&self) -> Readiness<'_> {
            self.0.readiness()
        }
    }

    run(async {
        let host = Host::new(Broken(SimulatedKernel::new()));
        host.nexthops.set(Nexthop::on_link("direct", "vx")).expect("valid");
        host.settled().await;
        host.routes.set_all((0..MANY).map(|number| route(number, "direct")));
        let unsettled = host.agent.settled().await.expect_err("the connection is gone");
        assert!(unsettled.to_string().contains("panicked"), "{unsettled}");
    });
}

#[test]
fn what_only_waits_is_told_to_those_who_watch_although_nothing_is_to_be_sent() {
    run(async {
        let host = Host::new(SimulatedKernel::new());
        host.settled().await;
        let mut transitions = host.agent.transitions();
        let told = async |transitions: &mut tokio::sync::broadcast::Receiver<_>| {
            let next = tokio::time::timeout(Duration::from_secs(20), transitions.recv()).await;
            let transition: Arc<Transition> = next.expect("nobody was told").expect("a transition");
            (transition.key.clone(), transition.to)
        };
        host.routes.set(route(1, "missing")).expect("valid");
        assert_eq!(told(&mut transitions).await.1, State::AddDefer);
        assert!(host.routes.set_all((2..600).map(|number| route(number, "missing"))).is_empty());
        for _ in 2..600 {
            assert_eq!(told(&mut transitions).await.1, State::AddDefer);
        }
        assert!(host.agent.settled().await.is_err(), "all of them wait");
    });
}
