//! A bell that a thread can wait for in two ways: for a moment with its eyes on it, then asleep.
//!
//! To wake a thread takes longer than a change takes in the kernel: 25 µs against 5 µs where a processor that has
//! nothing to do is halted. Whoever expects the bell soon looks at it for a moment first.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::driver::now;

/// How long somebody looks at the bell before falling asleep: a little less than it takes to be woken.
pub(super) const MOMENT: Duration = Duration::from_micros(20);

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Bell {
    rung: AtomicU64,
    notify: Notify,
    /// For the bell with one listener: it sleeps, or is about to.
    asleep: AtomicBool,
    /// With one processor, whoever looks keeps the other from ringing.
    may_look: bool,
}

impl Bell {
    pub(super) fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Bell {
            rung: AtomicU64::new(0),
            notify: Notify::new(),
            asleep: AtomicBool::new(false),
            may_look: processors > 1,
        }
    }

    /// How often it was rung.
    pub(super) fn count(&self) -> u64 {
        self.rung.load(Ordering::SeqCst)
    }

    /// Rings for the one listener.
    pub(super) fn ring(&self) {
        self.rung.fetch_add(1, Ordering::SeqCst);
        if self.asleep.load(Ordering::SeqCst) {
            self.notify.notify_one();
        }
    }

    /// Rings for all listeners.
    pub(super) fn ring_for_all(&self) {
        self.rung.fetch_add(1, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    /// Whether the one listener sleeps.
    pub(super) fn is_asleep(&self) -> bool {
        self.asleep.load(Ordering::Relaxed)
    }

    /// Looks at the bell for a moment. Returns whether it was rung since it had been rung `seen` times.
    pub(super) fn look(&self, seen: u64) -> bool {
        if !self.may_look {
            return self.count() != seen;
        }
        let until = now() + MOMENT;
        loop {
            for _ in 0..16 {
                if self.count() != seen {
                    return true;
                }
                std::hint::spin_loop();
            }
            if now() >= until {
                return false;
            }
            // Whoever is to ring may wait for this processor.
            std::thread::yield_now();
        }
    }

    /// Until it is rung, for the one listener: at once if it was, since it had been rung `seen` times.
    pub(super) async fn wait(&self, seen: u64) {
        // Either this sees that it was rung, or whoever rings sees that somebody sleeps.
        self.asleep.store(true, Ordering::SeqCst);
        let _awake = Awake(&self.asleep);
        if self.count() == seen {
            self.notify.notified().await;
        }
    }

    /// Until it is rung, for one of many listeners who has to be enabled first.
    pub(super) fn notified(&self) -> tokio::sync::futures::Notified<'_> {
        self.notify.notified()
    }
}

/// The listener is awake when this is dropped, be it because it waits no longer.
struct Awake<'a>(&'a AtomicBool);

impl Drop for Awake<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bell_that_was_rung_before_is_not_missed() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let bell = Bell::new();
        let seen = bell.count();
        assert!(!bell.look(seen));
        bell.ring();
        assert!(bell.look(seen));
        runtime.block_on(bell.wait(seen));
        assert_eq!(bell.count(), seen + 1);
    }

    #[test]
    fn a_sleeper_is_woken() {
        let bell = std::sync::Arc::new(Bell::new());
        let listener = bell.clone();
        let seen = bell.count();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
            runtime.block_on(listener.wait(seen));
        });
        while !bell.asleep.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        bell.ring();
        thread.join().expect("it wakes up");
        assert!(!bell.asleep.load(Ordering::SeqCst));
    }
}
