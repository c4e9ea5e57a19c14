//! Back-pressure: whoever declares more than the kernel can take waits for room, for a while.
//!
//! A brake and not a wall: nothing is turned away, and nobody waits longer than [`BRAKE`] for one change, so that a
//! kernel which does not answer can't hang the user's thread.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, MutexGuard, PoisonError};
use std::time::Duration;

use super::driver::now;
use crate::engine::Share;
use crate::pipeline::Pipeline;

/// How long one change waits for room at most.
pub(super) const BRAKE: Duration = Duration::from_millis(10);

/// Those who wait for room for changes of one share.
#[derive(Debug, Default)]
pub(super) struct Room {
    /// One bit for each connection that somebody waits for. Changed with the pipeline locked.
    wanted: AtomicU64,
    made: Condvar,
}

impl Room {
    /// Waits until the connection has room.
    pub(super) fn wait<'a>(
        &self,
        mut pipeline: MutexGuard<'a, Pipeline>,
        connection: usize,
        share: Share,
    ) -> MutexGuard<'a, Pipeline> {
        let until = now() + BRAKE;
        while !pipeline.engine().has_room_on(connection, share) {
            let left = until.saturating_duration_since(now());
            if left.is_zero() {
                break;
            }
            self.wanted.fetch_or(bit(connection), Ordering::Relaxed);
            let waited = self.made.wait_timeout(pipeline, left);
            pipeline = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        pipeline
    }

    /// Whether to wake those who wait, with [`open`](Self::open): once there is plenty of room, since to be woken for
    /// each batch is not worth it.
    #[must_use]
    pub(super) fn look(&self, pipeline: &Pipeline, share: Share) -> bool {
        let wanted = self.wanted.load(Ordering::Relaxed);
        let mut connections = (0..u64::BITS as usize).filter(|connection| wanted & bit(*connection) != 0);
        let plenty = wanted != 0
            && connections.any(|connection| pipeline.engine().has_plenty_of_room_on(connection, share));
        if plenty {
            self.wanted.store(0, Ordering::Relaxed);
        }
        plenty
    }

    /// Wakes those who wait. Without the pipeline: they would wait for that at once.
    pub(super) fn open(&self) {
        self.made.notify_all();
    }
}

/// Connections beyond the last bit share it: then somebody is woken in vain.
fn bit(connection: usize) -> u64 {
    1 << connection.min(u64::BITS as usize - 1)
}
