//! What the kernel holds, read back from it and shown in its own values.
//!
//! Knows nothing of what the tour did before.

use std::io::Write;

use ksync_examples::page::{Page, Tone};
use ksync_objects::{Address, Link, LinkKind, Nexthop, Route};
use ksync_runtime::agent::{Agent, Table};
use ksync_runtime::declare::KSyncEntry;
use ksync_runtime::pipeline::ReadBack;

use super::life::{kind, short};
use crate::failure::Failure;

/// What a kernel holds of the four kinds, ours or not.
pub(crate) struct Held {
    /// Links.
    pub(crate) links: ReadBack<Link>,
    /// Addresses.
    pub(crate) addresses: ReadBack<Address>,
    /// Nexthop objects.
    pub(crate) nexthops: ReadBack<Nexthop>,
    /// Routes.
    pub(crate) routes: ReadBack<Route>,
}

impl Held {
    /// Reads all of it.
    pub(crate) async fn read(agent: &Agent) -> Result<Held, Failure> {
        Ok(Held {
            links: agent.table::<Link>().read_back().await?,
            addresses: agent.table::<Address>().read_back().await?,
            nexthops: agent.table::<Nexthop>().read_back().await?,
            routes: agent.table::<Route>().read_back().await?,
        })
    }

    /// How many objects there are of each kind, whoever they belong to: what nobody knows any more must not
    /// be overlooked.
    pub(crate) fn counts(&self) -> [usize; 4] {
        fn all<T>(held: &ReadBack<T>) -> usize {
            held.objects.len() + held.foreign + held.malformed.len()
        }
        [all(&self.links), all(&self.addresses), all(&self.nexthops), all(&self.routes)]
    }

    /// Shows what is declared, as the kernel has it.
    pub(crate) fn show<W: Write>(&self, agent: &Agent, page: &mut Page<W>) -> Result<(), Failure> {
        show(page, &agent.table(), &self.links, link_in_words)?;
        show(page, &agent.table(), &self.addresses, |address: &Address, _| format!("on {}", address.link))?;
        show(page, &agent.table(), &self.nexthops, nexthop_in_words)?;
        show(page, &agent.table(), &self.routes, |route: &Route, _| {
            let nexthop = route.nexthop().map_or("none", |name| name);
            format!("through nexthop {nexthop}, metric {}", route.metric)
        })
    }
}

fn show<T: KSyncEntry, W: Write>(
    page: &mut Page<W>,
    table: &Table<T>,
    held: &ReadBack<T>,
    in_words: impl Fn(&T, Option<u32>) -> String,
) -> Result<(), Failure> {
    for object in &held.objects {
        let key = object.key();
        if table.get(&key).is_some() {
            let name = described::<T>(&key);
            page.row(&kind(T::SCHEMA.name), short(&name), Tone::Plain, in_words(object, table.index(&key)))?;
        }
    }
    Ok(())
}

fn described<T: KSyncEntry>(key: &T::Key) -> String {
    struct Described<'a, T: KSyncEntry>(&'a T::Key);
    impl<T: KSyncEntry> std::fmt::Display for Described<'_, T> {
        fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            T::describe_key(self.0, out)
        }
    }
    Described::<T>(key).to_string()
}

fn link_in_words(link: &Link, index: Option<u32>) -> String {
    let sort = match &link.kind {
        LinkKind::Vxlan(vxlan) => format!("vxlan {}", vxlan.id),
        LinkKind::Veth { .. } => "veth".to_owned(),
        LinkKind::Bridge(_) => "bridge".to_owned(),
        _ => "link".to_owned(),
    };
    let direction = if link.up { "up" } else { "down" };
    let mtu = link.mtu.map(|mtu| format!(", mtu {mtu}")).unwrap_or_default();
    format!("{sort}, {direction}{mtu}, index {}", number(index))
}

fn nexthop_in_words(nexthop: &Nexthop, id: Option<u32>) -> String {
    let via = nexthop.gateway.map(|gateway| format!("via {gateway} ")).unwrap_or_default();
    let link = nexthop.link.as_ref().map(|link| format!("on {link}, ")).unwrap_or_default();
    format!("{via}{link}id {}", number(id))
}

fn number(number: Option<u32>) -> String {
    number.map_or_else(|| "unknown".to_owned(), |number| number.to_string())
}
