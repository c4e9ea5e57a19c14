//! Measures how fast KSync is: see `ksync_tests::bench`.

use std::process::ExitCode;

use clap::Parser;
use ksync_tests::bench::args::Bench;
use ksync_tests::bench::run::run;

fn main() -> ExitCode {
    let args = Bench::parse();
    let mut found = Vec::new();
    let outcome = run(&args.command, args.rounds, &mut |report| {
        if args.json {
            found.push(report.to_json());
        } else {
            println!("{report}");
        }
    });
    if args.json {
        println!("{}", serde_json::Value::Array(found));
    }
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}
