//! Parameters of the network on the real kernel, read back with `sysctl`.

use std::process::Command;
use std::time::Duration;

use ksync_objects::{Link, LinkKind, Sysctl, SysctlName};
use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::engine::machine::State;
use ksync_runtime::prelude::*;
use ksync_tests::iproute2::ip;
use ksync_tests::namespace_test;

struct Host {
    agent: Agent,
    links: Table<Link>,
    sysctls: Table<Sysctl>,
}

impl Host {
    fn new() -> Self {
        let agent = Agent::builder()
            .object::<Sysctl>()
            .object::<Link>()
            .kernel(Netlink::route().expect("a netlink socket"))
            .start()
            .expect("an agent");
        Host { links: agent.table(), sysctls: agent.table(), agent }
    }

    fn set(&self, name: &str, value: impl ToString) {
        self.sysctls.set(Sysctl::new(name, value)).expect("valid");
    }

    fn remove(&self, name: &str) {
        assert!(self.sysctls.remove(&name.into()), "{name} was declared");
    }

    fn state(&self, name: &str) -> Option<State> {
        self.sysctls.state(&name.into())
    }

    async fn settled(&self) {
        if let Err(unsettled) = self.agent.settled().await {
            panic!("{unsettled}");
        }
    }

    /// Whatever becomes of the others.
    async fn sysctl_settled(&self, name: &str) {
        self.agent.settled_so_far().await.expect("the agent goes on");
        assert!(matches!(self.state(name), None | Some(State::InSync)), "{name}");
    }

    async fn unsettled(&self) -> String {
        self.agent.settled().await.expect_err("not all can be in sync").to_string()
    }
}

fn with_host(test: impl AsyncFnOnce(&Host)) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async { test(&Host::new()).await });
}

fn sysctl(arguments: &[&str]) -> String {
    let output = Command::new("sysctl").args(arguments).output().expect("sysctl starts");
    assert!(output.status.success(), "sysctl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

/// What the kernel holds, in the namespace of this thread.
fn held(name: &str) -> String {
    sysctl(&["-n", name])
}

namespace_test! {
    fn a_parameter_is_set_changed_and_put_back() {
        with_host(async |host: &Host| {
            let name = "net.ipv4.ip_default_ttl";
            assert_eq!(held(name), "64");
            host.set(name, 17);
            host.settled().await;
            assert_eq!(held(name), "17");
            host.set(name, 18);
            host.settled().await;
            assert_eq!(held(name), "18");
            // Set again in both spellings, changed and changed back: still one entry, which still remembers.
            host.set("net/ipv4/ip_default_ttl", 18);
            host.set(name, 19);
            host.set(name, 18);
            host.settled().await;
            assert_eq!((held(name), host.sysctls.counts().total()), ("18".to_owned(), 1));
            // Taken back and declared anew before anything could be done about it.
            host.remove(name);
            host.set(name, 20);
            host.settled().await;
            assert_eq!(held(name), "20");
            host.remove(name);
            host.settled().await;
            assert_eq!((held(name), host.sysctls.counts().total()), ("64".to_owned(), 0));
            assert_eq!(host.agent.totals().writes(), 0, "nothing went through netlink");
        });
    }
}

namespace_test! {
    fn every_form_of_value_is_taken_as_sysctl_takes_it_and_comes_back() {
        with_host(async |host: &Host| {
            let values = [
                ("net.ipv4.ip_forward", "1"),
                ("net.ipv4.tcp_rmem", "4096  87380 1000000"),
                ("net.ipv4.ip_local_reserved_ports", "7001,7002,7003,9000"),
                ("net.ipv4.tcp_congestion_control", "reno"),
                ("net.ipv4.conf.default.rp_filter", "2"),
                ("net.ipv6.conf.lo.disable_ipv6", "1"),
                ("net.ipv6.conf.all.forwarding", "1"),
                ("net.core.somaxconn", "0x80"),
            ];
            let before: Vec<String> = values.iter().map(|(name, _)| held(name)).collect();
            for (name, value) in values {
                host.set(name, value);
            }
            host.settled().await;
            let ours: Vec<String> = values.iter().map(|(name, _)| held(name)).collect();
            assert_ne!(ours, before);
            for (name, _) in values {
                host.remove(name);
            }
            host.settled().await;
            let after: Vec<String> = values.iter().map(|(name, _)| held(name)).collect();
            assert_eq!(after, before);
            // The documented command does the same.
            for (name, value) in values {
                sysctl(&["-q", "-w", &format!("{name}={value}")]);
            }
            let theirs: Vec<String> = values.iter().map(|(name, _)| held(name)).collect();
            assert_eq!(ours, theirs);
        });
    }
}

namespace_test! {
    fn a_parameter_waits_for_its_link_and_is_written_again_when_that_is_made_anew() {
        with_host(async |host: &Host| {
            let (ipv4, ipv6, dotted) =
                ("net.ipv4.conf.v0.rp_filter", "net.ipv6.neigh.v0.retrans_time_ms", "net.ipv4.conf.v1/7.arp_filter");
            host.set(ipv4, 2);
            host.set(ipv6, 2000);
            host.set(dotted, 1);
            let told = host.unsettled().await;
            assert!(told.contains("Sysctl net.ipv4.conf.v0.rp_filter is ADD_DEFER, waits for Link v0"), "{told}");
            assert!(told.contains("Sysctl net.ipv4.conf.v1/7.arp_filter is ADD_DEFER, waits for Link v1.7"), "{told}");
            host.links.set(Link::new("v0", LinkKind::veth("v1.7"))).expect("valid");
            host.links.set(Link::new("v1.7", LinkKind::PeerOf { link: Ref::to("v0") })).expect("valid");
            host.settled().await;
            assert_eq!([held(ipv4), held(ipv6), held(dotted)], ["2", "2000", "1"]);

            // Another kind of link under the same name: deleted and made anew, and so are its parameters.
            let before = ip("-o link show dev v0");
            host.remove(dotted);
            assert!(host.links.remove(&"v1.7".to_owned()));
            host.settled().await;
            host.links.set(Link::new("v0", LinkKind::bridge())).expect("valid");
            host.settled().await;
            assert_ne!(ip("-o link show dev v0"), before);
            assert_eq!([held(ipv4), held(ipv6)], ["2", "2000"]);

            // The link outlives what refers to it, and what it had is put back before it goes.
            assert!(host.links.remove(&"v0".to_owned()));
            assert!(host.unsettled().await.contains("still referred to by"));
            host.remove(ipv4);
            let told = host.unsettled().await;
            assert!(told.contains("Link v0"), "{told}");
            assert_eq!([held(ipv4), held(ipv6)], ["0", "2000"]);
            host.remove(ipv6);
            host.settled().await;
            assert_eq!(ip("-o link show").lines().count(), 1, "only lo is left");
        });
    }
}

namespace_test! {
    fn a_link_that_others_replaced_gets_its_parameters_and_its_own_original_back() {
        with_host(async |host: &Host| {
            let name = "net.ipv4.conf.v0.rp_filter";
            ip("link add v0 type bridge");
            host.links.set(Link::new("v0", LinkKind::Existing)).expect("valid");
            host.set(name, 2);
            host.settled().await;
            // What a new link starts with is another value now.
            sysctl(&["-q", "-w", "net.ipv4.conf.default.rp_filter=1"]);
            ip("link delete v0");
            // A change finds that the file is gone, and waits for it.
            host.set(name, 77);
            let told = host.unsettled().await;
            assert!(told.contains("ENOENT") && told.contains("/proc/sys/net/ipv4/conf/v0/rp_filter can't be opened"), "{told}");
            assert!(told.contains("[field name]; tried again later"), "{told}");
            ip("link add v0 type bridge");
            for _ in 0..200 {
                if host.state(name) == Some(State::InSync) {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            assert_eq!(held(name), "77");
            host.remove(name);
            host.settled().await;
            assert_eq!(held(name), "1", "what the new link started with, not what the old one had");
        });
    }
}

namespace_test! {
    fn what_the_kernel_refuses_is_told_with_the_file_and_leaves_nothing_behind() {
        with_host(async |host: &Host| {
            let cases = [
                ("net.ipv4.ip_default_ttl", "900", "EINVAL (Invalid argument): /proc/sys/net/ipv4/ip_default_ttl does not take \"900\" [field value]"),
                ("net.ipv4.ip_forward", "1 2", "/proc/sys/net/ipv4/ip_forward does not take \"1 2\": \"2\" is too much [field value]"),
                ("net.ipv4.tcp_congestion_control", "nosuch", "/proc/sys/net/ipv4/tcp_congestion_control does not take \"nosuch\": No such file"),
                ("net.ipv4.route.flush", "1", "EACCES (Permission denied): /proc/sys/net/ipv4/route/flush can't be opened [field name]"),
                ("net.ipv4.conf.all", "1", "EISDIR"),
                ("net.ipv4.conf.lo.nosuch", "1", "ENOENT (No such file or directory): /proc/sys/net/ipv4/conf/lo/nosuch can't be opened [field name]; tried again later"),
            ];
            let forward = held("net.ipv4.ip_forward");
            for (name, value, text) in cases {
                host.set(name, value);
                let told = host.unsettled().await;
                assert!(told.contains(text), "{told}");
                host.remove(name);
                host.settled().await;
            }
            assert_eq!(held("net.ipv4.ip_forward"), forward, "half a value was taken back");

            // What the kernel shows it need not take: here a group that this user namespace does not have.
            host.set("net.ipv4.ping_group_range", "0 0");
            host.settled().await;
            host.remove("net.ipv4.ping_group_range");
            let told = host.unsettled().await;
            assert!(told.contains("delete failed: EINVAL") && told.contains("does not take \"65534\\t0\""), "{told}");

            // A refused change leaves what was accepted, and what was there before is not forgotten.
            let (name, before) = ("net.ipv4.tcp_congestion_control", held("net.ipv4.tcp_congestion_control"));
            assert_ne!(before, "reno");
            host.set(name, "reno");
            host.sysctl_settled(name).await;
            host.set(name, "nosuch");
            assert!(host.unsettled().await.contains("nosuch"));
            assert_eq!(held(name), "reno");
            host.remove(name);
            host.sysctl_settled(name).await;
            assert_eq!(held(name), before);
        });
    }
}

namespace_test! {
    fn the_namespace_is_that_of_the_thread_that_starts_the_agent() {
        use nix::sched::{CloneFlags, unshare};
        let name = "net.ipv4.ip_default_ttl";
        sysctl(&["-q", "-w", "net.ipv4.ip_default_ttl=11"]);
        let value = Sysctl::new(name, 33);
        let copy = value.clone();
        let other = std::thread::spawn(move || {
            unshare(CloneFlags::CLONE_NEWNET).expect("a namespace for this thread alone");
            with_host(async |host: &Host| {
                host.sysctls.set(copy).expect("valid");
                host.settled().await;
                let there = held(name);
                host.remove(name);
                host.settled().await;
                assert_eq!((there.as_str(), held(name).as_str()), ("33", "64"));
            });
        });
        with_host(async |host: &Host| {
            host.sysctls.set(value).expect("valid");
            host.settled().await;
            other.join().expect("the other agent did its work");
            assert_eq!(held(name), "33");
            host.remove(name);
            host.settled().await;
            assert_eq!(held(name), "11", "copies of a value share no memory");
        });
    }
}

#[test]
fn names_and_values_that_can_t_be_right_are_refused_before_the_kernel_is_asked() {
    let refused =
        |name: &str, value: &str| Sysctl::new(name, value).check().expect_err("refused").to_string();
    assert_eq!(refused("kernel.hostname", "x"), "name: kernel.hostname is not below net.");
    assert_eq!(refused("net/../kernel/hostname", "x"), "name: \"..\" can't be a part of a name");
    assert_eq!(refused("net.ipv4.//.x", "x"), "name: \"..\" can't be a part of a name");
    assert_eq!(refused("net//ipv4/ip_forward", "1"), "name: \"\" can't be a part of a name");
    assert_eq!(refused("/net/ipv4/ip_forward", "1"), "name: .net.ipv4.ip_forward is not below net.");
    assert_eq!(refused("net", "1"), "name: net names no parameter");
    assert_eq!(refused("net/ipv4/a\0b", "1"), "name: \"a\\0b\" can't be a part of a name");
    assert!(refused("net.ipv4.ip_forward", " \n").starts_with("value: \" \\n\" is empty"));
    assert!(refused("net.ipv4.ip_forward", "1\n2").contains("holds a newline"));

    let links = |name: &str| SysctlName::from(name).interface().map(str::to_owned);
    assert_eq!(links("net.ipv4.conf.eth0.forwarding").as_deref(), Some("eth0"));
    assert_eq!(links("net/ipv6/conf/eth0.7/forwarding").as_deref(), Some("eth0.7"));
    for global in [
        "net.ipv4.conf.all.forwarding",
        "net.ipv6.conf.default.mtu",
        "net.ipv4.ip_forward",
        "net.ipv4.conf.eth0",
    ] {
        assert_eq!(links(global), None, "{global}");
    }
    let one = Sysctl::new("net.ipv4.tcp_rmem", "1\t2 \n");
    assert_eq!(one, Sysctl::new("net/ipv4/tcp_rmem", "1  2"));
    assert_ne!(one, Sysctl::new("net/ipv4/tcp_rmem", "12"));
}
