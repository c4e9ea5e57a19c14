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
    /// Rung when something changed that somebody may wait for.
    changed: Notify,
    transitions: broadcast::Sender<Arc<Transition>>,
    broken: Mutex<Option<DriverError>>,
    pub(super) stop: AtomicBool,
}

impl Shared {
    pub(super) fn new(pipeline: Pipeline) -> Self {
        Shared {
            pipeline: Mutex::new(pipeline),
            wake: Notify::new(),
            changed: Notify::new(),
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
        self.changed.notify_waiters();
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
        self.changed.notify_waiters();
    }

    /// Waits until `look` finds an answer. It is asked whenever something may have changed.
    pub(super) async fn wait_for<R>(
        &self,
        mut look: impl FnMut(&Pipeline) -> Option<R>,
    ) -> Result<R, DriverError> {
        loop {
            let rung = self.changed.notified();
            tokio::pin!(rung);
            // Listen first, look then: a bell in between is not missed.
            rung.as_mut().enable();
            if let Some(broken) = self.broken() {
                return Err(broken);
            }
            if let Some(answer) = look(&self.lock()) {
                return Ok(answer);
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
