//! `FILE:LINE: reason` on standard error, not without end.
//!
//! Knows nothing of what the reasons are.

use std::fmt::Display;
use std::io::{self, Write};

/// How many are shown one by one, unless all are asked for.
pub(crate) const MOST: usize = 20;

/// How many lines are named in one complaint.
const LINES: usize = 5;

/// What is reported about the lines of a file.
pub(crate) struct Complaints<'a> {
    file: &'a str,
    all: bool,
    count: usize,
}

impl<'a> Complaints<'a> {
    /// Complaints about `file`; only the first ones unless `all` are wanted.
    pub(crate) fn new(file: &'a str, all: bool) -> Self {
        Complaints { file, all, count: 0 }
    }

    /// Reports what is wrong with these lines. Whether anybody reads it makes no difference: the exit status
    /// tells as well.
    pub(crate) fn add(&mut self, lines: &[u64], reason: &dyn Display) {
        self.count += 1;
        let Some((first, others)) = lines.split_first().filter(|_| self.all || self.count <= MOST) else {
            return;
        };
        let mut text = format!("{}:{first}: {reason}", self.file);
        if !others.is_empty() {
            let named: Vec<String> = others.iter().take(LINES).map(u64::to_string).collect();
            let word = if others.len() == 1 { "line" } else { "lines" };
            text.push_str(&format!(" (also {word} {}", named.join(", ")));
            if others.len() > LINES {
                text.push_str(&format!(" and {} more", others.len() - LINES));
            }
            text.push(')');
        }
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Says how many more there are of `what`.
    pub(crate) fn finish(self, what: &str) {
        if !self.all && self.count > MOST {
            let more = self.count - MOST;
            let _ = writeln!(
                io::stderr().lock(),
                "{}: ... and {more} more {what}; --all-errors shows them",
                self.file
            );
        }
    }
}
