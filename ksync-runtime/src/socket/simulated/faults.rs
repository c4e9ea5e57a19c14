//! What can go wrong, each kind with a name and a probability of its own.
//!
//! Every kind of fault draws from a stream of chance of its own, so that switching one on does not move
//! the others: a failing seed keeps failing while the causes are taken away one by one.

use std::fmt;

use nix::errno::Errno;

use super::message::Refusal;
use crate::wire::MessageView;
use crate::wire::rtnetlink::{RTM_NEWNEXTHOP, RTM_NEWROUTE};

/// Faults that happen by chance. The default has none.
///
/// Probabilities go from 0.0 (never) to 1.0 (always), and are drawn for each request unless said otherwise.
///
/// ```
/// use ksync_runtime::socket::simulated::{Faults, SimulatedKernel};
///
/// let kernel = SimulatedKernel::new();
/// kernel.world().set_faults(Faults { seed: 7, refuse: 0.1, delay: 0.5, ..Faults::default() });
/// ```
#[derive(Clone, Debug)]
pub struct Faults {
    /// Where chance starts: the same seed and the same requests give the same faults.
    pub seed: u64,
    /// The request is not carried out but refused with one of [`refuse_with`](Self::refuse_with).
    pub refuse: f64,
    /// What [`refuse`](Self::refuse) chooses from. The default is `EBUSY`, `ENOMEM` and `ENOBUFS`.
    pub refuse_with: Vec<Refusal>,
    /// The request is neither carried out nor answered, as if a wrong length in front of it had hidden it.
    pub lose_request: f64,
    /// The request is carried out, its answers are lost, and the connection says
    /// [`Overrun`](crate::socket::Received::Overrun).
    pub lose_answer: f64,
    /// The request is carried out and its answers are lost without a word. No kernel does this: for
    /// testing that nothing waits for ever.
    pub lose_answer_silently: f64,
    /// The answers are held back, and those behind them too, for up to
    /// [`delay_at_most`](Self::delay_at_most) calls of [`receive`](crate::socket::Kernel::receive).
    pub delay: f64,
    /// The longest delay, in calls of `receive` that find nothing.
    pub delay_at_most: u32,
    /// Drawn for each batch: there is only room for [`shrink_to`](Self::shrink_to) answers.
    pub shrink: f64,
    /// The room for answers, in datagrams, of a batch that [`shrink`](Self::shrink) hits.
    pub shrink_to: usize,
    /// After the request, an object of one of [`flush_types`](Self::flush_types) disappears, with all
    /// that depends on it.
    pub flush: f64,
    /// The families that [`flush`](Self::flush) takes from, by the message type that creates their
    /// objects. The default is nexthops and routes.
    pub flush_types: Vec<u16>,
}

impl Default for Faults {
    fn default() -> Self {
        Faults {
            seed: 0,
            refuse: 0.0,
            refuse_with: [Errno::EBUSY, Errno::ENOMEM, Errno::ENOBUFS].map(Refusal::from).to_vec(),
            lose_request: 0.0,
            lose_answer: 0.0,
            lose_answer_silently: 0.0,
            delay: 0.0,
            delay_at_most: 3,
            shrink: 0.0,
            shrink_to: 4,
            flush: 0.0,
            flush_types: vec![RTM_NEWNEXTHOP, RTM_NEWROUTE],
        }
    }
}

/// Names a refusal that was ordered with [`World::refuse_while`](super::World::refuse_while).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalId(u64);

/// Says whether a request is to be refused.
pub(super) type Predicate = Box<dyn FnMut(&MessageView<'_>) -> bool + Send>;

/// A refusal that was ordered.
struct Ordered {
    id: RefusalId,
    message_type: u16,
    refusal: Refusal,
    /// Refuses every request that it accepts; without one the next request, once.
    predicate: Option<Predicate>,
}

impl fmt::Debug for Ordered {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Ordered")
            .field("id", &self.id)
            .field("message_type", &self.message_type)
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}

/// Decides when a fault happens.
#[derive(Debug)]
pub(super) struct Chance {
    faults: Faults,
    /// One stream for each kind of fault, in the order of [`Kind`].
    streams: [Stream; 7],
    ordered: Vec<Ordered>,
    next_id: u64,
}

/// The kinds of fault.
#[derive(Clone, Copy)]
enum Kind {
    Refuse,
    LoseRequest,
    LoseAnswer,
    LoseAnswerSilently,
    Delay,
    Shrink,
    Flush,
}

/// What becomes of the answers to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// They arrive after so many calls in vain.
    After(u32),
    /// They are lost; the flag says whether the connection owns up to it.
    Lost { told: bool },
}

impl Chance {
    pub(super) fn new(faults: Faults) -> Self {
        let streams = std::array::from_fn(|kind| Stream(faults.seed ^ (kind as u64).wrapping_mul(APART)));
        Chance { faults, streams, ordered: Vec::new(), next_id: 0 }
    }

    /// Other probabilities. What was ordered stays.
    pub(super) fn set(&mut self, faults: Faults) {
        let ordered = std::mem::take(&mut self.ordered);
        *self = Chance { ordered, next_id: self.next_id, ..Chance::new(faults) };
    }

    pub(super) fn order(
        &mut self,
        message_type: u16,
        refusal: Refusal,
        predicate: Option<Predicate>,
    ) -> RefusalId {
        let id = RefusalId(self.next_id);
        self.next_id += 1;
        self.ordered.push(Ordered { id, message_type, refusal, predicate });
        id
    }

    pub(super) fn cancel(&mut self, id: RefusalId) {
        self.ordered.retain(|ordered| ordered.id != id);
    }

    /// Whether this request is refused before anybody looks at it.
    pub(super) fn refusal(&mut self, message: &MessageView<'_>) -> Option<Refusal> {
        let hit = self.ordered.iter_mut().position(|ordered| {
            ordered.message_type == message.message_type
                && ordered.predicate.as_mut().is_none_or(|predicate| predicate(message))
        });
        if let Some(hit) = hit {
            let refusal = self.ordered.get(hit).map(|ordered| ordered.refusal.clone());
            if self.ordered.get(hit).is_some_and(|ordered| ordered.predicate.is_none()) {
                self.ordered.remove(hit);
            }
            return refusal;
        }
        if !self.strikes(Kind::Refuse, self.faults.refuse) || self.faults.refuse_with.is_empty() {
            return None;
        }
        let choice = self.stream(Kind::Refuse).next() % self.faults.refuse_with.len() as u64;
        self.faults.refuse_with.get(choice as usize).cloned()
    }

    pub(super) fn loses_request(&mut self) -> bool {
        self.strikes(Kind::LoseRequest, self.faults.lose_request)
    }

    pub(super) fn delivery(&mut self) -> Delivery {
        if self.strikes(Kind::LoseAnswer, self.faults.lose_answer) {
            return Delivery::Lost { told: true };
        }
        if self.strikes(Kind::LoseAnswerSilently, self.faults.lose_answer_silently) {
            return Delivery::Lost { told: false };
        }
        if self.faults.delay_at_most == 0 || !self.strikes(Kind::Delay, self.faults.delay) {
            return Delivery::After(0);
        }
        let longest = u64::from(self.faults.delay_at_most);
        Delivery::After(1 + (self.stream(Kind::Delay).next() % longest) as u32)
    }

    /// The room for answers of the next batch.
    pub(super) fn room(&mut self, capacity: usize) -> usize {
        if self.strikes(Kind::Shrink, self.faults.shrink) {
            return capacity.min(self.faults.shrink_to);
        }
        capacity
    }

    /// Families of which an object disappears now, and a number to choose it by.
    pub(super) fn flush(&mut self) -> Option<(Vec<u16>, usize)> {
        if !self.strikes(Kind::Flush, self.faults.flush) {
            return None;
        }
        Some((self.faults.flush_types.clone(), self.stream(Kind::Flush).next() as usize))
    }

    fn strikes(&mut self, kind: Kind, probability: f64) -> bool {
        probability > 0.0 && self.stream(kind).fraction() < probability
    }

    fn stream(&mut self, kind: Kind) -> &mut Stream {
        &mut self.streams[kind as usize]
    }
}

/// Keeps the streams of chance apart: any odd number with bits all over it.
const APART: u64 = 0xd1b5_4a32_d192_ed03;

/// A stream of chance: SplitMix64 (Steele, Lea and Flood, 2014). Ten lines that never change are worth more
/// here than a crate whose numbers may differ in the next version: seeds are written down.
#[derive(Clone, Debug)]
struct Stream(u64);

impl Stream {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0.0 up to, but not including, 1.0.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}
