//! The progress bar: on standard error, and only where that is a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar of so many steps.
#[must_use]
pub fn bar(title: &str, steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps).with_message(title.to_owned());
    bar.set_style(
        ProgressStyle::with_template("{spinner} {msg} {bar:30} {pos} of {len}, {elapsed}")
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
