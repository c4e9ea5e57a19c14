//! `ip -batch`: what people have at hand.

use crate::bench::job::{End, Task, Turn};
use crate::bench::kernel::ground::{self, FIRST_NEXTHOP, ip_batch};
use crate::bench::kernel::stopwatch::Stopwatch;

pub(in crate::bench) fn run(turn: &mut Turn) -> Result<End, String> {
    if turn.job.task != Task::Add {
        return Err(format!("ip -batch has no {:?}", turn.job.task));
    }
    ground::make_link()?;
    ground::make_nexthops(turn.job.family, turn.job.nexthops)?;
    let mut commands = String::new();
    for (route, prefix) in turn.prefixes.iter().enumerate() {
        let id = FIRST_NEXTHOP + turn.nexthop(route);
        commands.push_str(&format!("route add {prefix} nhid {id} protocol static\n"));
    }
    let options: &[&str] = if turn.job.family.is_ipv4() { &[] } else { &["-6"] };
    let watch = Stopwatch::start_for_children();
    ip_batch(options, &commands)?;
    Ok(End::of(watch.lap(), turn.expected(|route| turn.nexthop(route))))
}
