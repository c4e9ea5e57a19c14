//! The quickstart as its users run it: the built program, its output and its exit status.
//!
//! What needs the real kernel is left out where the system allows no namespaces, and says so.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

struct Run {
    out: String,
    err: String,
    status: Option<i32>,
}

fn command(args: &[impl AsRef<OsStr>]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    command.args(args).env_remove("NO_COLOR");
    command
}

fn finished(output: Output) -> Run {
    let text = |bytes| String::from_utf8(bytes).expect("output is text");
    Run { out: text(output.stdout), err: text(output.stderr), status: output.status.code() }
}

fn quickstart(args: &[impl AsRef<OsStr>]) -> Run {
    finished(command(args).output().expect("the program runs"))
}

/// Runs on the real kernel, or says loudly that it can't.
fn on_the_real_kernel(args: &[&str]) -> Option<Run> {
    let run = quickstart(&[&["--kernel", "real"], args].concat());
    if run.status == Some(2) && run.err.contains("no namespace to run in") {
        // Not `eprintln!`, which the test harness keeps to itself.
        writeln!(io::stderr(), "SKIPPED, not on the real kernel: {}", run.err.trim())
            .expect("standard error takes it");
        return None;
    }
    assert!(run.out.starts_with("kernel: real, "), "{}", run.out);
    Some(run)
}

/// A file that is gone after the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, contents: impl AsRef<[u8]>) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("quickstart-{}-{name}", std::process::id()));
        fs::write(&path, contents).expect("the directory for tests takes a file");
        Scratch(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("the path is text")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Whoever looks after the directory gets it otherwise.
        let _ = fs::remove_file(&self.0);
    }
}

/// The number behind `name` in the closing table.
#[track_caller]
fn number(run: &Run, name: &str) -> String {
    let line = run.out.lines().find_map(|line| line.trim_start().strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in {}", run.out)).trim().to_owned()
}

/// Three routes over two nexthops, a duplicate, and a bad line in between.
const MIXED: &str = "\
# three routes
198.51.100.0/24,192.0.2.1
10.0.0.1/8,192.0.2.1

2001:db8:1::/48,2001:db8::1   # a comment
203.0.113.0/24 , 192.0.2.1\r
198.51.100.0/24,192.0.2.1
";

#[track_caller]
fn check_tour(run: &Run) {
    assert_eq!(run.status, Some(0), "{}\n{}", run.out, run.err);
    assert_eq!(run.err, "");
    assert!(!run.out.contains("FAILED"), "{}", run.out);
    assert!(run.out.contains("waits for nexthop core1"), "{}", run.out);
    assert!(run.out.contains("one write was enough"), "{}", run.out);
    assert!(run.out.contains("Nexthop has invalid gateway"), "{}", run.out);
    assert!(run.out.trim_end().ends_with("checks hold."), "{}", run.out);
    assert!(!run.out.contains('\x1b'), "colours are for terminals");
    let deleted: Vec<&str> = run.out.lines().filter(|line| line.ends_with(" deleted")).collect();
    assert_eq!(deleted.len(), 8, "{}", run.out);
    assert!(deleted[7].trim_start().starts_with("link "), "{}", run.out);
}

#[track_caller]
fn check_mixed(run: &Run, file: &str) {
    assert_eq!(run.status, Some(1), "{}\n{}", run.out, run.err);
    assert_eq!(
        run.err,
        format!("{file}:3: 10.0.0.1/8 has host bits set; the prefix is 10.0.0.0/8\n"),
        "nothing else is reported"
    );
    assert_eq!(number(run, "IPv4 routes").split_whitespace().collect::<Vec<_>>(), ["2", "2", "0"]);
    assert_eq!(number(run, "IPv6 routes").split_whitespace().collect::<Vec<_>>(), ["1", "1", "0"]);
    assert_eq!(number(run, "nexthops").split_whitespace().collect::<Vec<_>>(), ["2", "2", "0"]);
    assert_eq!((number(run, "lines"), number(run, "bad lines")), ("7".to_owned(), "1".to_owned()));
    assert_eq!((number(run, "duplicates"), number(run, "writes")), ("1".to_owned(), "6".to_owned()));
    assert!(run.out.contains("ok     read back"), "{}", run.out);
    assert!(run.out.contains("ok     removed"), "{}", run.out);
}

#[test]
fn the_tour_holds_on_the_simulated_kernel() {
    let run = quickstart(&["--kernel", "simulated"]);
    assert!(run.out.starts_with("kernel: simulated, as asked for\n"), "{}", run.out);
    check_tour(&run);
}

#[test]
fn the_tour_holds_on_the_real_kernel() {
    if let Some(run) = on_the_real_kernel(&[]) {
        check_tour(&run);
    }
}

#[test]
fn without_an_option_it_finds_a_kernel_by_itself() {
    let run = quickstart(&[""; 0]);
    assert!(
        run.out.starts_with("kernel: real, ") || run.out.starts_with("kernel: simulated, because "),
        "{}",
        run.out
    );
    check_tour(&run);
}

#[test]
fn routes_are_brought_in_and_bad_lines_named() {
    let file = Scratch::new("mixed", MIXED);
    let run = quickstart(&["--kernel", "simulated", "--routes", file.path()]);
    check_mixed(&run, file.path());
    let run = quickstart(&["--kernel", "simulated", "--keep-going", "--routes", file.path()]);
    check_mixed(&run, file.path());
}

#[test]
fn routes_are_brought_into_the_real_kernel() {
    let file = Scratch::new("mixed-real", MIXED);
    if let Some(run) = on_the_real_kernel(&["--routes", file.path()]) {
        check_mixed(&run, file.path());
    }
}

#[test]
fn routes_come_from_standard_input_too() {
    let mut child = command(&["--kernel", "simulated", "--routes", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let mut input = child.stdin.take().expect("a pipe was asked for");
    input.write_all(MIXED.as_bytes()).expect("the program reads");
    drop(input);
    check_mixed(&finished(child.wait_with_output().expect("it ends")), "standard input");
}

#[test]
fn a_strict_run_stops_at_the_first_bad_line_and_writes_nothing() {
    let file = Scratch::new("strict", format!("{MIXED}nonsense\n"));
    let run = quickstart(&["--kernel", "simulated", "--strict", "--routes", file.path()]);
    assert_eq!(run.status, Some(1));
    assert_eq!(run.err.lines().count(), 1, "{}", run.err);
    assert!(run.err.starts_with(&format!("{}:3: ", file.path())), "{}", run.err);
    assert!(run.out.ends_with("Nothing was written.\n"), "{}", run.out);
}

#[test]
fn good_lines_alone_make_a_strict_run_succeed() {
    let file = Scratch::new("good", "0.0.0.0/0,192.0.2.1\n::/0,2001:db8::1");
    let run = quickstart(&["--kernel", "simulated", "--strict", "--routes", file.path()]);
    assert_eq!((run.status, run.err.as_str()), (Some(0), ""), "{}", run.out);
}

#[test]
fn what_the_kernel_refuses_is_traced_to_its_lines() {
    let lines: String = (0..30).map(|n| format!("10.{n}.0.0/16,127.0.0.1\n")).collect();
    let file = Scratch::new("refused", format!("198.51.100.0/24,192.0.2.1\n{lines}"));
    let check = |run: &Run| {
        assert_eq!(run.status, Some(1), "{}\n{}", run.out, run.err);
        let expected = format!(
            "{}:2: nexthop 127.0.0.1: the kernel refused it: EINVAL (Invalid argument): Nexthop has invalid \
             gateway (also lines 3, 4, 5, 6, 7 and 24 more)\n",
            file.path()
        );
        assert_eq!(run.err, expected);
        let routes = number(run, "IPv4 routes");
        assert_eq!(routes.split_whitespace().collect::<Vec<_>>(), ["31", "1", "30"], "{}", run.out);
        assert_eq!(number(run, "refusals"), "1");
        assert!(!run.out.contains("FAILED"), "{}", run.out);
    };
    if let Some(run) = on_the_real_kernel(&["--routes", file.path()]) {
        check(&run);
    }
}

#[test]
fn of_many_bad_lines_the_first_are_shown_and_all_are_counted() {
    let file = Scratch::new("many", format!("0.0.0.0/0,192.0.2.1\n{}", "nonsense\n".repeat(50)));
    let run = quickstart(&["--kernel", "simulated", "--routes", file.path()]);
    assert_eq!(run.err.lines().count(), 21, "{}", run.err);
    assert!(run.err.ends_with(": ... and 30 more bad lines; --all-errors shows them\n"), "{}", run.err);
    assert_eq!(number(&run, "bad lines"), "50");
    let run = quickstart(&["--kernel", "simulated", "--all-errors", "--routes", file.path()]);
    assert_eq!(run.err.lines().count(), 50, "{}", run.err);
}

#[test]
fn a_file_that_gives_no_routes_is_named() {
    let empty = Scratch::new("empty", "");
    let run = quickstart(&["--kernel", "simulated", "--routes", empty.path()]);
    assert_eq!(run.status, Some(2));
    assert_eq!(run.err, format!("quickstart: {}: no routes in it (0 lines)\n", empty.path()));

    let binary = Scratch::new("binary", b"\x7fELF\0\xff\xfe\n\0\0");
    let run = quickstart(&["--kernel", "simulated", "--routes", binary.path()]);
    assert_eq!(run.status, Some(1));
    assert!(run.out.ends_with("No line is a route: nothing was written.\n"), "{}", run.out);

    let directory = env!("CARGO_TARGET_TMPDIR");
    let run = quickstart(&["--kernel", "simulated", "--routes", directory]);
    assert_eq!(run.status, Some(2));
    assert_eq!(run.err, format!("quickstart: {directory} is a directory; --routes wants a file\n"));

    let run = quickstart(&["--kernel", "simulated", "--routes", "/there/is/no/such/file"]);
    assert_eq!(run.status, Some(2));
    assert!(run.err.starts_with("quickstart: /there/is/no/such/file: No such file"), "{}", run.err);
}

#[test]
fn wrong_usage_is_explained() {
    for args in [&["--strict"][..], &["--kernel", "other"], &["--routes", "x", "--strict", "--keep-going"]] {
        let run = quickstart(args);
        assert_eq!(run.status, Some(2), "{args:?}");
        assert!(run.err.contains("--help"), "{}", run.err);
    }
}

#[test]
fn output_that_nobody_reads_ends_the_program_without_a_word() {
    let (reader, writer) = io::pipe().expect("the system has a pipe");
    drop(reader);
    let output = command(&["--kernel", "simulated"]).stdout(writer).stderr(Stdio::piped()).output();
    let run = finished(output.expect("the program runs"));
    assert_eq!((run.status, run.err.as_str()), (Some(141), ""));
}
