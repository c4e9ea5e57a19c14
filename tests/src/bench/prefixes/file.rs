//! Destinations in files: of a real routing table, and from the benchmark to the turns of the contestants.
//!
//! A turn reads them with no more memory than they take: what is left free behind would be counted as memory that a
//! contestant does not need.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use ipnet::IpNet;

/// Which column of `bgpdump -m` holds the prefix.
const BGPDUMP_COLUMN: usize = 5;

/// How many wrong lines are shown.
const SHOWN: usize = 5;

/// The prefixes of both families in a file, one a line, without twins, in ascending order. What stands behind the prefix
/// is not looked at, nor are empty lines and those with `#`. Lines of `bgpdump -m` are understood too.
///
/// # Errors
/// When the file can't be read, or lines hold no prefix: the first ones are named.
pub fn read(path: &Path) -> Result<Vec<IpNet>, String> {
    let mut prefixes = Vec::new();
    let mut wrong = Vec::new();
    let mut wrong_lines = 0;
    each_line(path, |number, line| {
        let word = match line.split('|').nth(BGPDUMP_COLUMN) {
            Some(column) => column,
            None => line.split(|sign: char| sign.is_whitespace() || sign == ',').next().unwrap_or_default(),
        };
        if word.is_empty() || word.starts_with('#') {
            return;
        }
        match word.parse::<IpNet>() {
            Ok(prefix) => prefixes.push(prefix.trunc()),
            Err(_) => {
                wrong_lines += 1;
                if wrong.len() < SHOWN {
                    wrong.push(format!("{}:{number}: {word:?} is no prefix", path.display()));
                }
            }
        }
    })?;
    if wrong_lines > wrong.len() {
        wrong.push(format!("and {} more lines", wrong_lines - wrong.len()));
    }
    if !wrong.is_empty() {
        return Err(wrong.join("\n"));
    }
    prefixes.sort_unstable();
    prefixes.dedup();
    Ok(prefixes)
}

/// The prefixes that [`Handover`] wrote, in the same order.
///
/// # Errors
/// When it is not there, or not as it was written.
pub(in crate::bench) fn take_over(path: &Path, count: u32) -> Result<Vec<IpNet>, String> {
    let mut prefixes = Vec::with_capacity(count as usize);
    let mut wrong = None;
    each_line(path, |number, line| match line.parse() {
        Ok(prefix) if prefixes.len() < count as usize => prefixes.push(prefix),
        Ok(_) => {}
        Err(_) => {
            wrong.get_or_insert_with(|| format!("{}:{number}: {line:?} is no prefix", path.display()));
        }
    })?;
    match wrong {
        Some(wrong) => Err(wrong),
        None if prefixes.len() < count as usize => {
            Err(format!("{} holds {} prefixes, and not {count}", path.display(), prefixes.len()))
        }
        None => Ok(prefixes),
    }
}

/// Shows each line with its number, counted from 1, without the room around it.
fn each_line(path: &Path, mut show: impl FnMut(usize, &str)) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let mut line = Vec::new();
    let mut number = 0;
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).map_err(failed)? == 0 {
            return Ok(());
        }
        number += 1;
        show(number, String::from_utf8_lossy(&line).trim());
    }
}

/// The destinations of a benchmark in the order in which they are declared: a file without a name, so that nothing is left
/// of it however this process ends.
#[derive(Debug)]
pub(in crate::bench) struct Handover {
    /// How many there are.
    pub(in crate::bench) count: u32,
    path: PathBuf,
    /// What keeps the file.
    _file: File,
}

impl Handover {
    pub(in crate::bench) fn write(prefixes: &[IpNet]) -> Result<Self, String> {
        static FILES: AtomicU32 = AtomicU32::new(0);
        let name = format!("ksync-bench-{}-{}", std::process::id(), FILES.fetch_add(1, Ordering::Relaxed));
        let count = u32::try_from(prefixes.len()).map_err(|_| "there are too many prefixes".to_owned())?;
        let named = std::env::temp_dir().join(name);
        let failed = |error: std::io::Error| format!("{}: {error}", named.display());
        let file = File::create(&named).map_err(failed)?;
        fs::remove_file(&named).map_err(failed)?;
        let mut out = BufWriter::new(&file);
        for prefix in prefixes {
            writeln!(out, "{prefix}").map_err(failed)?;
        }
        out.flush().map_err(failed)?;
        drop(out);
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()).into();
        Ok(Handover { count, path, _file: file })
    }

    /// Where other processes of this user find it.
    pub(in crate::bench) fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that goes with the value.
    fn holding(text: &[u8]) -> Handover {
        let file = Handover::write(&[]).expect("a file");
        fs::write(file.path(), text).expect("it can be written");
        file
    }

    #[test]
    fn prefixes_are_read_from_lists_and_from_bgpdump() {
        let text = "# a table\n\n  192.0.2.0/24 via x\n198.51.100.7/24,nexthop1\r\n2001:db8::/32\n192.0.2.0/24\n\
            TABLE_DUMP2|1600000000|B|203.0.113.1|64500|203.0.113.0/24|64500 64501|IGP|203.0.113.1|0|0||NAG||\n";
        let prefixes = read(holding(text.as_bytes()).path()).expect("prefixes");
        let words: Vec<String> = prefixes.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"]);
    }

    #[test]
    fn wrong_lines_are_named() {
        let file = holding(b"192.0.2.0/24\n192.0.2.0/33\n\xff\n192.0.2.1\n");
        let error = read(file.path()).expect_err("wrong lines");
        let name = file.path().display();
        assert!(error.contains(&format!("{name}:2: \"192.0.2.0/33\"")), "{error}");
        assert!(error.contains(&format!("{name}:3")) && error.contains(&format!("{name}:4")), "{error}");
        let error = read(holding("x\n".repeat(8).as_bytes()).path()).expect_err("wrong lines");
        assert!(error.ends_with("and 3 more lines"), "{error}");
        assert!(read(Path::new("/nowhere/at/all")).expect_err("no file").contains("/nowhere/at/all"));
    }

    #[test]
    fn what_is_handed_over_is_taken_over_in_its_order() {
        let prefixes: Vec<IpNet> =
            ["192.0.2.0/24", "10.0.0.0/8"].map(|text| text.parse().expect("a prefix")).to_vec();
        let file = Handover::write(&prefixes).expect("a file");
        let path = file.path().to_owned();
        assert_eq!(take_over(&path, 2), Ok(prefixes.clone()));
        assert_eq!(take_over(&path, 1).map(|found| found.len()), Ok(1));
        assert!(take_over(&path, 3).is_err());
        drop(file);
        assert!(!path.exists());
    }
}
