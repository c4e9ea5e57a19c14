//! FRR's zebra: the daemon that writes the routes of FRR's protocols to the kernel. Takes part where FRR 8.4 is
//! installed, and for root alone: zebra gives its rights away to a user of its own, which a user namespace lacks.
//!
//! zebra is told of the routes in its own language (`zapi`), as FRR's sharpd does, which distributions leave out; that
//! one could only install consecutive destinations. FRR's staticd is no way in: it read 100,000 routes for more than
//! nine minutes. The messages are made before; the clock runs from the first one until the kernel holds the last route.
//! zebra makes nexthop objects of its own, one for each gateway.

use std::fs;
use std::io::Write;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use nix::unistd::{User, geteuid};

use super::daemon::{Daemon, Folder, routes_held};
use super::zapi;
use crate::bench::job::{End, Task, Turn};
use crate::bench::kernel::ground;
use crate::bench::kernel::stopwatch::Stopwatch;

/// Where distributions put FRR's daemons.
const ZEBRA: &str = "/usr/lib/frr/zebra";

/// Whom zebra runs as, and the group.
const USER: &str = "frr";

/// The versions whose language `zapi` speaks.
const VERSION: &str = "8.4";

/// Where a process sees which users there are in its user namespace: all of them in the first one.
const ALL_USERS: &str = "4294967295";

/// Why it can't take part.
pub(in crate::bench) fn obstacle() -> Option<String> {
    if !Path::new(ZEBRA).exists() {
        return Some(format!("FRR is not installed ({ZEBRA})"));
    }
    let output = Command::new(ZEBRA).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let version = text.split_whitespace().find(|word| word.starts_with(|sign: char| sign.is_ascii_digit()));
    if !version.is_some_and(|version| version == VERSION || version.starts_with(&format!("{VERSION}."))) {
        return Some(format!("zebra is of version {}, needed is {VERSION}", version.unwrap_or("?")));
    }
    let users = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
    let all = users.split_whitespace().nth(2) == Some(ALL_USERS);
    (!geteuid().is_root() || !all).then(|| "zebra needs root outside of user namespaces".to_owned())
}

pub(in crate::bench) fn run(turn: &mut Turn) -> Result<End, String> {
    if turn.job.task != Task::Add {
        return Err(format!("frr has no {:?}", turn.job.task));
    }
    let family = turn.job.family;
    let ifindex = ground::make_link()?;
    let folder = Folder::new("frr")?;
    let user = User::from_name(USER).ok().flatten().ok_or_else(|| format!("there is no user {USER}"))?;
    chown(folder.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw()))
        .map_err(|error| format!("{}: {error}", folder.path().display()))?;
    let socket = folder.join("zserv");
    let mut zebra = Daemon::start("zebra", &mut command(&folder, &socket)?, &folder)?;
    let mut stream = None;
    zebra.wait_for("zebra's socket", || {
        stream = UnixStream::connect(&socket).ok();
        stream.is_some()
    })?;
    let mut stream = stream.ok_or("zebra's socket went away")?;
    let failed = |error: std::io::Error| format!("zebra's socket: {error}");
    stream.write_all(&zapi::hello()).map_err(failed)?;
    let mut messages = Vec::new();
    for (route, prefix) in turn.prefixes.iter().enumerate() {
        let gateway = ground::gateway(family, turn.nexthop(route));
        zapi::add_route(&mut messages, *prefix, gateway, ifindex);
    }
    let wanted = routes_held(family)? + turn.prefixes.len() as u64;
    let before = zebra.usage()?;
    let watch = Stopwatch::start();
    stream.write_all(&messages).map_err(failed)?;
    zebra.wait_for_routes(family, wanted)?;
    let wall = watch.wall();
    let after = zebra.usage()?;
    let numbers =
        [("wall", wall), ("user", after.user - before.user), ("system", after.system - before.system)];
    let numbers = numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
    let expected = turn.expected(|route| turn.nexthop(route));
    // First the daemon, then its socket: without its owner zebra would take the routes away again.
    Ok(End { numbers, expected, keep: Box::new((zebra, stream, folder)) })
}

/// zebra, with everything that it reads and writes in the folder. It leaves the routes in the kernel when it ends.
fn command(folder: &Folder, socket: &Path) -> Result<Command, String> {
    let configuration = folder.write("zebra.conf", "")?;
    let mut command = Command::new(ZEBRA);
    command.args(["-u", USER, "-g", USER, "-A", "127.0.0.1", "-P", "0", "-r"]);
    command.args(["--log", "stdout", "--log-level", "emergencies"]);
    command.arg("--vty_socket").arg(folder.path()).arg("-z").arg(socket);
    command.arg("-f").arg(configuration).arg("-i").arg(folder.join("zebra.pid"));
    Ok(command)
}
