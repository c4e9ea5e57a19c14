//! BIRD's static routes: a routing daemon. Takes part where `bird` (2 or newer) and `birdc` are installed.
//!
//! The configuration is read before the clock runs; then the protocol that holds the routes is enabled.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::bench::job::{End, Task, Turn};
use crate::bench::kernel::ground::{self, LINK, ip_batch};
use crate::bench::kernel::stopwatch::Stopwatch;
use crate::bench::prefixes::Family;

/// How often the kernel is asked how many routes it has. Counting those of IPv4 takes it some time.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(300);

/// Whether it is installed.
pub(in crate::bench) fn is_installed() -> bool {
    ["bird", "birdc"].iter().all(|program| Command::new(program).arg("--version").output().is_ok())
}

pub(in crate::bench) fn run(turn: &mut Turn) -> Result<End, String> {
    if turn.job.task != Task::Add {
        return Err(format!("bird has no {:?}", turn.job.task));
    }
    ground::make_link()?;
    // BIRD only takes gateways that an address of the link reaches.
    ip_batch(&[], &format!("address add 100.127.255.254/10 dev {LINK}\n"))?;
    let family = turn.job.family;
    let bird = Bird::start(turn)?;
    bird.wait("BIRD's socket", || bird.tell(&["show", "status"]).is_ok())?;
    let there = routes(family)?;
    let wanted = there + turn.prefixes.len() as u64;
    let watch = Stopwatch::start();
    bird.tell(&["enable", "bench"])?;
    bird.wait("the routes of BIRD", || routes(family).is_ok_and(|routes| routes >= wanted))?;
    let numbers = [("wall".to_owned(), watch.wall())].into();
    let expected = turn.expected(|route| turn.nexthop(route));
    Ok(End { numbers, expected, keep: Box::new(bird) })
}

/// A running daemon, which ends with this value.
struct Bird {
    process: Child,
    folder: PathBuf,
}

impl Bird {
    fn start(turn: &Turn) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("ksync-bench-bird-{}", std::process::id()));
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        fs::create_dir_all(&folder).map_err(failed)?;
        fs::write(folder.join("bird.conf"), configuration(turn)).map_err(failed)?;
        let process = Command::new("bird")
            .arg("-f")
            .arg("-c")
            .arg(folder.join("bird.conf"))
            .arg("-s")
            .arg(socket(&folder))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("bird does not start: {error}"))?;
        Ok(Bird { process, folder })
    }

    fn tell(&self, words: &[&str]) -> Result<(), String> {
        let output = Command::new("birdc").arg("-s").arg(socket(&self.folder)).args(words).output();
        let output = output.map_err(|error| format!("birdc: {error}"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(format!("birdc: {}", String::from_utf8_lossy(&output.stdout))),
        }
    }

    fn wait(&self, what: &str, mut there: impl FnMut() -> bool) -> Result<(), String> {
        let begin = Instant::now();
        while !there() {
            if begin.elapsed() > PATIENCE {
                return Err(format!("{what} did not come"));
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }
}

impl Drop for Bird {
    fn drop(&mut self) {
        // It may have ended by itself, and nobody misses its files.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("bird.ctl")
}

fn configuration(turn: &Turn) -> String {
    let channel = if turn.job.family.is_ipv4() { "ipv4" } else { "ipv6" };
    let mut text = format!(
        "router id 192.0.2.1;\nprotocol device {{}}\nprotocol kernel {{ {channel} {{ export all; }}; }}\n\
         protocol static bench {{\n disabled;\n {channel};\n"
    );
    for (route, prefix) in turn.prefixes.iter().enumerate() {
        let gateway = ground::gateway(turn.job.family, turn.nexthop(route));
        let link = if turn.job.family.is_ipv4() { String::new() } else { format!("%{LINK}") };
        text.push_str(&format!(" route {prefix} via {gateway}{link};\n"));
    }
    text.push_str("}\n");
    text
}

/// How many routes the kernel has, whoever they belong to.
fn routes(family: Family) -> Result<u64, String> {
    let path = match family {
        Family::V4 => "/proc/self/net/fib_triestat",
        Family::V6 => "/proc/self/net/rt6_stats",
    };
    let text = fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
    let found = match family {
        // A section for each trie; without rules there is only one for the main and the local table.
        Family::V4 => text
            .split_once("Main:")
            .and_then(|(_, main)| main.split_once("Prefixes:"))
            .and_then(|(_, behind)| behind.split_whitespace().next()?.parse().ok()),
        // The fourth of some hexadecimal numbers.
        Family::V6 => text.split_whitespace().nth(3).and_then(|word| u64::from_str_radix(word, 16).ok()),
    };
    found.ok_or_else(|| format!("{path} does not tell how many routes there are"))
}
