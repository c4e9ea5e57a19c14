//! The loop: hand a batch to the kernel, fetch the answers, and when there is nothing to do, wait for one
//! thing: a change by the user, an answer, a timer.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use bytes::BytesMut;

use super::DriverError;
use super::shared::Shared;
use crate::socket::watch::Watch;
use crate::socket::{Kernel, Readiness, Received};

/// How much follow-up work is done before handles and answers get their turn.
const WORK_SLICE: usize = 1024;

pub(super) fn spawn(shared: Arc<Shared>, kernel: Box<dyn Kernel>) -> io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    Builder::new().name("ksync".to_owned()).spawn(move || {
        if let Err(error) = runtime.block_on(drive(&shared, kernel)) {
            tracing::error!(%error, "the agent stops");
            shared.fail(DriverError::Connection(Arc::new(error)));
        }
    })
}

async fn drive(shared: &Shared, mut kernel: Box<dyn Kernel>) -> io::Result<()> {
    let watch = match kernel.readiness() {
        Readiness::Descriptor(descriptor) => Some(Watch::new(descriptor)?),
        _ => None,
    };
    let mut datagram = BytesMut::new();
    while !shared.stop.load(Ordering::Acquire) {
        let (batch, more, timeout) = {
            let now = now();
            let mut pipeline = shared.lock();
            pipeline.handle_timeout(now);
            let more = pipeline.engine_mut().work(WORK_SLICE, now);
            let batch = pipeline.poll_transmit(now);
            shared.publish(&mut pipeline);
            (batch, more, pipeline.next_timeout())
        };
        shared.ring();
        let sent = batch.is_some();
        if let Some(batch) = batch
            && let Err(error) = kernel.send(&batch)
        {
            shared.lock().handle_send_error(&error, now());
        }
        let received = fetch(shared, kernel.as_mut(), &mut datagram)?;
        if sent || more || received {
            continue;
        }
        tokio::select! {
            () = shared.wake.notified() => {}
            () = until(timeout) => {}
            ready = readable(watch.as_ref(), kernel.as_ref()) => ready?,
        }
    }
    Ok(())
}

/// Takes all datagrams that are there. Returns whether there were any.
fn fetch(shared: &Shared, kernel: &mut dyn Kernel, datagram: &mut BytesMut) -> io::Result<bool> {
    let mut any = false;
    loop {
        match kernel.receive(datagram)? {
            Received::Datagram => shared.lock().handle_datagram(datagram, now()),
            Received::Overrun => shared.lock().handle_overrun(),
            Received::Nothing => {
                shared.lock().handle_quiet(now());
                return Ok(any);
            }
        }
        any = true;
    }
}

async fn until(timeout: Option<Instant>) {
    match timeout {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => pending().await,
    }
}

async fn readable(watch: Option<&Watch>, kernel: &dyn Kernel) -> io::Result<()> {
    match (watch, kernel.readiness()) {
        (Some(watch), _) => watch.readable().await,
        (None, Readiness::After(wait)) => {
            tokio::time::sleep(wait).await;
            Ok(())
        }
        (None, _) => pending().await,
    }
}

#[expect(clippy::disallowed_methods, reason = "the driver is the one who knows what time it is")]
pub(super) fn now() -> Instant {
    Instant::now()
}
