//! The handle to a table: what an agent's code works with.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, MutexGuard};

use tokio::sync::oneshot;

use super::driver::now;
use super::shared::Shared;
use super::{DriverError, Unsettled};
use crate::declare::{KSyncEntry, OperationError, describe_key};
use crate::engine::machine::State;
use crate::engine::{Counts, SetError, Share, Step, Why};
use crate::pipeline::{Pipeline, ReadBack};

/// How many values [`Table::set_all`] takes before others get their turn; so many count as single changes.
const SLICE: usize = 256;

/// All entries of one kind: the original's `KSyncObject`. A handle, cheap to clone.
pub struct Table<T> {
    shared: Arc<Shared>,
    kind: PhantomData<fn() -> T>,
}

impl<T: KSyncEntry> Table<T> {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Table { shared, kind: PhantomData }
    }

    /// Declares an entry, or changes it. It need not wait for what it refers to: order is free. What is
    /// declared already, as it is, is left alone.
    ///
    /// The value lies in the table when this returns; the kernel follows. What is set like this overtakes what was set
    /// with [`set_all`](Self::set_all): it is in the kernel within milliseconds, whatever else is on its way.
    ///
    /// # Back-pressure
    /// A thousand single changes may wait for the kernel. Whoever sets more waits here until some have left, for 10
    /// milliseconds at most: then the value is taken all the same, as one of many. So a thread that sets one value
    /// after the other keeps the kernel's pace, and others get their turn. In asynchronous code, await
    /// [`room`](Self::room) before. Memory grows with the number of entries, not with the number of calls.
    ///
    /// # Errors
    /// [`SetError`]: the value can't be right, and the table keeps what it held. What the kernel thinks of
    /// it shows in [`why`](Self::why) and [`Agent::settled`](super::Agent::settled).
    pub fn set(&self, value: T) -> Result<(), SetError> {
        let mut pipeline = self.shared.lock_with_room::<T>(Share::Fresh);
        let was_idle = pipeline.is_idle();
        let result = pipeline.engine_mut().set(value, now());
        self.shared.give_back(pipeline, was_idle);
        result
    }

    /// Until there is room for single changes: [`set`](Self::set) does not wait then, unless others are quicker.
    ///
    /// # Errors
    /// When the agent can't go on.
    pub async fn room(&self) -> Result<(), DriverError> {
        let has_room = |pipeline: &Pipeline| pipeline.engine().has_room::<T>(Share::Fresh);
        self.shared.wait_for(|pipeline| has_room(pipeline).then_some(())).await
    }

    /// Declares many entries. Those that can't be right are handed back with the reason, the others are taken.
    ///
    /// The first 256 count as single changes, the others as one of many: they leave in the order in which they come, and
    /// what is [set](Self::set) meanwhile overtakes them.
    ///
    /// # Back-pressure
    /// Sixteen thousand of many may wait for the kernel. With more, this waits until some have left, for 10 milliseconds
    /// at most before each further 256: it blocks about as long as the kernel takes for all. In asynchronous code, give
    /// it to a thread that may be blocked (`spawn_blocking`), or take [`set_all_async`](Self::set_all_async).
    pub fn set_all(&self, values: impl IntoIterator<Item = T>) -> Vec<SetError> {
        let values = values.into_iter();
        self.expect(values.size_hint().0);
        let mut refused = Vec::new();
        for (slice, share) in slices(values) {
            self.set_slice(self.shared.lock_with_room::<T>(share), slice, share, &mut refused);
        }
        refused
    }

    /// The same as [`set_all`](Self::set_all), and lets others run while it waits for room.
    ///
    /// # Errors
    /// When the agent can't go on; what was handed over by then is declared.
    pub async fn set_all_async(
        &self,
        values: impl IntoIterator<Item = T>,
    ) -> Result<Vec<SetError>, DriverError> {
        let values = values.into_iter();
        self.expect(values.size_hint().0);
        let mut refused = Vec::new();
        for (slice, share) in slices(values) {
            let has_room = |pipeline: &Pipeline| pipeline.engine().has_room::<T>(share);
            self.shared.wait_for(|pipeline| has_room(pipeline).then_some(())).await?;
            self.set_slice(self.shared.lock_again(), slice, share, &mut refused);
        }
        Ok(refused)
    }

    fn set_slice(
        &self,
        mut pipeline: MutexGuard<'_, Pipeline>,
        slice: Vec<T>,
        share: Share,
        refused: &mut Vec<SetError>,
    ) {
        let was_idle = pipeline.is_idle();
        pipeline.engine_mut().set_slice(slice, share, refused, now());
        self.shared.give_back(pipeline, was_idle);
    }

    fn expect(&self, additional: usize) {
        if additional > SLICE {
            self.shared.lock().engine_mut().expect::<T>(additional);
        }
    }

    /// Withdraws an entry. It is deleted from the kernel once nothing there refers to it. Returns whether it
    /// was declared.
    pub fn remove(&self, key: &T::Key) -> bool {
        let removed = self.shared.lock().engine_mut().remove::<T>(key, now());
        self.shared.wake.ring();
        removed
    }

    /// Withdraws many entries. Returns how many of them were declared.
    ///
    /// Beyond the first 256 they count as some of many, and leave in no order: the kernel deletes routes more than twice
    /// as fast then as in ascending order. This waits for nobody: what is withdrawn takes no memory.
    pub fn remove_all(&self, keys: impl IntoIterator<Item = T::Key>) -> usize {
        let mut removed = 0;
        for (slice, share) in slices(keys.into_iter()) {
            removed += self.shared.lock_again().engine_mut().remove_all::<T>(&slice, share, now());
            self.shared.wake.ring();
        }
        removed
    }

    /// Deletes an entry's object and adds it again, although nothing changed. Returns whether it is declared.
    pub fn renew(&self, key: &T::Key) -> bool {
        let renewed = self.shared.lock().engine_mut().renew::<T>(key, now());
        self.shared.wake.ring();
        renewed
    }

    /// Makes an entry that stands for what an earlier life of the agent left in the kernel; see
    /// [`Engine::set_stale`](crate::engine::Engine::set_stale).
    ///
    /// # Errors
    /// As for [`set`](Self::set), and [`SetError::Live`] if the entry is declared already.
    pub fn set_stale(&self, value: T) -> Result<(), SetError> {
        let result = self.shared.lock().engine_mut().set_stale(value, now());
        self.shared.wake.ring();
        result
    }

    /// Deletes all entries, and waits until the last one is gone, acknowledgements included. Nothing can be
    /// declared in the table any more. Others get their turn meanwhile; dropping the future does not stop it.
    ///
    /// # Errors
    /// When the agent can't go on.
    pub async fn delete_all(&self) -> Result<(), DriverError> {
        self.shared.lock().engine_mut().delete_all::<T>();
        self.shared.wake.ring();
        self.shared.wait_for(|pipeline| pipeline.engine().is_empty::<T>().then_some(())).await
    }

    /// Whether the table is being emptied by [`delete_all`](Self::delete_all): nothing can be declared there any
    /// more.
    #[must_use]
    pub fn is_going_away(&self) -> bool {
        self.shared.lock().engine().is_going_away::<T>()
    }

    /// Waits until one entry is in sync, or can't get there by itself: nothing at all is under way any more.
    ///
    /// # Errors
    /// [`Unsettled`] with the reason, or without one if there is no such entry.
    pub async fn settled(&self, key: &T::Key) -> Result<(), Unsettled> {
        let outcome = self
            .shared
            .wait_for(|pipeline| match pipeline.engine().state::<T>(key) {
                Some(State::InSync) => Some(None),
                None => Some(Some(Vec::new())),
                Some(_) if pipeline.is_idle() => {
                    Some(Some(pipeline.engine().why::<T>(key).into_iter().collect()))
                }
                Some(_) => None,
            })
            .await;
        match outcome {
            Ok(None) => Ok(()),
            Ok(Some(entries)) => Err(Unsettled { entries, count: 1, broken: None }),
            Err(broken) => Err(Unsettled { entries: Vec::new(), count: 1, broken: Some(broken) }),
        }
    }

    /// The last steps of an entry, the oldest first; see [`Agent::keep_history`](super::Agent::keep_history).
    #[must_use]
    pub fn history(&self, key: &T::Key) -> Vec<Step> {
        self.shared.lock().engine().history::<T>(key)
    }

    /// The declared value of an entry.
    #[must_use]
    pub fn get(&self, key: &T::Key) -> Option<T> {
        self.shared.lock().engine().get::<T>(key).cloned()
    }

    /// All declared values.
    #[must_use]
    pub fn all(&self) -> Vec<T> {
        self.shared.lock().engine().iter::<T>().cloned().collect()
    }

    /// The state of an entry. `None` if there is none with that key.
    #[must_use]
    pub fn state(&self, key: &T::Key) -> Option<State> {
        self.shared.lock().engine().state::<T>(key)
    }

    /// The index of an entry, if its kind has one and it is known by now.
    #[must_use]
    pub fn index(&self, key: &T::Key) -> Option<u32> {
        self.shared.lock().engine().index::<T>(key)
    }

    /// Why an entry is (not) in the kernel, down to what is really at fault. `None` if there is none with
    /// that key.
    #[must_use]
    pub fn why(&self, key: &T::Key) -> Option<Why> {
        self.shared.lock().engine().why::<T>(key)
    }

    /// How many entries are in each state.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.lock().engine().counts::<T>()
    }

    /// Reads from the kernel what it holds of this kind.
    ///
    /// # Errors
    /// What the kernel says, or that the agent was stopped.
    pub async fn read_back(&self) -> Result<ReadBack<T>, OperationError> {
        let (sender, receiver) = oneshot::channel();
        self.shared.lock().read_back::<T>(move |result| {
            // Nobody may be waiting for it any more.
            let _ = sender.send(result);
        });
        self.shared.wake.ring();
        let stopped = || OperationError::local(None, "the agent was stopped");
        tokio::select! {
            result = receiver => result.unwrap_or_else(|_| Err(stopped())),
            _ = self.shared.until_broken() => Err(stopped()),
        }
    }

    /// Compares what the kernel holds with what is declared and in sync: the key, as a person would write
    /// it, and the first field that differs, for every entry where that is so. Empty if the kernel holds all
    /// of it.
    ///
    /// # Errors
    /// As for [`read_back`](Self::read_back).
    pub async fn verify(&self) -> Result<Vec<Mismatch>, OperationError> {
        let held = self.read_back().await?;
        let mut by_key: HashMap<T::Key, T> =
            held.objects.into_iter().map(|object| (object.key(), object)).collect();
        let declared = self.all();
        let mut mismatches = Vec::new();
        for slice in declared.chunks(SLICE) {
            let pipeline = self.shared.lock();
            for declared in slice {
                let key = declared.key();
                if pipeline.engine().state::<T>(&key) != Some(State::InSync) {
                    continue;
                }
                let object = by_key.remove(&key);
                let field = object.as_ref().and_then(|object| declared.unmet(object));
                if object.is_none() || field.is_some() {
                    mismatches.push(Mismatch { kind: T::SCHEMA.name, key: describe_key::<T>(&key), field });
                }
            }
        }
        Ok(mismatches)
    }
}

/// An entry that counts as in sync, and the kernel disagrees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The kind.
    pub kind: &'static str,
    /// The key, as a person would write it.
    pub key: String,
    /// The first field that differs, or `None` if the object is not there at all.
    pub field: Option<&'static str>,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field {
            Some(field) => write!(out, "{} {}: the kernel holds another {field}", self.kind, self.key),
            None => write!(out, "{} {} is not in the kernel", self.kind, self.key),
        }
    }
}

impl<T> Clone for Table<T> {
    fn clone(&self) -> Self {
        Table { shared: self.shared.clone(), kind: PhantomData }
    }
}

impl<T: KSyncEntry> fmt::Debug for Table<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Table<{}>", T::SCHEMA.name)
    }
}

/// Some at a time, the first of them as single changes, the others as some of many.
fn slices<V>(mut values: impl Iterator<Item = V>) -> impl Iterator<Item = (Vec<V>, Share)> {
    let mut share = Share::Fresh;
    std::iter::from_fn(move || {
        let slice: Vec<V> = values.by_ref().take(SLICE).collect();
        let next = (!slice.is_empty()).then_some((slice, share));
        share = Share::Bulk;
        next
    })
}
