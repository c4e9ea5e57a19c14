//! The quickstart: see KSync at work within a minute, or with a routing table of your own.
//!
//! Knows the order in which things must begin: the file is opened before the namespace is entered (where the
//! program may be a user who could not), and the namespace is entered before there is a second thread.

mod args;
mod failure;
mod input;
mod sync_routes;
mod tour;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use ksync_examples::ground::Ground;
use ksync_examples::page::Page;

use args::Args;
use failure::Failure;
use input::Input;

fn main() -> ExitCode {
    let args = Args::parse();
    match run(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        // As a program ends that does not catch SIGPIPE.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(141),
        Err(failure) => {
            // There is nobody left to tell if this fails too.
            let _ = writeln!(io::stderr(), "quickstart: {failure}");
            ExitCode::from(failure.exit_status())
        }
    }
}

/// Whether all went well.
fn run(args: &Args) -> Result<bool, Failure> {
    let input = args.routes.as_deref().map(Input::open).transpose()?;
    let ground = Ground::find(args.kernel)?;
    let mut page = Page::stdout();
    page.line(format_args!("kernel: {ground}"))?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().build().map_err(Failure::Runtime)?;
    runtime.block_on(async {
        match input {
            Some(input) => sync_routes::run(&ground, input, args, &mut page).await,
            None => tour::run(&ground, &mut page).await,
        }
    })
}
