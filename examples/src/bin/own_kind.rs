//! A kind of kernel object of one's own, in one file: entries of the neighbour table (`ip neighbour`).
//!
//! `cargo run --release --bin own_kind`
//!
//! Knows only what every user of KSync has to know: what the kernel calls the object and its parts. When it is
//! written, in which order, and what becomes of a failure is KSync's business.

use std::error::Error;
use std::io::{Write, stdout};
use std::net::Ipv4Addr;

use ksync_examples::ground::{Choice, Ground};
use ksync_objects::{Link, LinkKind};
use ksync_runtime::prelude::*;

/// Which hardware address a neighbour has: `ip neighbour add 192.0.2.7 lladdr 02:00:00:00:00:07 dev vx0`.
///
/// The struct is what the agent works with. The attributes say how it looks on the wire, in the kernel's own
/// words; `man 7 rtnetlink` and `linux/neighbour.h` have them.
#[derive(Clone, Debug, PartialEq, KSyncEntry)]
#[ksync(
    // The netlink family, and the header that all messages about neighbours begin with (`struct ndmsg`).
    protocol = route,
    header = NeighbourHeader,
    // The messages that create, delete and show one. A change is a create that may replace.
    add = RTM_NEWNEIGH, delete = RTM_DELNEIGH, get = RTM_GETNEIGH,
    // What the header must hold besides the fields below.
    fill(ndm_family = AF_INET),
    fill(ndm_state = NUD_PERMANENT, on(add, change)),
)]
struct Neighbour {
    /// The link that the neighbour is on. Three lines, three facts: the entry is not written before the link is
    /// in the kernel, and deleted before it; the header carries the number that the kernel gave to the link;
    /// and the link is a part of the key.
    #[depends_on]
    #[ksync(key, header = ndm_ifindex)]
    link: Ref<Link>,
    /// Its address, the other part of the key: `NeighbourKey { link, address }` comes with the derive.
    #[ksync(key, nla = NDA_DST)]
    address: Ipv4Addr,
    /// Its hardware address. Not a part of the key: giving it another value changes the entry in place.
    #[ksync(nla = NDA_LLADDR)]
    mac: MacAddr6,
}

// An agent that has a runtime of its own awaits in it. KSync works on a thread of its own either way.
fn main() -> Result<(), Box<dyn Error>> {
    // First of all, as long as there is only one thread: a namespace to play in.
    let ground = Ground::find(Choice::Auto)?;
    writeln!(stdout(), "kernel: {ground}")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(keep_neighbours(&ground))
}

async fn keep_neighbours(ground: &Ground) -> Result<(), Box<dyn Error>> {
    // An agent has a table for each kind. A kind that is referred to must be there too.
    let agent = ground.start(Agent::builder().object::<Neighbour>().object::<Link>())?;
    let neighbours = agent.table::<Neighbour>();

    // The order is free: the neighbour is declared before the link that it is on.
    let mut seven = Neighbour {
        link: Ref::to("vx0"),
        address: Ipv4Addr::new(192, 0, 2, 7),
        mac: MacAddr6::new(2, 0, 0, 0, 0, 7),
    };
    neighbours.set(seven.clone())?;

    // Nothing went wrong, and nothing is in the kernel. Why not?
    if let Err(unsettled) = agent.settled().await {
        writeln!(stdout(), "\nBefore the link is declared, {unsettled}")?;
    }

    agent.table::<Link>().set(Link::new("vx0", LinkKind::vxlan(7)))?;
    agent.settled().await?;
    writeln!(
        stdout(),
        "\nWith the link: {:?}, {}",
        neighbours.state(&seven.key()),
        in_words(&neighbours).await?
    )?;

    // Another value for the same key is a change.
    seven.mac = MacAddr6::new(2, 0, 0, 0, 0, 0x77);
    neighbours.set(seven.clone())?;
    agent.settled().await?;
    writeln!(
        stdout(),
        "Changed:       {:?}, {}",
        neighbours.state(&seven.key()),
        in_words(&neighbours).await?
    )?;

    // Whether the kernel really holds what is declared, field by field, it must say itself.
    let mismatches = neighbours.verify().await?;
    for mismatch in &mismatches {
        writeln!(stdout(), "{mismatch}")?;
    }

    // The link is withdrawn first, and yet deleted last: the neighbour still needs it.
    agent.table::<Link>().remove(&"vx0".to_owned());
    neighbours.remove(&seven.key());
    agent.settled().await?;
    writeln!(
        stdout(),
        "Removed:       {:?}, {}",
        neighbours.state(&seven.key()),
        in_words(&neighbours).await?
    )?;

    if mismatches.is_empty() { Ok(()) } else { Err("the kernel holds something else".into()) }
}

/// What the kernel holds. It is read with the same struct that it was written with.
async fn in_words(neighbours: &ksync_runtime::agent::Table<Neighbour>) -> Result<String, Box<dyn Error>> {
    let held = neighbours.read_back().await?;
    let words = |held: &Neighbour| format!("{} is at {} on {}", held.address, held.mac, held.link);
    Ok(match held.objects.first() {
        Some(first) => format!("the kernel says: {}", words(first)),
        None => "the kernel knows no neighbour".to_owned(),
    })
}
