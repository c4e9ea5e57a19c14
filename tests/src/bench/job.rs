//! One contestant's turn: a process of its own in a namespace of its own, which prints its numbers as JSON.
//!
//! Every turn starts from nothing, so no contestant inherits the memory or the kernel's tables of another one.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::Command;

use clap::{Args, ValueEnum};
use ipnet::IpNet;
use serde_json::{Map, Value};

use super::contestants::{bird, frr, iproute2, ksync, latency, raw};
use super::kernel::ground;
use super::kernel::held;
use super::kernel::messages::{Act, batches};
use super::kernel::pusher::Pusher;
use super::kernel::stopwatch::Lap;
use super::prefixes::{self, Family, Removal};

/// What a contestant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    /// Add all routes; nexthops are there.
    Add,
    /// Remove all routes.
    Remove,
    /// Declare links, then nexthops, then routes, without a wait in between.
    Best,
    /// Declare routes, then nexthops, then links.
    Worst,
    /// Give each route another nexthop.
    Move,
    /// Give the nexthop that all routes use another gateway, again and again.
    Gateway,
    /// Declare all routes again, as they are.
    Again,
    /// Change single routes on an idle system.
    Change,
    /// Add single routes while all others are being added.
    Fresh,
    /// Add all routes, and see how much memory that takes.
    Memory,
}

/// Who does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Who {
    /// Messages made before, 256 a send, acknowledged once a send: the limit.
    Raw,
    /// KSync's agent.
    Ksync,
    /// KSync's pipeline with a socket, no threads.
    InPlace,
    /// `ip -batch`.
    Ip,
    /// Static routes of BIRD, where it is installed.
    Bird,
    /// FRR's zebra, where it is installed.
    Frr,
}

/// All of it.
#[derive(Clone, Debug, Args)]
pub struct Job {
    /// What is done.
    #[arg(long)]
    pub task: Task,
    /// By whom.
    #[arg(long)]
    pub who: Who,
    /// IPv4 or IPv6.
    #[arg(long)]
    pub family: Family,
    /// How many routes.
    #[arg(long)]
    pub routes: u32,
    /// How many further destinations the file has behind those, for routes that come later.
    #[arg(long, default_value_t = 0)]
    pub spare: u32,
    /// How many nexthops; route i goes by nexthop i modulo this.
    #[arg(long)]
    pub nexthops: u32,
    /// Where chance starts.
    #[arg(long)]
    pub seed: u64,
    /// A file with the destinations, in the order in which they are declared.
    #[arg(long)]
    pub prefixes: PathBuf,
    /// In which order routes are removed.
    #[arg(long, default_value_t)]
    pub removal: Removal,
    /// `net.ipv4.nexthop_compat_mode` 0.
    #[arg(long)]
    pub no_compat: bool,
}

/// What a turn came to: name → number.
pub type Numbers = BTreeMap<String, f64>;

/// A job with all that it needs, inside of the namespace.
pub(super) struct Turn {
    /// What was asked for.
    pub(super) job: Job,
    /// The destinations in the order in which they are declared.
    pub(super) prefixes: Vec<IpNet>,
    /// Further destinations, for `fresh`.
    pub(super) spare: Vec<IpNet>,
}

impl Who {
    /// Why it can't take part here.
    #[must_use]
    pub fn obstacle(self) -> Option<String> {
        match self {
            Who::Bird => bird::obstacle(),
            Who::Frr => frr::obstacle(),
            _ => None,
        }
    }

    /// Whether it needs users that a user namespace lacks.
    fn needs_users(self) -> bool {
        self == Who::Frr
    }
}

impl Job {
    /// Does it, in a process of its own.
    ///
    /// # Errors
    /// What the process says when it fails.
    pub fn run(&self) -> Result<Numbers, String> {
        let own = std::env::current_exe().map_err(|error| format!("the path of this program: {error}"))?;
        let output = Command::new(own).args(self.arguments()).output();
        let output = output.map_err(|error| format!("this program does not start again: {error}"))?;
        let what = format!("{} {}", name_of(self.who), name_of(self.task));
        if !output.status.success() {
            return Err(format!("{what}: {}", String::from_utf8_lossy(&output.stderr).trim()));
        }
        let numbers: Map<String, Value> = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("{what}: printed no JSON: {error}"))?;
        Ok(numbers.into_iter().filter_map(|(name, value)| Some((name, value.as_f64()?))).collect())
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec!["job".to_owned()];
        let mut put = |name: &str, value: String| arguments.push(format!("--{name}={value}"));
        put("task", name_of(self.task));
        put("who", name_of(self.who));
        put("family", name_of(self.family));
        put("routes", self.routes.to_string());
        put("spare", self.spare.to_string());
        put("nexthops", self.nexthops.to_string());
        put("seed", self.seed.to_string());
        put("removal", self.removal.to_string());
        put("prefixes", self.prefixes.display().to_string());
        if self.no_compat {
            arguments.push("--no-compat".to_owned());
        }
        arguments
    }
}

/// What the process does that [`Job::run`] starts: the job, a look at the kernel's table, and tidying up.
///
/// # Errors
/// What is not as it must be.
pub fn run_here(job: &Job) -> Result<Numbers, String> {
    let mut turn = Turn::new(job.clone())?;
    ground::enter(job.who.needs_users())?;
    let end = match job.who {
        Who::Raw => raw::run(&mut turn),
        Who::Ip => iproute2::run(&mut turn),
        Who::Bird => bird::run(&mut turn),
        Who::Frr => frr::run(&mut turn),
        Who::Ksync if job.task == Task::Change => latency::through_the_agent(&turn),
        Who::Ksync => ksync::run(&mut turn),
        Who::InPlace => latency::in_place(&turn),
    }?;
    let held = held::compare(&end.expected, job.family.is_ipv4());
    // Left to the kernel, the routes would be dropped after this process ended, while the next one is measured.
    drop(end.keep);
    turn.remove_everything()?;
    held?;
    Ok(end.numbers)
}

/// How a turn ended.
pub(super) struct End {
    /// What was measured.
    pub(super) numbers: Numbers,
    /// What the kernel must hold: destination → gateway.
    pub(super) expected: HashMap<IpNet, IpAddr>,
    /// What has to live until the kernel was looked at.
    pub(super) keep: Box<dyn std::any::Any>,
}

impl End {
    /// With the numbers of a stopwatch.
    pub(super) fn of(lap: Lap, expected: HashMap<IpNet, IpAddr>) -> Self {
        let numbers = [("wall", lap.wall), ("user", lap.user), ("system", lap.system)];
        End {
            numbers: numbers.into_iter().map(|(name, number)| (name.to_owned(), number)).collect(),
            expected,
            keep: Box::new(()),
        }
    }

    /// With one more number.
    pub(super) fn with(mut self, name: &str, number: f64) -> Self {
        self.numbers.insert(name.to_owned(), number);
        self
    }
}

impl Turn {
    fn new(job: Job) -> Result<Self, String> {
        let mut prefixes = prefixes::take_over(&job.prefixes, job.routes + job.spare)?;
        let spare = prefixes.split_off(job.routes as usize);
        Ok(Turn { job, prefixes, spare })
    }

    /// Which nexthop a route goes by at first, counted from 0.
    pub(super) fn nexthop(&self, route: usize) -> u32 {
        (route % self.job.nexthops as usize) as u32
    }

    /// Which nexthop a route goes by once it was moved.
    pub(super) fn next_nexthop(&self, route: usize) -> u32 {
        ((route + 1) % self.job.nexthops as usize) as u32
    }

    /// What the kernel must hold if route i goes by the nexthop that `nexthop` names.
    pub(super) fn expected(&self, nexthop: impl Fn(usize) -> u32) -> HashMap<IpNet, IpAddr> {
        let gateway = |route| ground::gateway(self.job.family, nexthop(route));
        self.prefixes.iter().enumerate().map(|(route, prefix)| (*prefix, gateway(route))).collect()
    }

    /// The order in which routes are removed: numbers of routes.
    pub(super) fn order_of_removal(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.prefixes.len()).collect();
        let mut chance = prefixes::Chance(self.job.seed ^ 1);
        if self.job.removal == Removal::Any {
            prefixes::shuffle(&mut order, &mut chance);
            return order;
        }
        order.sort_unstable_by_key(|route| self.prefixes.get(*route).copied());
        match self.job.removal {
            Removal::Any | Removal::Ascending => {}
            Removal::Descending => order.reverse(),
            Removal::Shuffled(block) => {
                for block in order.chunks_mut(block.get()) {
                    prefixes::shuffle(block, &mut chance);
                }
            }
        }
        order
    }

    fn remove_everything(&self) -> Result<(), String> {
        let routes = self.prefixes.iter().chain(&self.spare).map(|prefix| (*prefix, 0));
        let mut pusher = Pusher::new().map_err(|error| format!("no socket: {error}"))?;
        // Many are gone already, and some never were there.
        pusher.push(&batches(Act::Delete, routes)).map(|_| ()).map_err(|error| format!("tidying up: {error}"))
    }
}

/// As on the command line.
pub(super) fn name_of(value: impl ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}
