//! All lines of a file: the routes, each prefix once, and where each of them stands.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::io::{self, BufRead};
use std::net::IpAddr;

use ksync_runtime::prelude::IpNet;

use super::bad_line::BadLine;
use super::line::{RouteLine, parse};
use super::lines::{Lines, MAX_LINE_LEN};

/// A routing table as a file gives it.
#[derive(Debug, Default)]
pub struct RoutingTable {
    /// The routes in the order of the file, each prefix once.
    pub routes: Vec<Given>,
    /// The nexthops that they use, each once, in the order of their first use.
    pub nexthops: Vec<IpAddr>,
    /// How many lines there are, comments and blank ones included.
    pub lines: u64,
    /// How many lines repeat a route that stands there already.
    pub duplicates: usize,
    /// How many lines are bad.
    pub bad_lines: usize,
}

/// A route, and the line that gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Given {
    /// The packets that it is for.
    pub prefix: IpNet,
    /// Which of [`RoutingTable::nexthops`] they go to.
    pub nexthop: u32,
    /// The line, counted from 1.
    pub line: u64,
}

/// Whether to read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// The file could not be read to its end.
#[derive(Debug, thiserror::Error)]
#[error("can't be read on after line {after_line}: {source}")]
pub struct ReadError {
    /// How many lines were read.
    pub after_line: u64,
    /// Why it ended there.
    pub source: io::Error,
}

impl RoutingTable {
    /// Reads all routes of `input`. `bad` is told of every bad line, and may stop the reading; `read` hears of
    /// every line.
    ///
    /// A route that is given twice counts as a duplicate, which is no fault. The same prefix with another
    /// nexthop is a bad line: nobody can know which of the two is meant.
    ///
    /// # Errors
    /// [`ReadError`]: the input broke.
    pub fn read(
        input: impl BufRead,
        mut bad: impl FnMut(u64, BadLine) -> Result<(), Stopped>,
        mut read: impl FnMut(u64),
    ) -> Result<RoutingTable, ReadError> {
        let mut lines = Lines::new(input);
        let mut index = Index::default();
        let mut table = RoutingTable::default();
        loop {
            let after_line = lines.number();
            let line = match lines.read() {
                Ok(Some(line)) => line,
                Ok(None) => return Ok(table),
                Err(source) => return Err(ReadError { after_line, source }),
            };
            table.lines = line.number;
            read(line.number);
            let parsed = line.bytes.map_or(Err(BadLine::TooLong { max: MAX_LINE_LEN }), parse);
            let taken = match parsed {
                Ok(None) => Ok(()),
                Ok(Some(route)) => table.take(route, line.number, &mut index),
                Err(bad) => Err(bad),
            };
            if let Err(reason) = taken {
                table.bad_lines += 1;
                if bad(line.number, reason) == Err(Stopped) {
                    return Ok(table);
                }
            }
        }
    }

    fn take(&mut self, route: RouteLine, line: u64, index: &mut Index) -> Result<(), BadLine> {
        let RouteLine { prefix, nexthop } = route;
        let place = match index.routes.entry(prefix) {
            Entry::Vacant(place) => place,
            Entry::Occupied(there) => return self.take_again(route, *there.get()),
        };
        place.insert(number(self.routes.len()));
        let nexthop = *index.nexthops.entry(nexthop).or_insert_with(|| {
            self.nexthops.push(nexthop);
            number(self.nexthops.len() - 1)
        });
        self.routes.push(Given { prefix, nexthop, line });
        Ok(())
    }

    /// A prefix that stands at `place` already.
    fn take_again(&mut self, route: RouteLine, place: u32) -> Result<(), BadLine> {
        let given = self.routes[place as usize];
        let nexthop = self.nexthops[given.nexthop as usize];
        if nexthop != route.nexthop {
            return Err(BadLine::Conflict { prefix: route.prefix, line: given.line, nexthop });
        }
        self.duplicates += 1;
        Ok(())
    }

    /// How many routes are of IPv4, and how many of IPv6.
    #[must_use]
    pub fn by_family(&self) -> (usize, usize) {
        let v4 = self.routes.iter().filter(|given| given.prefix.addr().is_ipv4()).count();
        (v4, self.routes.len() - v4)
    }
}

/// What is known by now: prefix → its place among the routes, address → its place among the nexthops.
#[derive(Default)]
struct Index {
    routes: HashMap<IpNet, u32>,
    nexthops: HashMap<IpAddr, u32>,
}

/// A place as it is kept. Memory ends long before the numbers do.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(input: &str) -> (RoutingTable, Vec<String>) {
        let mut bad = Vec::new();
        let table = RoutingTable::read(
            input.as_bytes(),
            |line, reason| {
                bad.push(format!("{line}: {reason}"));
                Ok(())
            },
            |_| {},
        );
        (table.expect("memory is always readable"), bad)
    }

    #[test]
    fn good_lines_are_kept_with_their_numbers_and_bad_ones_told() {
        let (table, bad) =
            read("# top\n10.0.0.0/8,192.0.2.1\n\nnonsense\n2001:db8::/32,fe80::1\n10.1.0.0/16,192.0.2.1\n");
        let given: Vec<_> =
            table.routes.iter().map(|given| (given.prefix.to_string(), given.nexthop, given.line)).collect();
        assert_eq!(
            given,
            [
                ("10.0.0.0/8".to_owned(), 0, 2),
                ("2001:db8::/32".to_owned(), 1, 5),
                ("10.1.0.0/16".to_owned(), 0, 6)
            ]
        );
        assert_eq!(table.nexthops.len(), 2);
        assert_eq!((table.lines, table.bad_lines, table.duplicates), (6, 1, 0));
        assert_eq!(table.by_family(), (2, 1));
        assert_eq!(bad.len(), 1);
        assert!(bad[0].starts_with("4: no comma"), "{bad:?}");
    }

    #[test]
    fn a_repeated_route_is_counted_and_a_contradiction_is_a_bad_line() {
        let (table, bad) = read("10.0.0.0/8,192.0.2.1\n10.0.0.0/8,192.0.2.1\n10.0.0.0/8,192.0.2.2\n");
        assert_eq!((table.routes.len(), table.duplicates, table.bad_lines), (1, 1, 1));
        assert_eq!(bad, ["3: 10.0.0.0/8 stands on line 1 already, with nexthop 192.0.2.1; that one counts"]);
    }

    #[test]
    fn whoever_is_told_of_a_bad_line_can_stop_the_reading() {
        let input = "bad\n10.0.0.0/8,192.0.2.1\nbad\n";
        let table = RoutingTable::read(input.as_bytes(), |_, _| Err(Stopped), |_| {});
        let table = table.expect("memory is always readable");
        assert_eq!((table.lines, table.bad_lines, table.routes.len()), (1, 1, 0));
    }

    #[test]
    fn an_input_that_breaks_is_an_error_that_says_where() {
        struct Broken;
        impl io::Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("the disk is gone"))
            }
        }
        let input = io::BufReader::new(io::Read::chain(&b"10.0.0.0/8,192.0.2.1\n"[..], Broken));
        let error = RoutingTable::read(input, |_, _| Ok(()), |_| {}).expect_err("it broke");
        assert_eq!(error.to_string(), "can't be read on after line 1: the disk is gone");
    }
}
