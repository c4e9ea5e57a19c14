//! Measures how fast KSync is: see `ksync_tests::bench`.

use std::process::ExitCode;

use clap::Parser;
use ksync_tests::bench::args::Bench;
use ksync_tests::bench::report::{Report, goals};
use ksync_tests::bench::run::run;

fn main() -> ExitCode {
    let args = Bench::parse();
    let mut found: Vec<Report> = Vec::new();
    let mut show = |report: Report| {
        if !args.json {
            println!("{report}");
        }
        found.push(report);
    };
    let outcome = run(&args.command, args.rounds, &mut show, &mut |line| eprintln!("bench: {line}"));
    if args.json {
        // What a job prints is its own.
        if !found.is_empty() || outcome.is_err() {
            println!("{}", serde_json::Value::Array(found.iter().map(Report::to_json).collect()));
        }
    } else if found.len() > 1 {
        println!("{}", goals(&found));
    }
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
