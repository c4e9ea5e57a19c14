//! The loop: hand each connection its batch, fetch the answers, and when there is nothing to do, wait for one
//! thing: a change by the user, an answer, a timer.

use std::future::{pending, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use bytes::BytesMut;

use super::DriverError;
use super::shared::Shared;
use crate::socket::watch::Watch;
use crate::socket::{Kernel, Readiness, Received};

/// How much follow-up work is done before handles and answers get their turn.
const WORK_SLICE: usize = 1024;

pub(super) fn spawn(shared: Arc<Shared>, kernels: Vec<Box<dyn Kernel>>) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    Builder::new().name("ksync".to_owned()).spawn(move || {
        if let Err(error) = runtime.block_on(drive(&shared, kernels)) {
            tracing::error!(%error, "the agent stops");
            shared.fail(DriverError::Connection(Arc::new(error)));
        }
    })
}

/// A connection, and how to wait for it.
struct Connection {
    number: usize,
    kernel: Box<dyn Kernel>,
    watch: Option<Watch>,
}

async fn drive(shared: &Shared, kernels: Vec<Box<dyn Kernel>>) -> io::Result<()> {
    let mut connections = Vec::with_capacity(kernels.len());
    for (number, kernel) in kernels.into_iter().enumerate() {
        let watch = match kernel.readiness() {
            Readiness::Descriptor(descriptor) => Some(Watch::new(descriptor)?),
            _ => None,
        };
        connections.push(Connection { number, kernel, watch });
    }
    let mut datagram = BytesMut::new();
    while !shared.stop.load(Ordering::Acquire) {
        {
            let now = now();
            let mut pipeline = shared.lock();
            pipeline.handle_timeout(now);
            pipeline.engine_mut().work(WORK_SLICE, now);
        }
        let mut busy = false;
        for connection in &mut connections {
            busy |= connection.transmit(shared);
            busy |= connection.fetch(shared, &mut datagram)?;
        }
        let timeout = {
            let mut pipeline = shared.lock();
            // Asked last: an operation that is done on the spot leaves work without leaving a batch.
            busy |= pipeline.engine_mut().work(0, now());
            shared.publish(&mut pipeline);
            pipeline.next_timeout()
        };
        shared.ring();
        if busy {
            continue;
        }
        tokio::select! {
            () = shared.wake.notified() => {}
            () = until(timeout) => {}
            ready = any_readable(&connections) => ready?,
        }
    }
    Ok(())
}

impl Connection {
    /// Hands the kernel the next batch. Returns whether there was one.
    fn transmit(&mut self, shared: &Shared) -> bool {
        let Some(batch) = shared.lock().poll_transmit(self.number, now()) else {
            return false;
        };
        if let Err(error) = self.kernel.send(&batch) {
            shared.lock().handle_send_error(self.number, &error, now());
        }
        true
    }

    /// Takes all datagrams that are there. Returns whether there were any.
    fn fetch(&mut self, shared: &Shared, datagram: &mut BytesMut) -> io::Result<bool> {
        let mut any = false;
        loop {
            match self.kernel.receive(datagram)? {
                Received::Datagram => shared.lock().handle_datagram(self.number, datagram, now()),
                Received::Overrun => shared.lock().handle_overrun(self.number),
                Received::Nothing => {
                    shared.lock().handle_quiet(self.number, now());
                    return Ok(any);
                }
            }
            any = true;
        }
    }

    async fn readable(&self) -> io::Result<()> {
        match (&self.watch, self.kernel.readiness()) {
            (Some(watch), _) => watch.readable().await,
            (None, Readiness::After(wait)) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            (None, _) => pending().await,
        }
    }
}

/// Until one of the connections may have something.
async fn any_readable(connections: &[Connection]) -> io::Result<()> {
    let mut waits: Vec<Pin<Box<dyn Future<Output = io::Result<()>> + '_>>> =
        connections.iter().map(|connection| Box::pin(connection.readable()) as _).collect();
    poll_fn(|context| {
        let ready = waits.iter_mut().find_map(|wait| match wait.as_mut().poll(context) {
            Poll::Ready(ready) => Some(ready),
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
