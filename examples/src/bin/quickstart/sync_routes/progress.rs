//! The progress bar: on standard error, and only where that is a terminal.
//!
//! Knows nothing of what progresses.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// How many lines are read between two looks at the clock.
const LINES: u64 = 1 << 14;

const READING: &str = "{spinner} reading line {human_pos}";
const WAITING: &str = "{spinner} {msg}, {elapsed}";
const WRITING: &str = "{wide_bar} {human_pos} of {human_len} in sync, {per_sec}, {eta} left";

/// How often the screen is brought up to date.
const TICK: Duration = Duration::from_millis(100);

/// Something that takes a while.
pub(crate) struct Progress {
    bar: ProgressBar,
    /// How far apart two positions must be to be shown.
    every: u64,
}

impl Progress {
    /// Reading a file whose length nobody knows.
    pub(crate) fn reading() -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(style(READING));
        Progress { bar, every: LINES }
    }

    /// Something that shows no progress while it goes on.
    pub(crate) fn waiting(what: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what);
        bar.set_style(style(WAITING));
        bar.enable_steady_tick(TICK);
        Progress { bar, every: 1 }
    }

    /// Bringing that many entries into the kernel.
    pub(crate) fn writing(entries: usize) -> Self {
        let bar = ProgressBar::new(entries as u64);
        bar.set_style(style(WRITING));
        bar.enable_steady_tick(TICK);
        Progress { bar, every: 1 }
    }

    /// This far.
    pub(crate) fn at(&self, position: u64) {
        if position.is_multiple_of(self.every) {
            self.bar.set_position(position);
        }
    }

    /// Lets something else write to standard error in between.
    pub(crate) fn aside(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// Takes the bar off the screen.
    pub(crate) fn done(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_can_be_read() {
        for template in [READING, WAITING, WRITING] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }
}
