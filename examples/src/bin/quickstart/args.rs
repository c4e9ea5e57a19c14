//! The command line, and what `--help` says.

use std::path::PathBuf;

use clap::{ArgGroup, Parser};
use ksync_examples::ground::Choice;

/// Shows how KSync keeps a kernel in step with what is declared.
///
/// Without options: a short tour, in which every claim is checked against what the kernel really holds. With
/// `--routes FILE`: your own routing table is brought into a kernel.
///
/// The program runs in a user and network namespace of its own, as root or as an ordinary user. What it does
/// there is real, touches nothing of the system that it was started on, and is gone when it ends. Where the
/// system allows no namespaces, it runs on a simulated kernel instead and says so.
#[derive(Debug, Parser)]
#[command(
    name = "quickstart",
    version,
    after_help = "See --help for the form of FILE, examples and exit statuses.",
    after_long_help = MORE
)]
#[command(group = ArgGroup::new("on-bad-line").args(["strict", "keep_going"]))]
pub(crate) struct Args {
    /// The kernel to run on.
    ///
    /// The line that begins with "kernel:" says which one it came to, "real" or "simulated".
    #[arg(long, value_enum, value_name = "KERNEL", default_value_t = Choice::Auto)]
    pub(crate) kernel: Choice,

    /// Bring the routes of FILE into the kernel ("-": standard input).
    ///
    /// The links and nexthops that the routes need are made for the purpose.
    #[arg(long, value_name = "FILE")]
    pub(crate) routes: Option<PathBuf>,

    /// Stop at the first bad line of FILE, before anything is written.
    #[arg(long, requires = "routes")]
    pub(crate) strict: bool,

    /// Report bad lines of FILE and go on with the rest (the default).
    #[arg(long, requires = "routes")]
    pub(crate) keep_going: bool,

    /// Report every bad line and every refusal, not only the first 20 of each.
    #[arg(long, requires = "routes")]
    pub(crate) all_errors: bool,
}

const MORE: &str = "\
The form of FILE:
  One route a line, IPv4 and IPv6 mixed: PREFIX,NEXTHOP

      198.51.100.0/24,192.0.2.1        # comments go to the end of the line
      2001:db8:1::/48,2001:db8::1

  Blank lines, white space around the fields, and carriage returns don't matter.
  The nexthop is the address of a router, of the same family as the prefix; it
  need not be reachable. A route that is repeated is counted and ignored. The
  same prefix with another nexthop is a bad line: the first one counts.
  Bad lines and refusals are reported on standard error as FILE:LINE: reason.

Examples:
  quickstart                           the tour
  quickstart --kernel real             the tour, or an error where there are no namespaces
  quickstart --routes table.csv        a table of your own, bad lines skipped
  quickstart --routes - --strict < table.csv

Exit status:
  0    all is well: every claim of the tour was verified; all routes are in the kernel
  1    the tour found a claim that does not hold; or lines of FILE are bad, or the
       kernel refused something of it (what else there is was brought into the kernel)
  2    it could not start: wrong usage, FILE can't be read or holds no routes, no
       namespace with --kernel real
  141  whoever reads the output closed it before the end";
