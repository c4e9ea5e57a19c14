//! Seeds of the fuzz targets: see `ksync_tests::parsing`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use ksync_examples::namespace;
use ksync_tests::parsing::dumps::{COMMANDS, make, take};
use ksync_tests::parsing::look::Seen;
use ksync_tests::parsing::seeds::{self, folder};
use ksync_tests::parsing::targets::{TARGETS, look};
use ksync_tests::parsing::written::written;

/// Takes dumps of the running kernel as seeds of the fuzz targets, and hands them to libFuzzer.
#[derive(Debug, Parser)]
#[command(name = "fuzz-seeds", version)]
struct Arguments {
    #[command(subcommand)]
    what: What,

    /// Where the seeds are.
    #[arg(long, global = true, value_name = "FOLDER", default_value_os_t = folder())]
    seeds: PathBuf,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Make objects of every kind in a namespace of the program's own, and write what the kernel dumps.
    Take,
    /// Write each seed into a file of its own: the corpus that libFuzzer begins with.
    Unpack {
        /// The corpus: a folder for each target will be in it.
        #[arg(value_name = "FOLDER")]
        corpus: PathBuf,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match &arguments.what {
        What::Take => take_into(&arguments.seeds),
        What::Unpack { corpus } => {
            seeds::unpack(&arguments.seeds, TARGETS.iter().map(|target| target.name), corpus)
                .map(|count| println!("{count} seeds in {}", corpus.display()))
                .map_err(|error| error.to_string())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn take_into(folder: &Path) -> Result<(), String> {
    namespace::enter().map_err(|error| error.to_string())?;
    let text = |error: io::Error| error.to_string();
    let lacking = make().map_err(text)?;
    for (command, reason) in &lacking {
        println!("LACKING {command}: {}", reason.lines().next().unwrap_or_default());
    }
    println!("{} of {} commands done", COMMANDS.len() - lacking.len(), COMMANDS.len());
    let written = written().map_err(|error| error.to_string())?;
    for (target, dumped) in take().map_err(text)? {
        let mut lines =
            format!("# Dumps of a running kernel for `{target}`: `cargo run --bin fuzz-seeds -- take`.\n");
        let mut foreign = 0;
        for body in &dumped {
            let seen = look(target, body);
            println!("{target}: {} bytes, {seen:?}", body.len());
            // Objects of others look all the same to a parser.
            foreign += usize::from(seen == Seen::Foreign);
            if seen == Seen::Foreign && foreign > 2 {
                continue;
            }
            lines.push_str(&seeds::line(body));
            lines.push('\n');
        }
        for (_, body) in written.iter().filter(|(of, _)| *of == target) {
            lines.push_str("# As KSync writes it, for kernels that do not know it.\n");
            lines.push_str(&seeds::line(body));
            lines.push('\n');
        }
        std::fs::write(seeds::file(folder, target), lines).map_err(text)?;
    }
    Ok(())
}
