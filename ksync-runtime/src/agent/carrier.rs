//! A connection's own thread: hands the kernel one batch after the other, and fetches the answers behind each.
//!
//! To send a batch is the kernel's work on the sending thread. Here that is a thread which does nothing else, so that the
//! driver takes the last answers and makes the next batch meanwhile, on another processor. What goes back and forth
//! is bounded: the pipeline bounds the batches, and the thread waits before it fetches more than [`MOST_EVENTS`].

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::driver::now;
use super::shared::Shared;
use crate::socket::{Kernel, Received};

/// More answers than that wait for the driver only while one batch is fetched. Parts of a dump are 32 KiB each.
const MOST_EVENTS: usize = 64;

/// What happened on a connection, in its order.
#[derive(Debug)]
pub(super) enum Event {
    /// The kernel took the oldest batch, and was so long at it.
    Sent(Duration),
    /// It did not take it.
    NotSent(io::Error),
    /// An answer.
    Datagram(Bytes),
    /// Answers were lost.
    Overrun,
    /// There is nothing more for now.
    Quiet,
    /// The connection is of no use any more.
    Broken(io::Error),
}

/// The driver's end of the thread.
pub(super) struct Carrier {
    kernel: Arc<Mutex<Box<dyn Kernel>>>,
    counter: Arc<Counter>,
    thread: Option<JoinHandle<()>>,
}

/// What is handed over.
struct Counter {
    desk: Mutex<Desk>,
    /// There is something for the thread to do.
    work: Condvar,
}

#[derive(Default)]
struct Desk {
    batches: VecDeque<Bytes>,
    events: VecDeque<Event>,
    stop: bool,
}

impl Carrier {
    pub(super) fn start(number: usize, kernel: Box<dyn Kernel>, shared: Arc<Shared>) -> io::Result<Self> {
        let kernel = Arc::new(Mutex::new(kernel));
        let counter = Arc::new(Counter { desk: Mutex::default(), work: Condvar::new() });
        let worker = Worker { kernel: kernel.clone(), counter: counter.clone(), shared };
        let thread = Builder::new().name(format!("ksync-kernel-{number}")).spawn(move || worker.work())?;
        Ok(Carrier { kernel, counter, thread: Some(thread) })
    }

    /// The connection itself, for the driver: while the thread has nothing in hand.
    pub(super) fn kernel(&self) -> MutexGuard<'_, Box<dyn Kernel>> {
        lock(&self.kernel)
    }

    /// Hands over a batch.
    pub(super) fn hand_over(&self, batch: Bytes) {
        lock(&self.counter.desk).batches.push_back(batch);
        self.counter.work.notify_one();
    }

    /// Takes what happened since the last time.
    pub(super) fn take(&self) -> VecDeque<Event> {
        let mut desk = lock(&self.counter.desk);
        let full = desk.events.len() >= MOST_EVENTS;
        let events = std::mem::take(&mut desk.events);
        drop(desk);
        if full {
            self.counter.work.notify_one();
        }
        events
    }
}

/// The thread ends after the batch that the kernel works on.
impl Drop for Carrier {
    fn drop(&mut self) {
        lock(&self.counter.desk).stop = true;
        self.counter.work.notify_one();
        if let Some(thread) = self.thread.take() {
            // It panics only where the user's own kernel did, and told so.
            let _ = thread.join();
        }
    }
}

/// The thread's end.
struct Worker {
    kernel: Arc<Mutex<Box<dyn Kernel>>>,
    counter: Arc<Counter>,
    shared: Arc<Shared>,
}

impl Worker {
    fn work(self) {
        let mut datagram = BytesMut::new();
        while let Some(batch) = self.next() {
            let mut kernel = lock(&self.kernel);
            let begin = now();
            let sent = match kernel.send(&batch) {
                Ok(()) => Event::Sent(now() - begin),
                Err(error) => Event::NotSent(error),
            };
            let mut events = VecDeque::from([sent]);
            loop {
                let (event, over) = match kernel.receive(&mut datagram) {
                    Ok(Received::Datagram) => (Event::Datagram(Bytes::copy_from_slice(&datagram)), false),
                    Ok(Received::Overrun) => (Event::Overrun, false),
                    Ok(Received::Nothing) => (Event::Quiet, true),
                    Err(error) => (Event::Broken(error), true),
                };
                events.push_back(event);
                if (over || events.len() >= MOST_EVENTS) && !self.tell(&mut events) {
                    return;
                }
                if over {
                    break;
                }
            }
        }
    }

    /// The next batch; none if the driver is gone.
    fn next(&self) -> Option<Bytes> {
        let mut desk = lock(&self.counter.desk);
        loop {
            if desk.stop {
                return None;
            }
            if let Some(batch) = desk.batches.pop_front() {
                return Some(batch);
            }
            desk = self.wait(desk);
        }
    }

    /// Tells the driver. Returns whether it is there.
    fn tell(&self, events: &mut VecDeque<Event>) -> bool {
        let mut desk = lock(&self.counter.desk);
        while desk.events.len() >= MOST_EVENTS && !desk.stop {
            desk = self.wait(desk);
        }
        desk.events.append(events);
        let stop = desk.stop;
        drop(desk);
        self.shared.wake.ring();
        !stop
    }

    fn wait<'a>(&self, desk: MutexGuard<'a, Desk>) -> MutexGuard<'a, Desk> {
        self.counter.work.wait(desk).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Nobody waits for a thread that panicked: in the code of a kernel that is not ours.
impl Drop for Worker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let error = io::Error::other("the connection panicked");
            lock(&self.counter.desk).events.push_back(Event::Broken(error));
            self.shared.wake.ring();
        }
    }
}

/// What is behind the lock is whole at all times.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
