//! A kernel made of memory, behind the same interface as the real one.
//!
//! It takes and gives real netlink bytes and has the real kernel's manners: requests are carried out
//! inside [`send`](Kernel::send), in order, and an error stops nothing; failures are answered always,
//! successes only on `NLM_F_ACK`; a message with a wrong length hides itself and all behind it; answers
//! that find no room are lost, and [`receive`](Kernel::receive) says so once; what depends on a link or a
//! nexthop disappears silently with it. `tests/tests/simulated_manners.rs` compares it with the real one.
//!
//! It is as deterministic as a test wants it: no clock, no chance but from a seed.
//!
//! - [`SimulatedKernel`] is a connection: what an agent owns.
//! - [`World`] is what it is connected to: what a test looks at, meddles with, and gives [`Faults`].
//! - [`Family`] teaches a world kinds of objects that it does not know.
//!
//! # What it does not have
//!
//! Notifications to others (multicast groups); the routes that the kernel makes by itself for addresses
//! (inject them where a test needs foreign routes); the link-local addresses and the neighbours that it
//! makes by itself; merging of IPv6 routes into multipath ones (they stay twins); resilient groups;
//! queueing disciplines; policy that depends on sysctls.
//!
//! # Examples
//!
//! ```
//! use bytes::BytesMut;
//! use ksync_runtime::socket::simulated::SimulatedKernel;
//! use ksync_runtime::socket::{Kernel, Received};
//! use ksync_runtime::wire::rtnetlink::*;
//! use ksync_runtime::wire::{Answer, Messages, Request};
//!
//! let mut kernel = SimulatedKernel::new();
//! let world = kernel.world();
//!
//! let mut batch = BytesMut::new();
//! let flags = NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK;
//! let mut message = Request::new(&mut batch, 1, kernel.port()).begin::<LinkHeader>(RTM_NEWLINK, flags);
//! message.attributes.put(IFLA_IFNAME, &"br0".to_string());
//! message.attributes.nested(IFLA_LINKINFO, |info| info.put(IFLA_INFO_KIND, &"bridge".to_string()));
//! message.finish()?;
//! kernel.send(&batch)?;
//!
//! let mut datagram = BytesMut::new();
//! assert_eq!(kernel.receive(&mut datagram)?, Received::Datagram);
//! let answer = Messages::new(&datagram).next().expect("a message")?;
//! assert_eq!(Answer::of(answer)?, Answer::Acknowledged);
//!
//! assert_eq!(world.link_index("br0"), Some(2));
//! world.remove_link("br0"); // behind everybody's back
//! assert_eq!(world.count(RTM_NEWLINK), 1, "the loopback device is left");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod address;
mod answers;
mod family;
mod faults;
mod generic;
mod identity;
mod link;
mod message;
mod neighbour;
mod nexthop;
mod route;
mod rule;
mod rules;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod world;

use std::collections::VecDeque;
use std::io;
use std::time::Duration;

use bytes::BytesMut;
use nix::errno::Errno;

pub use family::{Family, Part};
pub use faults::{Faults, RefusalId};
pub use message::Refusal;
pub use world::{Held, Logged, World};

use super::{Kernel, Readiness, Received};
use crate::declare::Channel;
use crate::wire::rtnetlink::{NLM_F_ACK, NLM_F_DUMP, NLM_F_REQUEST, NLMSG_MIN_TYPE};
use crate::wire::{MessageView, Messages};
use answers::Dump;
use faults::Delivery;
use message::Message;
use rules::Notices;
use state::{Purpose, State};

/// How many answers fit the default receive buffer of the real kernel.
const ANSWERS: usize = 256;

/// `SO_SNDBUF` by default, less what the kernel keeps for itself.
const MAX_BATCH: usize = 212_992 - 32;

/// How soon a delayed answer is worth another look.
const POLL: Duration = Duration::from_millis(1);

/// A connection to a simulated kernel. See the [module](self).
#[derive(Debug)]
pub struct SimulatedKernel {
    world: World,
    port: u32,
    capacity: usize,
    queue: VecDeque<Datagram>,
    /// Answers were lost, and nobody was told yet.
    overrun: bool,
    /// The dump that is under way.
    dump: Option<Dump>,
    /// The count of releases when delays were last looked at.
    releases: u64,
}

/// A datagram on its way back.
#[derive(Debug)]
struct Datagram {
    bytes: Vec<u8>,
    /// How many more calls of `receive` find nothing because of it.
    delay: u32,
}

impl Default for SimulatedKernel {
    fn default() -> Self {
        Self::new()
    }
}

impl SimulatedKernel {
    /// A kernel that was just started, and a connection to it.
    ///
    /// It holds a loopback device that is down, and the default rules.
    #[must_use]
    pub fn new() -> Self {
        Self::connect(&World::new())
    }

    /// Another connection to the same kernel: that of another program, or of an agent that was restarted.
    #[must_use]
    pub fn connect(world: &World) -> Self {
        let port = world.lock().port();
        SimulatedKernel {
            world: world.clone(),
            port,
            capacity: ANSWERS,
            queue: VecDeque::new(),
            overrun: false,
            dump: None,
            releases: 0,
        }
    }

    /// Room for `capacity` answers instead of 256.
    #[must_use]
    pub fn with_answer_capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// The kernel that this is connected to.
    #[must_use]
    pub fn world(&self) -> World {
        self.world.clone()
    }

    /// Carries out one message and queues its answers.
    fn process(&mut self, state: &mut State, view: MessageView<'_>, room: usize) {
        if view.flags & NLM_F_REQUEST == 0 || view.message_type < NLMSG_MIN_TYPE {
            if view.flags & NLM_F_ACK != 0 {
                self.deliver(answers::verdict(&view, self.port, &Ok(())), 0, room);
            }
            return;
        }
        if state.chance.loses_request() {
            return;
        }
        *state.seen.entry(view.message_type).or_default() += 1;
        let mut notices = Notices::of(&Message::new(view, 0));
        let outcome = match state.chance.refusal(&view) {
            Some(refusal) => Err(refusal),
            // A message that is too short for any family is taken for nothing.
            None if view.body.is_empty() && state.open(view).is_some() => Ok(()),
            None => match self.start_dump(state, &view) {
                Some(Ok(())) => {
                    log(state, &view, 0);
                    return self.continue_dump(state);
                }
                Some(Err(refusal)) => Err(refusal),
                None => state.carry_out(view, &mut notices),
            },
        };
        log(state, &view, outcome.as_ref().err().map_or(0, |refusal| refusal.errno));
        self.answer(state, &view, notices, &outcome, room);
        if let Some((types, at)) = state.chance.flush() {
            let families: Vec<_> = types.iter().filter_map(|new_type| state.family_of(*new_type)).collect();
            if let Some(slot) = state.store.any(at, |object| families.contains(&object.family)) {
                state.remove(slot);
            }
        }
    }

    /// Queues what the request is answered: what it told of objects, then the verdict.
    fn answer(
        &mut self,
        state: &mut State,
        view: &MessageView<'_>,
        notices: Notices,
        outcome: &Result<(), Refusal>,
        room: usize,
    ) {
        let verdict = outcome.is_err() || view.flags & NLM_F_ACK != 0;
        if !verdict && notices.messages.is_empty() {
            return;
        }
        let delay = match state.chance.delivery() {
            Delivery::After(delay) => delay,
            Delivery::Lost { told } => {
                self.overrun |= told;
                return;
            }
        };
        for notice in notices.messages {
            self.deliver(answers::object(view, self.port, &notice), delay, room);
        }
        if verdict {
            self.deliver(answers::verdict(view, self.port, outcome), delay, room);
        }
    }

    /// Queues a datagram, if there is room.
    fn deliver(&mut self, bytes: Vec<u8>, delay: u32, room: usize) {
        if self.queue.len() >= room {
            self.overrun = true;
            return;
        }
        self.queue.push_back(Datagram { bytes, delay });
    }

    /// Starts a dump, if the message asks for one.
    fn start_dump(&mut self, state: &State, view: &MessageView<'_>) -> Option<Result<(), Refusal>> {
        let (family, purpose, message) = state.open(*view)?;
        if purpose != Purpose::Get || view.flags & NLM_F_DUMP == 0 {
            return None;
        }
        if self.dump.is_some() {
            return Some(Err(Errno::EBUSY.into()));
        }
        self.dump = Some(Dump::new(state, family, &message, self.port));
        Some(Ok(()))
    }

    /// Queues the next datagram of the dump, if one is under way. Dumps wait for room and lose nothing.
    fn continue_dump(&mut self, state: &State) {
        let Some(dump) = &mut self.dump else { return };
        let (bytes, done) = dump.next(state);
        if done {
            self.dump = None;
        }
        self.queue.push_back(Datagram { bytes, delay: 0 });
    }
}

impl Kernel for SimulatedKernel {
    fn channel(&self) -> Channel {
        Channel::Route
    }

    fn port(&self) -> u32 {
        self.port
    }

    fn answer_capacity(&self) -> usize {
        self.capacity
    }

    fn max_batch_len(&self) -> usize {
        MAX_BATCH
    }

    /// # Errors
    /// `EMSGSIZE` if the batch is longer than [`max_batch_len`](Kernel::max_batch_len).
    fn send(&mut self, batch: &[u8]) -> io::Result<()> {
        if batch.len() > MAX_BATCH {
            return Err(Errno::EMSGSIZE.into());
        }
        let world = self.world.clone();
        let mut state = world.lock();
        let room = state.chance.room(self.capacity);
        // The walk ends at the first message whose length can't be: so does the kernel, without a word.
        for view in Messages::new(batch) {
            let Ok(view) = view else { break };
            self.process(&mut state, view, room);
        }
        Ok(())
    }

    fn receive(&mut self, datagram: &mut BytesMut) -> io::Result<Received> {
        datagram.clear();
        let world = self.world.clone();
        let state = world.lock();
        if std::mem::replace(&mut self.releases, state.releases) != state.releases {
            for datagram in &mut self.queue {
                datagram.delay = 0;
            }
        }
        if state.holding {
            return Ok(Received::Nothing);
        }
        if std::mem::take(&mut self.overrun) {
            return Ok(Received::Overrun);
        }
        match self.queue.front_mut() {
            None => return Ok(Received::Nothing),
            Some(front) if front.delay > 0 => {
                front.delay -= 1;
                return Ok(Received::Nothing);
            }
            Some(front) => datagram.extend_from_slice(&front.bytes),
        }
        self.queue.pop_front();
        if self.queue.len() <= self.capacity / 2 {
            self.continue_dump(&state);
        }
        Ok(Received::Datagram)
    }

    fn readiness(&self) -> Readiness<'_> {
        let waiting = self.overrun || !self.queue.is_empty();
        let (holding, releases) = {
            let state = self.world.lock();
            (state.holding, state.releases)
        };
        let delayed = self.queue.front().is_some_and(|front| front.delay > 0) && releases == self.releases;
        match waiting {
            false => Readiness::Idle,
            true if holding || (delayed && !self.overrun) => Readiness::After(POLL),
            true => Readiness::After(Duration::ZERO),
        }
    }
}

/// Notes a request, if anybody wants to know.
fn log(state: &mut State, view: &MessageView<'_>, errno: i32) {
    if state.log_limit == 0 {
        return;
    }
    if state.log.len() >= state.log_limit {
        state.log.pop_front();
    }
    state.log.push_back(Logged { bytes: answers::message(view), errno });
}
