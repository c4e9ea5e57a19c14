//! What the state machine says to everything that it can be asked, worked out when the program is built: to look it up
//! takes less time than to go through its rules. Knows nothing but the machine.

use super::machine::{Event, Facts, Rejected, State, Step, step};

impl Facts {
    /// How many different ones there are.
    const COMBINATIONS: usize = 1 << 6;

    /// One number for each combination.
    #[inline]
    const fn number(self) -> usize {
        self.refs as usize
            | (self.seen as usize) << 1
            | (self.again as usize) << 2
            | (self.compress as usize) << 3
            | (self.unresolved as usize) << 4
            | (self.sync as usize) << 5
    }

    /// The combination with that number.
    const fn of_number(number: usize) -> Self {
        Facts {
            refs: number & 1 != 0,
            seen: number & 1 << 1 != 0,
            again: number & 1 << 2 != 0,
            compress: number & 1 << 3 != 0,
            unresolved: number & 1 << 4 != 0,
            sync: number & 1 << 5 != 0,
        }
    }
}

/// What [`machine::step`](super::machine::step) says to everything that it can be asked, worked out when the program is built. `None`: rejected.
static STEPS: [[[Option<Step>; Facts::COMBINATIONS]; Event::ALL.len()]; State::ALL.len()] = {
    let mut steps = [[[None; Facts::COMBINATIONS]; Event::ALL.len()]; State::ALL.len()];
    // Without iterators, which can't be used here.
    let mut state = 0;
    while state < State::ALL.len() {
        let mut event = 0;
        while event < Event::ALL.len() {
            let mut facts = 0;
            while facts < Facts::COMBINATIONS {
                if let Ok(step) = step(State::ALL[state], Event::ALL[event], Facts::of_number(facts)) {
                    steps[state][event][facts] = Some(step);
                }
                facts += 1;
            }
            event += 1;
        }
        state += 1;
    }
    steps
};

/// The same as [`machine::step`](super::machine::step), by looking it up.
#[inline]
pub(crate) fn known_step(state: State, event: Event, facts: Facts) -> Result<&'static Step, Rejected> {
    STEPS[state as usize][event as usize][facts.number()].as_ref().ok_or(Rejected { state, event })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_up_is_what_the_machine_says() {
        for (state, event) in State::ALL.iter().flat_map(|state| Event::ALL.map(|event| (*state, event))) {
            for number in 0..Facts::COMBINATIONS {
                let facts = Facts::of_number(number);
                assert_eq!(facts.number(), number);
                assert_eq!(known_step(state, event, facts).copied(), step(state, event, facts));
            }
        }
    }
}
