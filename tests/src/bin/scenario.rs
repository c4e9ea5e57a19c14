//! Runs scenario scripts: see `ksync_tests::scenario`, and `--language` for how they are written.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use ksync_tests::scenario::{LANGUAGE, Report, Runner};

/// Runs scenario scripts, and tells every expectation that does not hold as `file:line: ...`.
///
/// Exits with 0 if all scenarios held, with 1 if one did not or could not be read, with 2 for wrong arguments.
#[derive(Debug, Parser)]
#[command(name = "scenario")]
struct Arguments {
    /// Scripts, or folders with scripts (`*.scenario`, also in folders below).
    #[arg(value_name = "FILE", required_unless_present = "language")]
    files: Vec<PathBuf>,

    /// Tell every line as it is run, and what follows from it.
    #[arg(long)]
    trace: bool,

    /// Run only the scenarios whose name contains this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,

    /// Print the reference of the language.
    #[arg(long)]
    language: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut out = io::stdout().lock();
    if arguments.language {
        // Whoever reads only the beginning closes the pipe.
        let _ = out.write_all(LANGUAGE.as_bytes());
        return ExitCode::SUCCESS;
    }
    let mut report = Report::default();
    for file in &arguments.files {
        let mut runner = Runner { only: arguments.only.clone(), trace: None };
        if arguments.trace {
            runner.trace = Some(&mut out);
        }
        match runner.run(file) {
            Ok(ran) => report.add(ran),
            Err(error) => {
                eprintln!("{}: {error}", file.display());
                report.failed += 1;
            }
        }
    }
    for failure in &report.failures {
        let _ = writeln!(out, "{failure}");
    }
    let _ = writeln!(out, "{report}");
    if report.failed > 0 {
        return ExitCode::FAILURE;
    }
    if report.passed == 0 {
        eprintln!("no scenario was found");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
