//! Prints the state machine: every combination of state, event and facts, or its diagram.
//!
//! It knows nothing but the pure function that it prints.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use ksync_tests::machine;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => machine::write_table(&mut out),
        ["--mermaid"] => out.write_all(machine::diagram().as_bytes()),
        _ => {
            let _ = writeln!(io::stderr(), "usage: transitions [--mermaid]");
            return ExitCode::from(2);
        }
    };
    match printed.and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "transitions: {error}");
            ExitCode::FAILURE
        }
    }
}
