//! A fresh network namespace, and the link and nexthops in it that routes need.
//!
//! What is made here is made with iproute2, before any clock runs.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::{Command, Stdio};

use ksync_examples::namespace;
use nix::sched::{CloneFlags, unshare};

use crate::bench::prefixes::Family;

/// The link that all nexthops are on: a tunnel, which has a carrier by itself.
pub(crate) const LINK: &str = "bench0";

/// The network identifier of the tunnel.
pub(crate) const VXLAN_ID: u32 = 1;

/// The number of the first nexthop object; where KSync's begin too.
pub(crate) const FIRST_NEXTHOP: u32 = 1_000_000_000;

/// Moves this process into a namespace of its own, with the loopback link up. Must be called before it has threads.
/// `keep_users` keeps it out of a user namespace, which only root can do without.
pub(crate) fn enter(keep_users: bool) -> Result<(), String> {
    let failed = |error: &dyn std::fmt::Display| format!("no namespace to run in: {error}");
    if keep_users {
        unshare(CloneFlags::CLONE_NEWNET).map_err(|errno| failed(&errno))?;
    } else {
        namespace::enter().map_err(|error| failed(&error))?;
    }
    ip_batch(&[], "link set lo up\n")
}

/// The tunnel. Returns its number.
pub(crate) fn make_link() -> Result<u32, String> {
    ip_batch(&[], &format!("link add {LINK} type vxlan id {VXLAN_ID} dstport 4789\nlink set {LINK} up\n"))?;
    // Not from /sys, which shows the namespace that it was mounted in.
    crate::iproute2::link(LINK)
        .and_then(|link| link["ifindex"].as_u64())
        .and_then(|index| u32::try_from(index).ok())
        .ok_or_else(|| format!("{LINK} has no number"))
}

/// That many nexthop objects on the link.
pub(crate) fn make_nexthops(family: Family, count: u32) -> Result<(), String> {
    let mut commands = String::new();
    for number in 0..count {
        let (id, gateway) = (FIRST_NEXTHOP + number, gateway(family, number));
        commands.push_str(&format!("nexthop add id {id} via {gateway} dev {LINK} onlink protocol static\n"));
    }
    ip_batch(&[], &commands)
}

/// The router behind a nexthop.
pub(crate) fn gateway(family: Family, number: u32) -> IpAddr {
    match family {
        // 100.64.0.0/10 (RFC 6598) has no part in anybody's routing table.
        Family::V4 => Ipv4Addr::from_bits(Ipv4Addr::new(100, 64, 0, 1).to_bits() + number).into(),
        Family::V6 => {
            Ipv6Addr::from_bits(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 1, 0).to_bits() + u128::from(number))
                .into()
        }
    }
}

/// Runs `ip -batch` with these commands.
pub(crate) fn ip_batch(options: &[&str], commands: &str) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("ip -batch: {error}");
    let mut child = Command::new("ip")
        .args(options)
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(commands.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("ip -batch: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

/// Whether routes show, and tell the world, what is in their nexthop objects: `net.ipv4.nexthop_compat_mode`.
pub(crate) fn set_compat_mode(on: bool) -> Result<(), String> {
    let path = "/proc/sys/net/ipv4/nexthop_compat_mode";
    fs::write(path, if on { "1" } else { "0" }).map_err(|error| format!("{path}: {error}"))
}
