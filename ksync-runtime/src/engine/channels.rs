//! Which connection carries the messages of which kind. The engine knows connections by number, and nothing else of
//! them.

use std::any::TypeId;

use super::Engine;
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
        let numbers: Vec<usize> = self.tables.iter().map(|(number, _)| number).collect();
        for number in numbers {
            let Some(table) = self.tables.get_mut(number) else { continue };
            let schema = table.schema;
            table.channel = match channels.iter().position(|channel| *channel == schema.protocol.channel()) {
                Some(channel) => channel,
                // Nothing of it is ever sent.
                None if own == Some(number) || table.taken_away => 0,
                None => return Err(NoConnection { kind: schema.name, protocol: schema.protocol }),
            };
        }
        for (entry, lane, is_delete) in self.outboxes.start_over(channels.len()) {
            let channel = self.tables.get(entry.table()).map_or(0, |table| table.channel);
            if let Some(outbox) = self.outboxes.get_mut(channel) {
                outbox.push(entry, lane, is_delete);
            }
        }
        Ok(())
    }
}
