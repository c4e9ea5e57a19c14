//! Which connection carries the messages of which kind. The engine knows connections by number, and nothing else of
//! them.

use std::any::TypeId;

use super::Engine;
use super::tables::Table;
use crate::declare::{Channel, Incomplete, Protocol};

/// There is no connection for a kind's messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} speaks {protocol}, and no kernel carries that: add `.kernel({})`", protocol.channel().opened_by())]
pub struct NoConnection {
    /// The kind.
    pub kind: &'static str,
    /// What it speaks.
    pub protocol: Protocol,
}

impl Engine {
    /// Says which connections there are: from now on, an operation is handed out to the one of its kind's sort.
    /// Kinds that are registered later go to the first one.
    ///
    /// # Errors
    /// [`NoConnection`]: a kind that is registered speaks what none of them carries.
    pub fn connect(&mut self, channels: &[Channel]) -> Result<(), NoConnection> {
        let own = self.tables.number_of(TypeId::of::<Incomplete>());
        let of_each = self.tables.iter().map(|(number, table)| {
            let schema = table.schema;
            match channels.iter().position(|channel| *channel == schema.protocol.channel()) {
                Some(channel) => Ok((number, channel)),
                // Nothing of it is ever sent.
                None if own == Some(number) || table.taken_away => Ok((number, 0)),
                None => Err(NoConnection { kind: schema.name, protocol: schema.protocol }),
            }
        });
        for (number, channel) in of_each.collect::<Result<Vec<_>, _>>()? {
            if let Some(table) = self.tables.get_mut(number) {
                table.channel = channel;
            }
        }
        for (entry, lane, is_delete) in self.outboxes.start_over(channels.len()) {
            let Some(Table { slots, channel, .. }) = self.tables.get_mut(entry.table()) else { continue };
            if let Some(outbox) = self.outboxes.get_mut(*channel)
                && let Some(core) = slots.get_mut(entry.slot())
            {
                core.stands_no_more(lane);
                core.stands_now(outbox.push(entry, lane, is_delete));
            }
        }
        Ok(())
    }
}
