//! The loop: see that each connection has batches, take the answers, and when there is nothing to do, wait for one
//! thing: a change by the user, an answer, a timer.
//!
//! A batch that is short, while the connection is idle, goes to the kernel right here: no thread has to be woken for
//! it. All others are made ahead and go to the connection's own thread ([`carrier`](super::carrier)).

use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::DriverError;
use super::carrier::{Carrier, Event};
use super::shared::Shared;
use crate::socket::watch::Watch;
use crate::socket::{Kernel, Readiness, Received};

/// How much follow-up work is done before handles and answers get their turn.
const WORK_SLICE: usize = 1024;

/// A batch of no more bytes goes to the kernel without waking a thread: a dozen messages, 50 µs of the kernel's time.
const SHORT: usize = 1024;

pub(super) fn spawn(shared: Arc<Shared>, kernels: Vec<Box<dyn Kernel>>) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    let connections = {
        let _inside = runtime.enter();
        let numbered = kernels.into_iter().enumerate();
        let started = numbered.map(|(number, kernel)| Connection::start(number, kernel, shared.clone()));
        started.collect::<io::Result<Vec<Connection>>>()?
    };
    Builder::new().name("ksync".to_owned()).spawn(move || {
        if let Err(error) = runtime.block_on(drive(&shared, connections)) {
            tracing::error!(%error, "the agent stops");
            shared.fail(DriverError::Connection(Arc::new(error)));
        }
    })
}

/// A connection, and how to wait for it.
struct Connection {
    number: usize,
    carrier: Carrier,
    watch: Option<Watch>,
    /// How many batches its thread has.
    in_hand: usize,
    /// There may be something to be fetched although no answer is awaited: a connection that breaks tells so.
    readable: bool,
}

async fn drive(shared: &Shared, mut connections: Vec<Connection>) -> io::Result<()> {
    let mut datagram = BytesMut::new();
    while !shared.stop.load(Ordering::Acquire) {
        let seen = shared.wake.count();
        {
            let now = now();
            let mut pipeline = shared.lock_again();
            pipeline.handle_timeout(now);
            pipeline.engine_mut().work(WORK_SLICE, now);
        }
        let mut busy = false;
        for connection in &mut connections {
            busy |= connection.take_in(shared)?;
            busy |= connection.transmit(shared, &mut datagram)?;
            busy |= connection.fetch(shared, &mut datagram)?;
        }
        let timeout = {
            let mut pipeline = shared.lock();
            // Asked last: an operation that is done on the spot leaves work without leaving a batch.
            busy |= pipeline.engine_mut().work(0, now());
            shared.publish(&mut pipeline);
            let timeout = pipeline.next_timeout();
            shared.give_back_with_room(pipeline);
            timeout
        };
        shared.ring();
        // What a thread has in hand takes longer than a moment.
        let soon = connections.iter().all(|connection| connection.in_hand == 0);
        if busy || (soon && shared.wake.look(seen)) {
            continue;
        }
        let readable = tokio::select! {
            () = shared.wake.wait(seen) => None,
            () = until(timeout) => None,
            ready = any_readable(&connections) => Some(ready?),
        };
        if let Some(connection) = readable.and_then(|at| connections.get_mut(at)) {
            connection.readable = true;
        }
    }
    Ok(())
}

impl Connection {
    fn start(number: usize, kernel: Box<dyn Kernel>, shared: Arc<Shared>) -> io::Result<Self> {
        let watch = match kernel.readiness() {
            Readiness::Descriptor(descriptor) => Some(Watch::new(descriptor)?),
            _ => None,
        };
        let carrier = Carrier::start(number, kernel, shared)?;
        Ok(Connection { number, carrier, watch, in_hand: 0, readable: false })
    }

    /// Takes what the connection's thread tells. Returns whether it told anything.
    fn take_in(&mut self, shared: &Shared) -> io::Result<bool> {
        let events = self.carrier.take();
        let any = !events.is_empty();
        for event in events {
            if matches!(event, Event::Sent(_) | Event::NotSent(_)) {
                self.in_hand = self.in_hand.saturating_sub(1);
            }
            self.handle(shared, event)?;
        }
        Ok(any)
    }

    fn handle(&self, shared: &Shared, event: Event) -> io::Result<()> {
        let mut pipeline = shared.lock_again();
        match event {
            Event::Sent(took) => pipeline.handle_sent(self.number, took, now()),
            Event::NotSent(error) => pipeline.handle_send_error(self.number, &error, now()),
            Event::Datagram(datagram) => pipeline.handle_datagram(self.number, &datagram, now()),
            Event::Overrun => pipeline.handle_overrun(self.number),
            Event::Quiet => pipeline.handle_quiet(self.number, now()),
            Event::Broken(error) => return Err(error),
        }
        Ok(())
    }

    /// Sees that the kernel has batches. Returns whether there was one more.
    fn transmit(&mut self, shared: &Shared, datagram: &mut BytesMut) -> io::Result<bool> {
        let mut any = false;
        loop {
            let Some(batch) = shared.lock_again().poll_ahead(self.number, now()) else {
                return Ok(any);
            };
            any = true;
            if self.in_hand == 0 && batch.len() <= SHORT {
                self.send_here(shared, &batch)?;
                self.fetch(shared, datagram)?;
            } else {
                self.in_hand += 1;
                self.carrier.hand_over(batch);
            }
        }
    }

    fn send_here(&self, shared: &Shared, batch: &Bytes) -> io::Result<()> {
        let begin = now();
        let sent = self.carrier.kernel().send(batch);
        let event = sent.map_or_else(Event::NotSent, |()| Event::Sent(now() - begin));
        self.handle(shared, event)
    }

    /// Takes the datagrams that are awaited and there. Returns whether there were any.
    fn fetch(&mut self, shared: &Shared, datagram: &mut BytesMut) -> io::Result<bool> {
        let mut any = false;
        while self.in_hand == 0 && (self.readable || shared.lock().awaits_answer(self.number)) {
            let received = self.carrier.kernel().receive(datagram)?;
            let mut pipeline = shared.lock();
            match received {
                Received::Datagram => pipeline.handle_datagram(self.number, datagram, now()),
                Received::Overrun => pipeline.handle_overrun(self.number),
                Received::Nothing => {
                    self.readable = false;
                    pipeline.handle_quiet(self.number, now());
                    break;
                }
            }
            any = true;
        }
        Ok(any)
    }

    async fn readable(&self) -> io::Result<()> {
        if self.in_hand > 0 {
            return pending().await;
        }
        if let Some(watch) = &self.watch {
            return watch.readable().await;
        }
        let wait = match self.carrier.kernel().readiness() {
            Readiness::After(wait) => Some(wait),
            _ => None,
        };
        match wait {
            Some(wait) => tokio::time::sleep(wait).await,
            None => pending().await,
        }
        Ok(())
    }
}

/// Until one of the connections may have something. Returns which.
async fn any_readable(connections: &[Connection]) -> io::Result<usize> {
    let mut waits: Vec<Pin<Box<dyn Future<Output = io::Result<()>> + '_>>> =
        connections.iter().map(|connection| Box::pin(connection.readable()) as _).collect();
    poll_fn(|context| {
        let ready = waits.iter_mut().enumerate().find_map(|(at, wait)| match wait.as_mut().poll(context) {
            Poll::Ready(ready) => Some(ready.map(|()| at)),
            Poll::Pending => None,
        });
        ready.map_or(Poll::Pending, Poll::Ready)
    })
    .await
}

async fn until(timeout: Option<Instant>) {
    match timeout {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => pending().await,
    }
}

#[expect(clippy::disallowed_methods, reason = "the driver is the one who knows what time it is")]
pub(super) fn now() -> Instant {
    Instant::now()
}
