//! The closing table.
//!
//! Knows only numbers, and shows all of them.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

use ksync_examples::page::{Page, grouped};
use ksync_examples::routes::RoutingTable;
use ksync_runtime::pipeline::Totals;

use super::refusals::Refusals;

/// What is summed up.
pub(crate) struct Summary<'a> {
    /// What the file asks for.
    pub(crate) table: &'a RoutingTable,
    /// What the kernel does not hold of it.
    pub(crate) refusals: &'a Refusals,
    /// What had gone to the kernel before.
    pub(crate) before: Totals,
    /// What went to the kernel by now.
    pub(crate) totals: Totals,
    /// How long it took from the first declaration until nothing was left to do.
    pub(crate) took: Duration,
}

impl Summary<'_> {
    /// Shows it.
    pub(crate) fn show<W: Write>(&self, page: &mut Page<W>) -> io::Result<()> {
        let Summary { table, refusals, before, totals, took } = self;
        let (v4, v6) = table.by_family();
        let kinds = [
            ("links", 1, refusals.links),
            ("nexthops", table.nexthops.len(), refusals.nexthops),
            ("IPv4 routes", v4, refusals.v4),
            ("IPv6 routes", v6, refusals.v6),
        ];
        page.line("")?;
        page.numbers("", &[&"entries", &"in sync", &"missing"])?;
        for (name, entries, missing) in kinds {
            let cells = [grouped(entries), grouped(entries - missing), grouped(missing)];
            page.numbers(name, &cells.each_ref().map(|cell| cell as &dyn Display))?;
        }
        let entries: usize = kinds.iter().map(|(_, entries, _)| entries).sum();
        let missing: usize = kinds.iter().map(|(_, _, missing)| missing).sum();
        let cells = [grouped(entries), grouped(entries - missing), grouped(missing)];
        page.numbers("all", &cells.each_ref().map(|cell| cell as &dyn Display))?;
        page.line("")?;
        page.numbers("lines", &[&grouped(table.lines)])?;
        page.numbers("bad lines", &[&grouped(table.bad_lines)])?;
        page.numbers("duplicates", &[&grouped(table.duplicates)])?;
        page.numbers("writes", &[&grouped(totals.writes() - before.writes())])?;
        page.numbers("refusals", &[&grouped(totals.refusals - before.refusals)])?;
        page.numbers("seconds", &[&format_args!("{:.2}", took.as_secs_f64())])?;
        let per_second = entries as f64 / took.as_secs_f64().max(1e-6);
        page.numbers("entries/s", &[&grouped(per_second as u64)])
    }
}
