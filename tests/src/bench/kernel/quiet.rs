//! Waits until the machine has nothing to do: the kernel takes a namespace of a turn before apart on a thread of its own,
//! and frees what was deleted, while the next turn would be measured already.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long the machine is watched at a time.
const WINDOW: Duration = Duration::from_millis(50);

/// So many windows in a row have to be quiet: the kernel waits now and then while it takes a namespace apart.
const QUIET_WINDOWS: u32 = 3;

/// Of one processor, how much may be busy in a quiet window.
const QUIET: f64 = 0.2;

/// Waits for that at most so long. Returns whether the machine was quiet in the end; where the kernel does not tell,
/// only time passes.
pub(crate) fn wait(at_most: Duration) -> bool {
    let begin = Instant::now();
    let mut quiet = 0;
    let mut last = busy();
    loop {
        sleep(WINDOW);
        let now = busy();
        let (Some(before), Some(after)) = (last, now) else {
            sleep(at_most.saturating_sub(begin.elapsed()));
            return true;
        };
        quiet = if after - before <= QUIET * WINDOW.as_secs_f64() { quiet + 1 } else { 0 };
        if quiet == QUIET_WINDOWS {
            return true;
        }
        if begin.elapsed() >= at_most {
            return false;
        }
        last = now;
    }
}

/// Seconds that the processors were busy so far, all of them together.
fn busy() -> Option<f64> {
    busy_of(&fs::read_to_string("/proc/stat").ok()?)
}

/// From /proc/stat (proc(5)): hundredths of a second for user, nice, system, idle, waiting, interrupts, soft ones.
fn busy_of(stat: &str) -> Option<f64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let mut ticks = 0.0;
    for (column, word) in line.split_whitespace().take(7).enumerate() {
        if column != 3 && column != 4 {
            ticks += word.parse::<f64>().ok()?;
        }
    }
    Some(ticks / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_idle_or_waits_is_not_busy() {
        let stat = "cpu  100 20 300 9999 8888 4 5 77 0 0\ncpu0 1 2 3 4 5 6 7 0 0 0\n";
        assert_eq!(busy_of(stat), Some(4.29));
        assert_eq!(busy_of("intr 7"), None);
    }

    #[test]
    fn nobody_waits_for_ever() {
        let begin = Instant::now();
        wait(Duration::from_millis(60));
        assert!(begin.elapsed() < Duration::from_secs(60));
    }
}
