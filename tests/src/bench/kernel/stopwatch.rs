//! How long something took, and how much CPU time of which sort.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

/// A running watch.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    who: UsageWho,
    begin: Instant,
    user: Duration,
    system: Duration,
}

/// What a watch showed, in seconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lap {
    /// By the clock on the wall.
    pub(crate) wall: f64,
    /// Of all threads, in the program.
    pub(crate) user: f64,
    /// Of all threads, in the kernel.
    pub(crate) system: f64,
}

impl Stopwatch {
    /// For this process, all its threads.
    pub(crate) fn start() -> Self {
        Self::start_for(UsageWho::RUSAGE_SELF)
    }

    /// For processes that this one started and that ended.
    pub(crate) fn start_for_children() -> Self {
        Self::start_for(UsageWho::RUSAGE_CHILDREN)
    }

    fn start_for(who: UsageWho) -> Self {
        let (user, system) = cpu(who);
        Stopwatch { who, begin: Instant::now(), user, system }
    }

    /// What it shows by the clock on the wall, in seconds.
    pub(crate) fn wall(&self) -> f64 {
        self.begin.elapsed().as_secs_f64()
    }

    /// What it shows.
    pub(crate) fn lap(&self) -> Lap {
        let wall = self.begin.elapsed().as_secs_f64();
        let (user, system) = cpu(self.who);
        Lap {
            wall,
            user: user.saturating_sub(self.user).as_secs_f64(),
            system: system.saturating_sub(self.system).as_secs_f64(),
        }
    }
}

/// User and system time so far; none where the system does not tell.
fn cpu(who: UsageWho) -> (Duration, Duration) {
    let duration = |time: TimeVal| {
        let micros = time.tv_sec() * 1_000_000 + time.tv_usec();
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    };
    getrusage(who).map_or((Duration::ZERO, Duration::ZERO), |usage| {
        (duration(usage.user_time()), duration(usage.system_time()))
    })
}
