//! BIRD's static routes: a routing daemon. Takes part where `bird` (2 or newer) and `birdc` are installed.
//!
//! BIRD reads its configuration, with all routes, before the clock runs. Then the protocol that holds them is enabled,
//! and the clock runs from that command until the kernel holds the last route. BIRD knows nothing of nexthop objects:
//! each of its routes has a gateway of its own.

use std::fs;
use std::process::Command;

use super::daemon::{Daemon, Folder, routes_held, starts};
use crate::bench::job::{End, Task, Turn};
use crate::bench::kernel::ground::{self, LINK, ip_batch};
use crate::bench::kernel::stopwatch::Stopwatch;

/// Where BIRD listens, in its folder.
const SOCKET: &str = "bird.ctl";

/// How often BIRD reads the kernel's table back, in seconds: not while it is measured.
const SCAN_EVERY: u32 = 3600;

/// Why it can't take part.
pub(in crate::bench) fn obstacle() -> Option<String> {
    let missing = ["bird", "birdc"].into_iter().find(|program| !starts(program, "--version"));
    missing.map(|program| format!("{program} is not installed"))
}

pub(in crate::bench) fn run(turn: &mut Turn) -> Result<End, String> {
    if turn.job.task != Task::Add {
        return Err(format!("bird has no {:?}", turn.job.task));
    }
    let family = turn.job.family;
    // An address of the link that is still being looked for elsewhere carries no gateway, and that takes seconds.
    let path = "/proc/sys/net/ipv6/conf/default/accept_dad";
    fs::write(path, "0").map_err(|error| format!("{path}: {error}"))?;
    ground::make_link()?;
    // BIRD only takes gateways that an address of the link reaches.
    ip_batch(&[], &format!("address add 100.127.255.254/10 dev {LINK}\n"))?;
    let folder = Folder::new("bird")?;
    let configuration = folder.write("bird.conf", &configuration(turn))?;
    let mut command = Command::new("bird");
    command.arg("-f").arg("-c").arg(&configuration).arg("-s").arg(folder.join(SOCKET));
    let mut bird = Daemon::start("bird", &mut command, &folder)?;
    bird.wait_for("BIRD's socket", || tell(&folder, &["show", "status"]).is_ok())?;
    // It is large, and would be left behind if this process were killed.
    fs::remove_file(&configuration).map_err(|error| format!("{}: {error}", configuration.display()))?;
    let wanted = routes_held(family)? + turn.prefixes.len() as u64;
    let before = bird.usage()?;
    let watch = Stopwatch::start();
    tell(&folder, &["enable", "bench"])?;
    bird.wait_for_routes(family, wanted)?;
    let wall = watch.wall();
    let after = bird.usage()?;
    let numbers =
        [("wall", wall), ("user", after.user - before.user), ("system", after.system - before.system)];
    let numbers = numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
    let expected = turn.expected(|route| turn.nexthop(route));
    Ok(End { numbers, expected, keep: Box::new((bird, folder)) })
}

fn tell(folder: &Folder, words: &[&str]) -> Result<(), String> {
    let output = Command::new("birdc").arg("-s").arg(folder.join(SOCKET)).args(words).output();
    let output = output.map_err(|error| format!("birdc: {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("birdc: {}", String::from_utf8_lossy(&output.stdout))),
    }
}

fn configuration(turn: &Turn) -> String {
    let ipv4 = turn.job.family.is_ipv4();
    let channel = if ipv4 { "ipv4" } else { "ipv6" };
    let link = if ipv4 { String::new() } else { format!("%{LINK}") };
    let mut text = format!(
        "router id 192.0.2.1;\nprotocol device {{}}\n\
         protocol kernel {{ scan time {SCAN_EVERY}; {channel} {{ export all; }}; }}\n\
         protocol static bench {{\n disabled;\n {channel};\n"
    );
    for (route, prefix) in turn.prefixes.iter().enumerate() {
        let gateway = ground::gateway(turn.job.family, turn.nexthop(route));
        text.push_str(&format!(" route {prefix} via {gateway}{link};\n"));
    }
    text.push_str("}\n");
    text
}
