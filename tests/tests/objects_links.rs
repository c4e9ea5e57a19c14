//! Links of all kinds on the real kernel: by command and by declaration, through their whole life.

use ksync_objects::{Link, LinkKind};
use ksync_runtime::agent::Agent;
use ksync_runtime::prelude::*;
use ksync_tests::compare::{Elsewhere, kernel_knows, on_agent, takes};
use ksync_tests::namespace_test;

namespace_test! {
    fn a_bridge_is_what_the_command_makes() {
        let elsewhere = Elsewhere::new();
        elsewhere.shell("ip link add br0 type bridge; ip link set br0 up address 02:00:00:00:00:01");
        on_agent(Agent::builder().object::<Link>(), async |agent: &Agent| {
            let bridge = Link { mac: Some(MacAddr6::new(2, 0, 0, 0, 0, 1)), ..Link::new("br0", LinkKind::Bridge) };
            takes(agent, 1, || agent.table().set(bridge).expect("valid")).await;
            let _ = kernel_knows("vlan", "ip link add name v0 type veth peer name v1; ip link add link v0 name v0.3 type vlan id 3");
            elsewhere.same("ip -j -d link show", &["ifindex", "gc_timer", "hello_timer", "mtu"]);
        });
    }
}
