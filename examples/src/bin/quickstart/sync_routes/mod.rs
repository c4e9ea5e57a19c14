//! `--routes`: a routing table from a file into the kernel, and the truth about what became of it.
//!
//! Knows the order of things: read, declare, wait, look back, sum up, take away. Nothing is sorted or grouped
//! for KSync, which finds out by itself what has to be written, and in which order.

mod complaints;
mod progress;
mod refusals;
mod summary;

use std::io::Write;
use std::time::{Duration, Instant};

use ksync_examples::ground::{Ground, bring_loopback_up};
use ksync_examples::page::{Page, grouped};
use ksync_examples::routes::{BadLine, Given, ReadError, RoutingTable, Stopped};
use ksync_objects::{Link, LinkKind, Nexthop, NexthopGroup, Route};
use ksync_runtime::agent::{Agent, Unsettled};
use ksync_runtime::declare::{ErrorClass, KSyncEntry};
use ksync_runtime::engine::SetError;

use crate::args::Args;
use crate::failure::Failure;
use crate::input::Input;
use complaints::Complaints;
use progress::Progress;
use refusals::Refusals;
use summary::Summary;

/// The link that all nexthops are on. A tunnel has carrier by itself, which nexthops insist on.
const LINK: &str = "quickstart0";
const VXLAN_ID: u32 = 1;

/// How many routes are declared between two looks at the progress.
const CHUNK: usize = 4096;

/// How long the kernel may be out of memory or busy before that counts as a refusal.
const PATIENCE: Duration = Duration::from_secs(10);

/// Reads the routes and brings them into the kernel. Returns whether all of them are there.
pub(crate) async fn run<W: Write>(
    ground: &Ground,
    input: Input,
    args: &Args,
    page: &mut Page<W>,
) -> Result<bool, Failure> {
    let name = input.name.clone();
    let Some(table) = read(input, args)? else {
        page.line("Nothing was written.")?;
        return Ok(false);
    };
    if table.routes.is_empty() {
        return match table.bad_lines {
            0 => Err(Failure::NoRoutes { name, lines: table.lines }),
            _ => {
                page.line("No line is a route: nothing was written.")?;
                Ok(false)
            }
        };
    }

    let agent = ground.start(
        Agent::builder().object::<Link>().object::<Nexthop>().object::<NexthopGroup>().object::<Route>(),
    )?;
    bring_loopback_up(&agent).await?;
    let (held_before, totals_before) = (held(&agent).await?, agent.totals());
    let started = Instant::now();
    let outcome = bring(&agent, &table).await?;
    let took = started.elapsed();

    let mut complaints = Complaints::new(&name, args.all_errors);
    let refusals = match &outcome {
        Ok(()) => Refusals::default(),
        Err(_) => Refusals::gather(&agent, &table, &mut complaints),
    };
    complaints.finish("refusals");
    Summary { table: &table, refusals: &refusals, before: totals_before, totals: agent.totals(), took }
        .show(page)?;
    page.line("")?;
    look_back(&agent, page).await?;
    take_away(&agent, &table, held_before, page).await?;
    Ok(table.bad_lines == 0 && outcome.is_ok() && page.failed() == 0)
}

/// Compares what the kernel holds with what is in sync.
async fn look_back<W: Write>(agent: &Agent, page: &mut Page<W>) -> Result<(), Failure> {
    let progress = Progress::waiting("reading back what the kernel holds");
    let started = Instant::now();
    let mut wrong = agent.table::<Link>().verify().await?;
    wrong.extend(agent.table::<Nexthop>().verify().await?);
    wrong.extend(agent.table::<Route>().verify().await?);
    progress.done();
    let routes = agent.table::<Route>().counts().in_sync();
    let took = started.elapsed().as_secs_f64();
    page.check(
        wrong.is_empty(),
        format_args!(
            "read back: the kernel holds all that is in sync ({} routes, {took:.2} s)",
            grouped(routes)
        ),
    )?;
    for mismatch in wrong.iter().take(complaints::MOST) {
        page.note(mismatch)?;
    }
    Ok(())
}

/// Removes everything again, the link first.
///
/// The namespace would take it all along when the program ends. But the kernel would then start with the link,
/// and search the whole table for each nexthop on it: seconds in which nobody on the system gets to configure
/// anything.
async fn take_away<W: Write>(
    agent: &Agent,
    table: &RoutingTable,
    before: usize,
    page: &mut Page<W>,
) -> Result<(), Failure> {
    let progress = Progress::waiting("removing everything");
    let started = Instant::now();
    agent.table::<Link>().remove(&LINK.to_owned());
    agent.table::<Nexthop>().remove_all(table.nexthops.iter().map(|gateway| gateway.to_string().into()));
    agent.table::<Route>().remove_all(table.routes.iter().map(|given| route(given, table).key()));
    let outcome = agent.settled().await;
    let took = started.elapsed().as_secs_f64();
    let after = held(agent).await?;
    progress.done();
    page.check(
        outcome.is_ok() && after == before,
        format_args!("removed: the kernel holds nothing of it any more ({took:.2} s)"),
    )?;
    if let Err(unsettled) = outcome {
        page.note(unsettled)?;
    }
    Ok(())
}

/// How many links, nexthops and routes the kernel holds, whoever they belong to.
async fn held(agent: &Agent) -> Result<usize, Failure> {
    async fn of<T: KSyncEntry>(agent: &Agent) -> Result<usize, Failure> {
        let held = agent.table::<T>().read_back().await?;
        Ok(held.objects.len() + held.foreign + held.malformed.len())
    }
    Ok(of::<Link>(agent).await? + of::<Nexthop>(agent).await? + of::<Route>(agent).await?)
}

/// Reads the file and reports what is bad in it. `None` if that is to stop everything.
fn read(input: Input, args: &Args) -> Result<Option<RoutingTable>, Failure> {
    let Input { name, contents } = input;
    let progress = Progress::reading();
    let mut complaints = Complaints::new(&name, args.all_errors);
    let mut stopped = false;
    let table = RoutingTable::read(
        contents,
        |line: u64, reason: BadLine| {
            progress.aside(|| complaints.add(&[line], &reason));
            stopped = args.strict;
            if stopped { Err(Stopped) } else { Ok(()) }
        },
        |line| progress.at(line),
    );
    progress.done();
    complaints.finish("bad lines");
    let table = table.map_err(|source: ReadError| Failure::Read { name, source })?;
    Ok(Some(table).filter(|_| !stopped))
}

/// Declares everything and waits until it is in the kernel, as far as it can be.
async fn bring(agent: &Agent, table: &RoutingTable) -> Result<Result<(), Unsettled>, Failure> {
    let all = 1 + table.nexthops.len() + table.routes.len();
    let progress = Progress::writing(all);
    agent.table::<Link>().set(Link::new(LINK, LinkKind::vxlan(VXLAN_ID)))?;
    // `onlink`: any router may stand in a routing table, and none of them is on a link made just now.
    let nexthops = table
        .nexthops
        .iter()
        .map(|gateway| Nexthop { onlink: true, ..Nexthop::via(gateway.to_string(), *gateway, LINK) });
    taken(agent.table::<Nexthop>().set_all(nexthops))?;
    for chunk in table.routes.chunks(CHUNK) {
        taken(agent.table::<Route>().set_all(chunk.iter().map(|given| route(given, table))))?;
        progress.at(in_sync(agent));
    }
    let outcome = settle(agent, &progress).await;
    progress.done();
    match outcome {
        Err(unsettled @ Unsettled { broken: Some(_), .. }) => Err(unsettled.into()),
        outcome => Ok(outcome),
    }
}

/// The route that a line declares.
fn route(given: &Given, table: &RoutingTable) -> Route {
    Route::new(given.prefix, table.nexthops[given.nexthop as usize].to_string())
}

/// Nothing that was read is refused by a table; if it is, that is a fault worth stopping for.
fn taken(refused: Vec<SetError>) -> Result<(), Failure> {
    match refused.into_iter().next() {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// Waits until all is in sync, or until more waiting does not help.
async fn settle(agent: &Agent, progress: &Progress) -> Result<(), Unsettled> {
    let mut patience = tokio::time::interval(Duration::from_millis(50));
    let give_up = Instant::now() + PATIENCE;
    loop {
        let settled = tokio::select! {
            settled = agent.settled() => settled,
            _ = patience.tick() => {
                progress.at(in_sync(agent));
                continue;
            }
        };
        progress.at(in_sync(agent));
        let Err(unsettled) = settled else {
            return Ok(());
        };
        let heals = unsettled.broken.is_none()
            && unsettled.entries.iter().any(|why| {
                why.root()
                    .and_then(|root| root.failure.as_ref())
                    .is_some_and(|failure| failure.class == ErrorClass::Busy)
            });
        if !heals || Instant::now() > give_up {
            return Err(unsettled);
        }
        patience.tick().await;
    }
}

/// How many entries are in sync.
fn in_sync(agent: &Agent) -> u64 {
    fn of<T: KSyncEntry>(agent: &Agent) -> u64 {
        agent.table::<T>().counts().in_sync() as u64
    }
    of::<Link>(agent) + of::<Nexthop>(agent) + of::<Route>(agent)
}
