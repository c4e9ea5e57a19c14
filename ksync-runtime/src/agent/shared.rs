//! What the handles and the driver share: the pipeline behind one lock, and the bells to ring.

use std::fmt;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, broadcast};

use super::{DriverError, Unsettled};
use crate::engine::Transition;
use crate::pipeline::Pipeline;

/// How many entries [`Unsettled`] explains in full.
const EXPLAINED: usize = 10;

/// How many transitions a slow reader may be behind before it misses some.
const TRANSITION_BACKLOG: usize = 16 * 1024;

pub(super) struct Shared {
    pipeline: Mutex<Pipeline>,
    /// Rung when there may be something to do for the driver.
    pub(super) wake: Notify,
    /// Rung when the pipeline became idle, or broke.
    settled: Notify,
    transitions: broadcast::Sender<Arc<Transition>>,
    broken: Mutex<Option<DriverError>>,
    pub(super) stop: AtomicBool,
}

impl Shared {
    pub(super) fn new(pipeline: Pipeline) -> Self {
        Shared {
            pipeline: Mutex::new(pipeline),
            wake: Notify::new(),
            settled: Notify::new(),
            transitions: broadcast::Sender::new(TRANSITION_BACKLOG),
            broken: Mutex::new(None),
            stop: AtomicBool::new(false),
        }
    }

    /// The pipeline. A panic in a kind's code while it was locked leaves it usable: every transition is
    /// complete before the next one begins.
    pub(super) fn lock(&self) -> MutexGuard<'_, Pipeline> {
        self.pipeline.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.settled.notify_waiters();
    }

    pub(super) fn broken(&self) -> Option<DriverError> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Until the agent can't go on.
    pub(super) async fn until_broken(&self) {
        loop {
            let rung = self.settled.notified();
            tokio::pin!(rung);
            rung.as_mut().enable();
            if self.broken().is_some() {
                return;
            }
            rung.await;
        }
    }

    pub(super) fn ring_settled(&self) {
        self.settled.notify_waiters();
    }

    pub(super) async fn settled(&self) -> Result<(), Unsettled> {
        loop {
            let rung = self.settled.notified();
            tokio::pin!(rung);
            // Listen first, look then: a bell in between is not missed.
            rung.as_mut().enable();
            if let Some(broken) = self.broken() {
                let (entries, count) = self.lock().engine().unsettled(EXPLAINED);
                return Err(Unsettled { entries, count, broken: Some(broken) });
            }
            {
                let pipeline = self.lock();
                if pipeline.is_idle() {
                    let (entries, count) = pipeline.engine().unsettled(EXPLAINED);
                    return if count == 0 { Ok(()) } else { Err(Unsettled { entries, count, broken: None }) };
                }
            }
            rung.await;
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Shared")
    }
}
