//! What routing daemons have in common: a folder and processes that end with the turn, and a wait for their routes.
//!
//! Nobody can tell from outside when a daemon is done but by the kernel's table, so that is looked at again and again.
//! Knows nothing of any daemon's configuration.

use std::fs::{self, DirBuilder, File};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::bench::prefixes::Family;

/// The shortest pause between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// Counting the routes of IPv4 walks over all of them: a pause is that many times as long as a look.
const PAUSE_FOR_LOOK: u32 = 10;

/// A daemon is given up when the kernel's table has not grown for so long.
const PATIENCE: Duration = Duration::from_secs(120);

/// How long a daemon may take to end by itself.
const TIME_TO_END: Duration = Duration::from_secs(10);

/// Whether a program is there and starts.
pub(super) fn starts(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).stdin(Stdio::null()).output().is_ok()
}

/// A folder of the turn's own, which goes with this value.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// An empty folder that others may look into.
    pub(super) fn new(name: &str) -> Result<Self, String> {
        let path = std::env::temp_dir().join(format!("ksync-bench-{name}-{}", std::process::id()));
        // Whoever had this process's number before was killed.
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(format!("{}: {error}", path.display()));
            }
            _ => {}
        }
        let made = DirBuilder::new().mode(0o755).create(&path);
        made.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Folder(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Nobody misses it if it is gone.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A running daemon, which ends with this value.
#[derive(Debug)]
pub(super) struct Daemon {
    name: &'static str,
    process: Child,
    complaints: PathBuf,
}

impl Daemon {
    /// Starts a program that stays in the foreground; what it complains of is kept in the folder.
    pub(super) fn start(name: &'static str, command: &mut Command, folder: &Folder) -> Result<Self, String> {
        let complaints = folder.join(&format!("{name}.complaints"));
        let file = File::create(&complaints).map_err(|error| format!("{}: {error}", complaints.display()))?;
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(file).spawn();
        let process = process.map_err(|error| format!("{name} does not start: {error}"))?;
        Ok(Daemon { name, process, complaints })
    }

    /// An error once it has ended.
    pub(super) fn is_running(&mut self) -> Result<(), String> {
        match self.process.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(format!("{} ended ({status}): {}", self.name, self.complaints())),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    /// Waits until something is there that needs no kernel.
    pub(super) fn wait_for(&mut self, what: &str, mut there: impl FnMut() -> bool) -> Result<(), String> {
        let begin = Instant::now();
        while !there() {
            self.is_running()?;
            if begin.elapsed() > PATIENCE {
                return Err(format!("{what} did not come in {PATIENCE:?}: {}", self.complaints()));
            }
            sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Waits until the kernel holds that many routes.
    pub(super) fn wait_for_routes(&mut self, family: Family, wanted: u64) -> Result<(), String> {
        let mut most = 0;
        let mut grown = Instant::now();
        loop {
            let look = Instant::now();
            let held = routes_held(family)?;
            if held >= wanted {
                return Ok(());
            }
            self.is_running()?;
            if held > most {
                (most, grown) = (held, look);
            }
            if grown.elapsed() > PATIENCE {
                return Err(format!(
                    "{}: the kernel holds {held} routes, {wanted} are due, and none came in {PATIENCE:?}: {}",
                    self.name,
                    self.complaints()
                ));
            }
            sleep(LOOK_EVERY.max(PAUSE_FOR_LOOK * look.elapsed()));
        }
    }

    /// CPU time so far, of all threads, and resident memory.
    pub(super) fn usage(&self) -> Result<Usage, String> {
        let folder = PathBuf::from(format!("/proc/{}", self.process.id()));
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        usage(&read("stat")?, &read("status")?)
            .ok_or_else(|| format!("{} does not tell what {} uses", folder.display(), self.name))
    }

    fn complaints(&self) -> String {
        let text = fs::read_to_string(&self.complaints).unwrap_or_default();
        let last: Vec<&str> = text.lines().rev().take(3).collect();
        if last.is_empty() { "it says nothing".to_owned() } else { last.join("; ") }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = i32::try_from(self.process.id()).map(|id| kill(Pid::from_raw(id), Signal::SIGTERM));
        let begin = Instant::now();
        while begin.elapsed() < TIME_TO_END && matches!(self.process.try_wait(), Ok(None)) {
            sleep(LOOK_EVERY);
        }
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a process used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Usage {
    /// Seconds in the program.
    pub(super) user: f64,
    /// Seconds in the kernel.
    pub(super) system: f64,
    /// Resident bytes.
    pub(super) resident: f64,
}

/// From /proc/PID/stat and status (proc(5)). Its ticks are hundredths of a second on Linux (USER_HZ).
fn usage(stat: &str, status: &str) -> Option<Usage> {
    // The name of the program stands in brackets, and may hold anything.
    let (_, behind) = stat.rsplit_once(')')?;
    let mut numbers = behind.split_whitespace().skip(11).map(str::parse::<f64>);
    let (user, system) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: f64 = line.split_whitespace().next()?.parse().ok()?;
    Some(Usage { user: user / 100.0, system: system / 100.0, resident: kibibytes * 1024.0 })
}

/// How many routes the kernel has, whoever they belong to.
pub(super) fn routes_held(family: Family) -> Result<u64, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_is_read_behind_any_name() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 1300 0 0 20 0 1 0 5 6 7";
        let status = "Name:\tx\nVmHWM:\t  9 kB\nVmRSS:\t  12 kB\n";
        let read = Usage { user: 2.5, system: 13.0, resident: 12_288.0 };
        assert_eq!(usage(stat, status), Some(read));
        assert_eq!(usage("7 (a) S", status), None);
        assert_eq!(usage(stat, "Name:\tx\n"), None);
    }

    #[test]
    fn a_daemon_that_ends_is_told_with_its_last_words() {
        let folder = Folder::new("test-daemon").expect("a folder");
        let mut command = Command::new("sh");
        command.args(["-c", "echo wrong line 7 >&2; exit 3"]);
        let mut daemon = Daemon::start("sh", &mut command, &folder).expect("it starts");
        let error = daemon.wait_for("its socket", || false).expect_err("it ended");
        assert!(error.contains("wrong line 7") && error.contains('3'), "{error}");
        let path = folder.path().to_owned();
        drop((daemon, folder));
        assert!(!path.exists());
    }
}
