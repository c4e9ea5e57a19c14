//! What the handles and the driver share: the pipeline behind one lock, and the bells to ring.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use tokio::sync::broadcast;

use super::bell::{Bell, MOMENT};
use super::driver::now;
use super::room::Room;
use super::{DriverError, Unsettled};
use crate::declare::KSyncEntry;
use crate::engine::{Share, Transition};
use crate::pipeline::Pipeline;

/// How many entries [`Unsettled`] explains in full.
const EXPLAINED: usize = 10;

/// How many transitions a slow reader may be behind before it misses some.
const TRANSITION_BACKLOG: usize = 16 * 1024;

/// How often somebody who has just had the lock gives way to one who wants it.
const COURTESY: usize = 100;

/// With no more operations than that under way, an answer is worth a moment's look.
const SOON: usize = 64;

pub(super) struct Shared {
    pipeline: Mutex<Pipeline>,
    /// How many threads wait for the pipeline.
    wanted: AtomicUsize,
    /// Rung when there may be something to do for the driver.
    pub(super) wake: Bell,
    /// Rung when something changed that somebody may wait for.
    changed: Bell,
    room_for_fresh: Room,
    room_for_bulk: Room,
    transitions: broadcast::Sender<Arc<Transition>>,
    broken: Mutex<Option<DriverError>>,
    pub(super) stop: AtomicBool,
}

impl Shared {
    pub(super) fn new(pipeline: Pipeline) -> Self {
        Shared {
            pipeline: Mutex::new(pipeline),
            wanted: AtomicUsize::new(0),
            wake: Bell::new(),
            changed: Bell::new(),
            room_for_fresh: Room::default(),
            room_for_bulk: Room::default(),
            transitions: broadcast::Sender::new(TRANSITION_BACKLOG),
            broken: Mutex::new(None),
            stop: AtomicBool::new(false),
        }
    }

    /// The pipeline. A panic in a kind's code while it was locked leaves it usable: every transition is
    /// complete before the next one begins.
    pub(super) fn lock(&self) -> MutexGuard<'_, Pipeline> {
        match self.pipeline.try_lock() {
            Ok(pipeline) => return pipeline,
            Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {}
        }
        self.wanted.fetch_add(1, Ordering::Relaxed);
        let pipeline = self.pipeline.lock().unwrap_or_else(PoisonError::into_inner);
        self.wanted.fetch_sub(1, Ordering::Relaxed);
        pipeline
    }

    /// The same for whoever locks it again and again: first, those who wait for it get their turn. The lock by itself
    /// goes to whoever is quickest, and whoever has to be woken never is.
    pub(super) fn lock_again(&self) -> MutexGuard<'_, Pipeline> {
        for _ in 0..COURTESY {
            if self.wanted.load(Ordering::Relaxed) == 0 {
                break;
            }
            std::thread::yield_now();
        }
        self.lock()
    }

    /// The same once there is room for more of a kind, or after a while without.
    pub(super) fn lock_with_room<T: KSyncEntry>(&self, share: Share) -> MutexGuard<'_, Pipeline> {
        let (pipeline, room) = match share {
            Share::Fresh => (self.lock(), &self.room_for_fresh),
            Share::Bulk => (self.lock_again(), &self.room_for_bulk),
        };
        let connection = pipeline.engine().connection_of::<T>();
        if pipeline.engine().has_room_on(connection, share) || self.stop.load(Ordering::Acquire) {
            return pipeline;
        }
        room.wait(pipeline, connection, share)
    }

    /// Gives the pipeline back after values were set, and wakes the driver if there is anything to do for it. `was_idle`
    /// before: whoever waits was told then, so nobody waits for what did not begin.
    pub(super) fn give_back(&self, pipeline: MutexGuard<'_, Pipeline>, was_idle: bool) {
        let nothing = was_idle && pipeline.is_idle() && !pipeline.engine().has_transitions();
        drop(pipeline);
        if !nothing {
            self.wake.ring();
        }
    }

    /// Gives the pipeline back, and wakes those who wait for room that is there by now.
    pub(super) fn give_back_with_room(&self, pipeline: MutexGuard<'_, Pipeline>) {
        let rooms = [(&self.room_for_fresh, Share::Fresh), (&self.room_for_bulk, Share::Bulk)];
        let open = rooms.map(|(room, share)| room.look(&pipeline, share));
        drop(pipeline);
        for ((room, _), _) in rooms.iter().zip(open).filter(|(_, open)| *open) {
            room.open();
        }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Arc<Transition>> {
        let receiver = self.transitions.subscribe();
        self.lock().engine_mut().watch(true);
        receiver
    }

    /// Hands recorded transitions to those who listen, and stops recording once nobody does.
    pub(super) fn publish(&self, pipeline: &mut Pipeline) {
        while let Some(transition) = pipeline.engine_mut().poll_transition() {
            if self.transitions.send(Arc::new(transition)).is_err() {
                pipeline.engine_mut().watch(false);
            }
        }
    }

    /// The agent can't go on. The first reason stays.
    pub(super) fn fail(&self, error: DriverError) {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stop.store(true, Ordering::Release);
        self.room_for_fresh.open();
        self.room_for_bulk.open();
        self.changed.ring_for_all();
    }

    pub(super) fn broken(&self) -> Option<DriverError> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Until the agent can't go on.
    pub(super) async fn until_broken(&self) -> DriverError {
        match self.wait_for(|_| None::<std::convert::Infallible>).await {
            Ok(never) => match never {},
            Err(broken) => broken,
        }
    }

    pub(super) fn ring(&self) {
        self.changed.ring_for_all();
    }

    /// Waits until `look` finds an answer. It is asked whenever something may have changed.
    pub(super) async fn wait_for<R>(
        &self,
        mut look: impl FnMut(&Pipeline) -> Option<R>,
    ) -> Result<R, DriverError> {
        let patient_until = now() + MOMENT;
        loop {
            let seen = self.changed.count();
            let rung = self.changed.notified();
            tokio::pin!(rung);
            // Listen first, look then: a bell in between is not missed.
            rung.as_mut().enable();
            if let Some(broken) = self.broken() {
                return Err(broken);
            }
            let soon = {
                let pipeline = self.lock();
                if let Some(answer) = look(&pipeline) {
                    return Ok(answer);
                }
                pipeline.engine().queued() + pipeline.engine().outstanding() <= SOON
            };
            // A driver that has to be woken first takes longer than a moment.
            if soon && !self.wake.is_asleep() && now() < patient_until && self.changed.look(seen) {
                continue;
            }
            rung.await;
        }
    }

    pub(super) async fn settled(&self) -> Result<(), Unsettled> {
        let outcome = self
            .wait_for(|pipeline| pipeline.is_idle().then(|| pipeline.engine().unsettled(EXPLAINED)))
            .await;
        match outcome {
            Ok((_, 0)) => Ok(()),
            Ok((entries, count)) => Err(Unsettled { entries, count, broken: None }),
            Err(broken) => {
                let (entries, count) = self.lock().engine().unsettled(EXPLAINED);
                Err(Unsettled { entries, count, broken: Some(broken) })
            }
        }
    }

    pub(super) async fn settled_so_far(&self) -> Result<(), DriverError> {
        let mut moving = self.lock().engine().moving_entries();
        self.wait_for(|pipeline| {
            moving.retain(|(entry, generation)| pipeline.engine().is_moving(*entry, *generation));
            (moving.is_empty() || pipeline.is_idle()).then_some(())
        })
        .await
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Shared")
    }
}
