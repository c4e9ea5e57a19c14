//! A pipeline and a simulated kernel, driven in place: one small step at a time, with a clock that jumps.
//!
//! It watches what leaves the pipeline: never two requests about one object before the first is answered or
//! given up; and it counts the writes to each object.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::io;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use ksync_runtime::engine::Engine;
use ksync_runtime::pipeline::{Limits, Pipeline};
use ksync_runtime::prelude::*;
use ksync_runtime::socket::simulated::{Faults, SimulatedKernel, World};
use ksync_runtime::socket::{Kernel, Received};
use ksync_runtime::wire::{FixedHeader, MessageView, Messages};

use super::holdings::name_of;
use super::object::Place;
use super::weather::{Fault, Weather};
use crate::dice::Dice;

/// No sane number of steps to come to rest takes more, for each entry.
const STEPS_PER_ENTRY: usize = 1000;

/// No answer is later than that many looks.
const LOOKS_IN_VAIN: u32 = 8;

/// One object on the wire: what the kernel tells it by.
type Subject = (u16, Vec<u8>);

/// The pipeline and what it is connected to.
pub(super) struct Driver {
    pub(super) pipeline: Pipeline,
    pub(super) kernel: SimulatedKernel,
    pub(super) world: World,
    pub(super) now: Instant,
    pub(super) weather: Weather,
    dice: Dice,
    /// How often in a row there was no answer.
    looks_in_vain: u32,
    datagram: BytesMut,
    /// The batch that is on its way.
    under_way: Option<UnderWay>,
    /// Whether writes are counted: it takes a look at every message.
    counting: bool,
    /// Object → writes since [`Self::count_writes`].
    writes: BTreeMap<Subject, u32>,
    /// ifindex → name. The simulated kernel uses no number twice.
    names: HashMap<u32, String>,
    /// What is told of what happens: lines with one of these words. Nothing if there are none.
    trace: Vec<String>,
}

/// A batch that was handed to the kernel, as far as an onlooker can tell.
struct UnderWay {
    last_seq: u32,
    answered: bool,
    overrun: bool,
    sent_at: Instant,
}

impl fmt::Debug for Driver {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Driver").field("weather", &self.weather).finish_non_exhaustive()
    }
}

impl Driver {
    pub(super) fn new(engine: Engine, seed: u64) -> Self {
        let kernel = SimulatedKernel::new();
        Driver {
            pipeline: Pipeline::new(engine, [Limits::of(&kernel)])
                .expect("the kernel carries what the kinds speak"),
            world: kernel.world(),
            kernel,
            now: start_of_time(),
            weather: Weather::FAIR,
            dice: Dice::new(seed, 2),
            looks_in_vain: 0,
            datagram: BytesMut::new(),
            under_way: None,
            counting: false,
            writes: BTreeMap::new(),
            names: HashMap::new(),
            trace: Vec::new(),
        }
    }

    /// Prints on standard error from now on what the engine decides and what the kernel answers, in so far as
    /// one of the texts stands in it.
    pub(super) fn trace(&mut self, words: Vec<String>) {
        self.pipeline.engine_mut().watch(!words.is_empty());
        self.world.log(if words.is_empty() { 0 } else { 1 << 16 });
        self.trace = words;
    }

    /// Prints a line, if it is about what is traced.
    pub(super) fn print(&self, line: impl FnOnce() -> String) {
        if self.trace.is_empty() {
            return;
        }
        let line = line();
        if self.trace.iter().any(|word| line.contains(word.as_str())) {
            eprintln!("{line}");
        }
    }

    /// Prints what happened since the last time.
    pub(super) fn print_news(&mut self) {
        if self.trace.is_empty() {
            return;
        }
        while let Some(transition) = self.pipeline.engine_mut().poll_transition() {
            self.print(|| format!("  engine: {transition} ({})", transition.event));
        }
        for logged in self.world.take_log() {
            let Some(message) = logged.message() else { continue };
            let verb = match message.message_type & 3 {
                0 => "create",
                1 => "delete",
                _ => "get",
            };
            let Some((_, subject)) = self.subject(&message) else { continue };
            let name = match message.message_type & !3 {
                RTM_NEWLINK => String::from_utf8_lossy(&subject).into_owned(),
                RTM_NEWNEXTHOP => {
                    let id = subject.first_chunk().map_or(0, |id| u32::from_ne_bytes(*id));
                    let engine = self.pipeline.engine();
                    let key = engine.with_resolver(|resolver| resolver.key::<ksync_objects::Nexthop>(id));
                    key.unwrap_or_default().into()
                }
                _ => format!("{subject:?}"),
            };
            self.print(|| {
                format!("  kernel: {verb} {name} flags {:#x} errno {}", message.flags, logged.errno)
            });
        }
    }

    /// Other things go wrong from now on.
    pub(super) fn set_weather(&mut self, weather: Weather) {
        self.weather = weather;
        self.world.set_faults(weather.of_kernel(self.dice.number()));
        self.world.release();
    }

    /// Does one of the things that a driver does, by chance.
    ///
    /// # Errors
    /// What rule the pipeline broke.
    pub(super) fn step(&mut self) -> Result<(), String> {
        match self.dice.below(16) {
            0..5 => {
                let budget = self.dice.one_of(&[1, 8, 64, 1000]);
                self.pipeline.engine_mut().work(budget, self.now);
            }
            5..9 => {
                // As the agent does it: some of the work first, perhaps not all.
                let budget = self.dice.one_of(&[1, 16, 1000]);
                self.pipeline.engine_mut().work(budget, self.now);
                self.transmit()?;
            }
            9..14 => {
                for _ in 0..self.dice.below(24) {
                    if !self.receive()? {
                        break;
                    }
                }
            }
            14 => {
                self.now += Duration::from_micros(self.dice.below(100_000) as u64);
                self.pipeline.handle_timeout(self.now);
            }
            _ if self.nothing_comes() => self.jump(Duration::ZERO),
            _ => {}
        }
        Ok(())
    }

    /// Lets everything come to an end that does not wait for its time.
    ///
    /// # Errors
    /// When that does not end, or the pipeline broke a rule.
    pub(super) fn rest(&mut self) -> Result<(), String> {
        let entries = self.pipeline.engine().references() + self.pipeline.engine().queued() + 1000;
        let mut steps = entries.saturating_mul(STEPS_PER_ENTRY);
        while !self.pipeline.is_idle() {
            while self.pipeline.engine_mut().work(1000, self.now) {}
            let sent = self.transmit()?;
            let mut received = false;
            while self.receive()? {
                received = true;
            }
            if !sent && !received && !self.pipeline.is_idle() && self.nothing_comes() {
                self.jump(Duration::ZERO);
            }
            steps = steps.checked_sub(1).ok_or("it does not come to rest")?;
        }
        Ok(())
    }

    /// Whether no answer is on its way. Late ones come after a number of looks; lost ones never do.
    fn nothing_comes(&self) -> bool {
        self.pipeline.engine().outstanding() == 0 || self.looks_in_vain > LOOKS_IN_VAIN
    }

    /// Lets time pass until the next thing that waits for its time, and no less than `least`.
    pub(super) fn jump(&mut self, least: Duration) {
        let next = self.pipeline.next_timeout().unwrap_or(self.now);
        self.now = next.max(self.now + least);
        self.pipeline.handle_timeout(self.now);
    }

    /// Hands the next batch to the kernel. Returns whether there was one.
    pub(super) fn transmit(&mut self) -> Result<bool, String> {
        let Some(batch) = self.pipeline.poll_transmit(0, self.now) else {
            return Ok(false);
        };
        self.watch(&batch)?;
        self.looks_in_vain = 0;
        let strikes = |fault, weather: Weather, dice: &mut Dice| weather.has(fault) && dice.percent(5);
        if strikes(Fault::Unsent, self.weather, &mut self.dice) {
            const ENOBUFS: i32 = 105;
            self.under_way = None;
            self.pipeline.handle_send_error(0, &io::Error::from_raw_os_error(ENOBUFS), self.now);
            return Ok(true);
        }
        let seed = self.dice.number();
        let faults = if strikes(Fault::Silent, self.weather, &mut self.dice) {
            Some(Faults { seed, lose_answer_silently: 1.0, ..Faults::default() })
        } else if strikes(Fault::Hidden, self.weather, &mut self.dice) {
            Some(Faults { seed, lose_request: 1.0, ..Faults::default() })
        } else {
            None
        };
        let mut reaches_kernel: &[u8] = &batch;
        if strikes(Fault::Torn, self.weather, &mut self.dice) {
            reaches_kernel = &batch[..self.dice.below(batch.len())];
        }
        if let Some(faults) = &faults {
            self.world.set_faults(faults.clone());
        }
        self.print_news();
        self.kernel.send(reaches_kernel).map_err(|error| format!("a batch that can't be sent: {error}"))?;
        self.print_news();
        if faults.is_some() {
            self.world.set_faults(self.weather.of_kernel(seed));
        }
        Ok(true)
    }

    /// Takes the next datagram. Returns whether there was one.
    pub(super) fn receive(&mut self) -> Result<bool, String> {
        let received = self
            .kernel
            .receive(&mut self.datagram)
            .map_err(|error| format!("a broken connection: {error}"))?;
        self.looks_in_vain = if received == Received::Nothing { self.looks_in_vain + 1 } else { 0 };
        match received {
            Received::Datagram => {
                if let Some(under_way) = &mut self.under_way {
                    // NLMSG_ERROR, which acknowledges too.
                    under_way.answered |= Messages::new(&self.datagram)
                        .flatten()
                        .any(|answer| answer.seq == under_way.last_seq && answer.message_type == 2);
                }
                self.pipeline.handle_datagram(0, &self.datagram, self.now);
            }
            Received::Overrun => {
                if let Some(under_way) = &mut self.under_way {
                    under_way.overrun = true;
                }
                self.pipeline.handle_overrun(0);
            }
            Received::Nothing => {
                if self.under_way.as_ref().is_some_and(|under_way| under_way.overrun) {
                    self.under_way = None;
                }
                self.pipeline.handle_quiet(0, self.now);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks at a batch that is about to leave.
    fn watch(&mut self, batch: &Bytes) -> Result<(), String> {
        if let Some(before) = &self.under_way {
            let given_up = before.sent_at + Duration::from_secs(5) <= self.now;
            if !before.answered && !given_up {
                return Err("a batch left before the one in front of it was answered".to_owned());
            }
        }
        let mut last_seq = 0;
        let mut subjects = BTreeSet::new();
        for message in Messages::new(batch) {
            let message = message.map_err(|error| format!("an unreadable batch: {error}"))?;
            last_seq = message.seq;
            let Some(subject) = self.subject(&message) else { continue };
            if self.counting && message.message_type != RTM_GETLINK {
                *self.writes.entry(subject.clone()).or_default() += 1;
            }
            if let Some(twice) = subjects.replace(subject) {
                return Err(format!("two requests about one object at a time: {twice:?}"));
            }
        }
        self.under_way = Some(UnderWay { last_seq, answered: false, overrun: false, sent_at: self.now });
        Ok(())
    }

    /// Which object a request is about.
    fn subject(&mut self, message: &MessageView<'_>) -> Option<Subject> {
        let family = message.message_type & !3;
        let attribute = |header_len: usize, nla: u16| attribute(message.body, header_len, nla);
        let bytes = match family {
            RTM_NEWLINK => match attribute(LinkHeader::LEN, IFLA_IFNAME) {
                Some(name) => name.strip_suffix(&[0]).unwrap_or(name).to_vec(),
                None => {
                    let index = LinkHeader::parse(message.body)?.ifi_index;
                    self.name_of(u32::try_from(index).ok()?)?.into_bytes()
                }
            },
            RTM_NEWADDR => {
                let header = AddressHeader::parse(message.body)?;
                let address = attribute(AddressHeader::LEN, IFA_ADDRESS)?;
                [&header.ifa_index.to_ne_bytes(), address, &[header.ifa_prefixlen]].concat()
            }
            RTM_NEWROUTE => {
                let header = RouteHeader::parse(message.body)?;
                let metric = attribute(RouteHeader::LEN, RTA_PRIORITY).unwrap_or(&[0; 4]);
                let table = attribute(RouteHeader::LEN, RTA_TABLE)
                    .map_or_else(|| u32::from(header.rtm_table).to_ne_bytes().to_vec(), <[u8]>::to_vec);
                let destination = attribute(RouteHeader::LEN, RTA_DST)?;
                [&table, destination, &[header.rtm_dst_len], metric].concat()
            }
            RTM_NEWNEXTHOP => attribute(NexthopHeader::LEN, NHA_ID)?.to_vec(),
            _ => return None,
        };
        Some((family, bytes))
    }

    fn name_of(&mut self, index: u32) -> Option<String> {
        if let Some(name) = self.names.get(&index) {
            return Some(name.clone());
        }
        let name = name_of(&self.world.object(RTM_NEWLINK, index)?)?;
        self.names.insert(index, name.clone());
        Some(name)
    }

    /// Counts writes from now on, or no more.
    pub(super) fn count_writes(&mut self, counting: bool) {
        self.counting = counting;
        self.writes.clear();
    }

    /// How often the object was written since [`Self::count_writes`].
    pub(super) fn writes_to(&self, place: &Place) -> u32 {
        self.subject_of(place).and_then(|subject| self.writes.get(&subject)).copied().unwrap_or(0)
    }

    /// What the kernel tells the object by, if that is known.
    fn subject_of(&self, place: &Place) -> Option<Subject> {
        let engine = self.pipeline.engine();
        match place {
            Place::Link(name) => Some((RTM_NEWLINK, name.clone().into_bytes())),
            Place::Address(link, address) => engine.index::<ksync_objects::Link>(link).map(|index| {
                let octets = octets(address.addr());
                (RTM_NEWADDR, [&index.to_ne_bytes(), &octets[..], &[address.prefix_len()]].concat())
            }),
            Place::Nexthop(name) => engine
                .index::<ksync_objects::Nexthop>(name)
                .map(|id| (RTM_NEWNEXTHOP, id.to_ne_bytes().to_vec())),
            Place::Route(table, destination, metric) => {
                let octets = octets(destination.addr());
                let key =
                    [&table.to_ne_bytes(), &octets[..], &[destination.prefix_len()], &metric.to_ne_bytes()];
                Some((RTM_NEWROUTE, key.concat()))
            }
        }
    }
}

fn octets(address: std::net::IpAddr) -> Vec<u8> {
    match address {
        std::net::IpAddr::V4(address) => address.octets().to_vec(),
        std::net::IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// The payload of the first attribute with that number, found without a list of them all.
fn attribute(body: &[u8], header_len: usize, nla: u16) -> Option<&[u8]> {
    let mut at = header_len.next_multiple_of(4);
    loop {
        let rest = body.get(at..)?;
        let head = rest.first_chunk::<4>()?;
        let len = usize::from(u16::from_ne_bytes([head[0], head[1]]));
        if u16::from_ne_bytes([head[2], head[3]]) == nla {
            return rest.get(4..len);
        }
        at += len.max(4).next_multiple_of(4);
    }
}

/// When a story begins does not matter: only what passes since is looked at.
fn start_of_time() -> Instant {
    Instant::now()
}
