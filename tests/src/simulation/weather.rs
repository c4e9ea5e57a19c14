//! What can go wrong: every fault by name, and which of them strike together.

use std::fmt;
use std::str::FromStr;

use ksync_runtime::socket::simulated::{Faults, Refusal};

use crate::dice::Dice;

/// How many requests are refused where any are.
pub(super) const REFUSED: f64 = 0.08;

/// One thing that can go wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Fault {
    /// Requests are refused with EBUSY.
    Busy,
    /// Requests are refused with ENOMEM and ENOBUFS.
    Memory,
    /// Requests are refused for good, with EINVAL.
    Invalid,
    /// Somebody else puts objects where ours belong: EEXIST.
    Foreign,
    /// Answers are lost, and the connection says so.
    Overrun,
    /// All answers to a batch are lost without a word.
    Silent,
    /// A batch is cut off in the middle of a message: the rest is neither carried out nor answered.
    Torn,
    /// A batch is neither carried out nor answered.
    Hidden,
    /// Answers are late.
    Delay,
    /// There is room for few answers only.
    Shrink,
    /// The connection takes no batch.
    Unsent,
    /// Objects disappear behind our back; the engine is told.
    Flush,
    /// Links disappear behind our back with all that stands on them; the engine is told of the link.
    Unlink,
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 13] = [
        Fault::Busy,
        Fault::Memory,
        Fault::Invalid,
        Fault::Foreign,
        Fault::Overrun,
        Fault::Silent,
        Fault::Torn,
        Fault::Hidden,
        Fault::Delay,
        Fault::Shrink,
        Fault::Unsent,
        Fault::Flush,
        Fault::Unlink,
    ];

    /// Its name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Fault::Busy => "busy",
            Fault::Memory => "memory",
            Fault::Invalid => "invalid",
            Fault::Foreign => "foreign",
            Fault::Overrun => "overrun",
            Fault::Silent => "silent",
            Fault::Torn => "torn",
            Fault::Hidden => "hidden",
            Fault::Delay => "delay",
            Fault::Shrink => "shrink",
            Fault::Unsent => "unsent",
            Fault::Flush => "flush",
            Fault::Unlink => "unlink",
        }
    }

    /// Whether it leaves the engine in doubt of what the kernel holds.
    #[must_use]
    pub const fn leaves_doubt(self) -> bool {
        matches!(self, Fault::Overrun | Fault::Silent | Fault::Torn | Fault::Hidden | Fault::Shrink)
    }

    /// Whether it can leave a place empty, or in doubt, that the engine takes for its own.
    const fn clears_places(self) -> bool {
        self.leaves_doubt() || matches!(self, Fault::Flush | Fault::Unlink)
    }
}

/// Faults that strike together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather(u16);

impl Weather {
    /// Nothing goes wrong.
    pub const FAIR: Weather = Weather(0);

    /// Everything goes wrong.
    pub const ALL: Weather = Weather((1 << Fault::ALL.len()) - 1);

    /// Only this goes wrong.
    #[must_use]
    pub const fn only(fault: Fault) -> Self {
        Weather(1 << fault as u8)
    }

    /// This goes wrong too.
    #[must_use]
    pub const fn and(self, fault: Fault) -> Self {
        Weather(self.0 | 1 << fault as u8)
    }

    /// This does not go wrong.
    #[must_use]
    pub const fn without(self, fault: Fault) -> Self {
        Weather(self.0 & !(1 << fault as u8))
    }

    /// Whether this goes wrong.
    #[must_use]
    pub const fn has(self, fault: Fault) -> bool {
        self.0 & 1 << fault as u8 != 0
    }

    /// Whether nothing goes wrong.
    #[must_use]
    pub const fn is_fair(self) -> bool {
        self.0 == 0
    }

    /// What goes wrong.
    pub fn faults(self) -> impl Iterator<Item = Fault> {
        Fault::ALL.into_iter().filter(move |fault| self.has(*fault))
    }

    /// The weather of one part of a story: fair, one fault in turn, several together.
    ///
    /// Foreign objects don't meet doubt, nor objects that disappear: what is sent then does not insist on finding
    /// the place empty, or on finding the own object there, so it may take the place of somebody else's.
    pub(super) fn of_part(self, part: u64, dice: &mut Dice) -> Self {
        let allowed: Vec<Fault> = self.faults().collect();
        if allowed.is_empty() || part.is_multiple_of(3) {
            return Weather::FAIR;
        }
        if part % 3 == 1 {
            return Weather::only(allowed[(part / 3) as usize % allowed.len()]);
        }
        let share = dice.one_of(&[30, 50, 100]);
        let chosen = allowed
            .into_iter()
            .filter(|_| dice.percent(share))
            .fold(Weather::FAIR, |all, fault| all.and(fault));
        match (chosen.has(Fault::Foreign) && chosen.clears_places(), dice.percent(50)) {
            (true, true) => chosen.without(Fault::Foreign),
            (true, false) => {
                Fault::ALL.into_iter().filter(|fault| fault.clears_places()).fold(chosen, Weather::without)
            }
            (false, _) => chosen,
        }
    }

    /// What requests are refused with, by chance.
    pub(super) fn refusals(self) -> Vec<Refusal> {
        const EBUSY: i32 = 16;
        const ENOMEM: i32 = 12;
        const EINVAL: i32 = 22;
        const ENOBUFS: i32 = 105;
        let refusals = [
            (Fault::Busy, &[EBUSY][..]),
            (Fault::Memory, &[ENOMEM, ENOBUFS][..]),
            (Fault::Invalid, &[EINVAL][..]),
        ];
        refusals
            .into_iter()
            .filter(|(fault, _)| self.has(*fault))
            .flat_map(|(_, errnos)| errnos.iter().map(|errno| Refusal::new(*errno, "by chance")))
            .collect()
    }

    /// Whether anything of it leaves the engine in doubt of what the kernel holds.
    pub(super) fn leaves_doubt(self) -> bool {
        self.faults().any(Fault::leaves_doubt)
    }

    /// Whether anything of it can leave a place empty, or in doubt, that the engine takes for its own.
    pub(super) fn clears_places(self) -> bool {
        self.faults().any(Fault::clears_places)
    }

    /// What the simulated kernel does by itself in this weather.
    pub(super) fn of_kernel(self, seed: u64) -> Faults {
        let refuse_with = self.refusals();
        let if_on = |fault, probability| if self.has(fault) { probability } else { 0.0 };
        Faults {
            seed,
            refuse: if refuse_with.is_empty() { 0.0 } else { REFUSED },
            refuse_with,
            lose_answer: if_on(Fault::Overrun, 0.04),
            delay: if_on(Fault::Delay, 0.2),
            shrink: if_on(Fault::Shrink, 0.3),
            shrink_to: 3,
            ..Faults::default()
        }
    }
}

impl fmt::Display for Weather {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Weather::FAIR => out.write_str("none"),
            weather if weather == Weather::ALL => out.write_str("all"),
            weather => {
                for (at, fault) in weather.faults().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    write!(out, "{comma}{}", fault.name())?;
                }
                Ok(())
            }
        }
    }
}

/// A word that names no fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownFault(String);

impl std::error::Error for UnknownFault {}

impl fmt::Display for UnknownFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Fault::ALL.into_iter().map(Fault::name).collect();
        write!(out, "{:?} names no fault; say all, none, or some of {}", self.0, names.join(","))
    }
}

impl FromStr for Weather {
    type Err = UnknownFault;

    fn from_str(text: &str) -> Result<Self, UnknownFault> {
        match text {
            "all" => return Ok(Weather::ALL),
            "none" => return Ok(Weather::FAIR),
            _ => {}
        }
        text.split(',').map(str::trim).try_fold(Weather::FAIR, |weather, word| {
            let fault = Fault::ALL.into_iter().find(|fault| fault.name() == word);
            fault.map(|fault| weather.and(fault)).ok_or_else(|| UnknownFault(word.to_owned()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read() {
        for weather in [Weather::FAIR, Weather::ALL, Weather::only(Fault::Torn).and(Fault::Busy)] {
            assert_eq!(weather.to_string().parse(), Ok(weather));
        }
        assert!("busy,rain".parse::<Weather>().is_err_and(|error| error.to_string().contains("\"rain\"")));
    }
}
