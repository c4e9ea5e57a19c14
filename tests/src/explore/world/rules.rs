//! The rules: what holds at every step, at rest, and in the end.

use std::collections::BTreeSet;

use ksync_runtime::declare::{ErrorClass, IndexSource, Verb};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Action as Asked, Failure, Operation};

use super::kernel::{Object, Written};
use super::{Action, World};
use crate::explore::kinds::{Kind, Wish};

impl<T: Kind> World<T> {
    /// Nothing is sent before what it needs is there, or deleted while it is needed.
    pub(super) fn check_sent(&self, operation: Operation, written: &Written) -> Result<(), String> {
        let key = written.key;
        let certain = self.trails.get(&key).is_none_or(|trail| !trail.doubtful);
        match operation.action {
            Asked::Write(Verb::Add | Verb::Change) => {
                let wish = self.declared.get(&key);
                let needs: Vec<u32> = wish.into_iter().flat_map(Wish::needs).collect();
                let numbers: Vec<u32> = written.refers_to.into_iter().flatten().collect();
                if wish.is_none() || needs.len() != numbers.len() {
                    return Err(format!("{key} is sent with {numbers:?}, and declared is {wish:?}"));
                }
                for (need, number) in needs.into_iter().zip(numbers) {
                    if !self.accepted.contains(&need) {
                        return Err(format!("{key} is sent before {need} is accepted"));
                    }
                    if self.engine.index::<T>(&need) != Some(number) {
                        return Err(format!("{key} is sent with {number}, which is not {need}"));
                    }
                }
                let held = self.kernel.get(&key).filter(|object| object.fixed != written.fixed);
                let change = operation.action == Asked::Write(Verb::Change);
                if change && certain && held.is_some() {
                    return Err(format!("{key} is sent as a change, and can't be changed in place"));
                }
                if change && certain && !self.accepted.contains(&key) {
                    return Err(format!("{key} is changed, though it is known to be gone"));
                }
            }
            Asked::Write(Verb::Delete) => {
                // A delete that an add follows is sent whoever refers to it, and again, as it was, if its answer
                // was lost.
                let renewal =
                    self.engine.state::<T>(&key) == Some(State::RenewWait) || self.resent.contains(&key);
                let index = self.kernel.get(&key).map(|object| object.index);
                let user = self
                    .kernel
                    .iter()
                    .find(|(_, object)| index.is_some() && object.refers_to.contains(&index))
                    .map(|(user, _)| *user);
                if T::SCHEMA.compress && certain && !self.accepted.contains(&key) {
                    return Err(format!("{key} is deleted, though it is known to be gone"));
                }
                if let Some(user) = user
                    && !renewal
                    && !self.is_first_of_circle_that_goes(key)
                {
                    return Err(format!("{key} is deleted, and {user} in the kernel refers to it"));
                }
            }
            Asked::Lookup => {}
        }
        Ok(())
    }

    /// The rules that hold at any time.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.engine.rejected() > 0 {
            return Err("an event came where it can't".to_owned());
        }
        // A delete whose answer was lost is sent again, and counts as outstanding all the while.
        let outstanding = self.in_flight.len()..=self.in_flight.len() + self.engine.queued();
        if !outstanding.contains(&self.engine.outstanding()) {
            return Err(format!("{} operations are said to be outstanding", self.engine.outstanding()));
        }
        for (key, wish) in &self.declared {
            let state = self.engine.state::<T>(key);
            if state.is_none_or(State::is_deleting) || state == Some(State::Temp) {
                return Err(format!("{key} is declared, and its state is {state:?}"));
            }
            let excused = self.flushed.contains_key(key) || self.rests_on_doubt(wish, self.declared.len());
            if state == Some(State::InSync) && !excused && !self.holds(*key, wish) {
                return Err(format!("{key} is said to be in sync, and the kernel holds something else"));
            }
        }
        let all = self.engine.counts::<T>();
        if all.in_state(State::Init) + all.in_state(State::Free) > 0 {
            return Err("an entry is left at its beginning or end".to_owned());
        }
        Ok(())
    }

    /// Whether something that the wish needs, at most `depth` steps away, is in doubt: with it, its users may
    /// be gone, and nobody can know before it was sent again.
    fn rests_on_doubt(&self, wish: &Wish, depth: usize) -> bool {
        depth > 0
            && wish.needs().any(|need| {
                let doubtful = self.trails.get(&need).is_some_and(|trail| trail.doubtful)
                    && self.engine.state::<T>(&need) != Some(State::InSync);
                let needed = self.declared.get(&need);
                doubtful || needed.is_some_and(|wish| self.rests_on_doubt(wish, depth - 1))
            })
    }

    /// Whether the kernel holds just this.
    fn holds(&self, key: u32, wish: &Wish) -> bool {
        let index = |key: &u32| self.kernel.get(key).map(|object| object.index);
        let known = |key: u32| {
            // A kernel that leaves users alone leaves them with the number of what is being renewed.
            index(&key).or_else(|| self.engine.index::<T>(&key))
        };
        self.kernel.get(&key).is_some_and(|object| {
            object.value == wish.value
                && object.fixed == wish.fixed
                && object.refers_to == [wish.first.map(known), wish.second.map(known)].map(Option::flatten)
                && (T::SCHEMA.index == IndexSource::None
                    || self.engine.index::<T>(&key) == Some(object.index))
        })
    }

    /// Whether nothing will happen any more by itself.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.engine.is_idle() && self.engine.next_timeout().is_none()
    }

    /// Lets everything come to rest, with nothing going wrong.
    ///
    /// # Errors
    /// The rule that was broken, or that it does not come to rest.
    pub fn rest(&mut self) -> Result<(), String> {
        for _ in 0..500 {
            let Some(action) = self.possible(false).first().copied() else {
                return if self.is_at_rest() { Ok(()) } else { Err("it rests and is not idle".to_owned()) };
            };
            self.act(action)?;
        }
        Err("it does not come to rest".to_owned())
    }

    /// The keys of all entries that there can be.
    fn keys(&self) -> impl Iterator<Item = u32> {
        let named = self.declared.values().flat_map(Wish::needs);
        let all: BTreeSet<u32> =
            self.trails.keys().chain(self.declared.keys()).copied().chain(named).collect();
        all.into_iter()
    }

    /// Whether it was refused, and waits for something to change.
    pub(super) fn is_refused(&self, key: u32) -> bool {
        let waits = matches!(self.engine.state::<T>(&key), Some(State::AddDefer | State::ChangeDefer));
        waits && self.failure(key).is_some()
    }

    pub(super) fn failure(&self, key: u32) -> Option<Failure> {
        self.engine.why::<T>(&key)?.chain.into_iter().next()?.failure
    }

    /// Whether nothing keeps the entry from the kernel: all that it needs is declared, in no circle, has a
    /// number, and was not refused for good.
    fn can_be_there(&self, key: u32, on_the_way: &mut Vec<u32>) -> bool {
        let Some(wish) = self.declared.get(&key) else { return false };
        if on_the_way.contains(&key) || self.failure(key).is_some() {
            return false;
        }
        if T::SCHEMA.index != IndexSource::Kernel && self.engine.index::<T>(&key).is_none() {
            return false;
        }
        on_the_way.push(key);
        let all = wish.needs().all(|need| self.can_be_there(need, on_the_way));
        on_the_way.pop();
        all
    }

    /// At rest the kernel holds what is declared and can be there, and nothing that nobody needs.
    ///
    /// # Errors
    /// What is missing, or left over.
    pub fn check_at_rest(&self) -> Result<(), String> {
        for (key, wish) in &self.declared {
            let state = self.engine.state::<T>(key);
            if self.can_be_there(*key, &mut Vec::new())
                && (state != Some(State::InSync) || !self.holds(*key, wish))
            {
                return Err(format!("at rest {key} is {state:?} and not as declared"));
            }
            let complete = wish.needs().all(|need| self.can_be_there(need, &mut vec![*key]));
            if complete && self.owed.contains(key) && self.is_refused(*key) {
                return Err(format!("at rest {key} is refused, though what it needs changed since"));
            }
            if let Some(failure) = self.failure(*key)
                && complete
                && failure.class != ErrorClass::Refused
                && failure.class != ErrorClass::AlreadyThere
            {
                return Err(format!("at rest {key} has a failure that time would heal: {failure}"));
            }
        }
        if let IndexSource::KSync { first, last } = T::SCHEMA.index {
            let all = self.engine.counts::<T>().total();
            let numbered = self.keys().filter(|key| self.engine.index::<T>(key).is_some()).count();
            if numbered < all.min((last - first + 1) as usize) {
                return Err(format!("at rest {numbered} of {all} entries have a number, and some are free"));
            }
        }
        // What is declared, what that names, and what these refer to in the kernel.
        let mut needed: BTreeSet<u32> = self.declared.keys().copied().collect();
        needed.extend(self.declared.values().flat_map(Wish::needs));
        loop {
            let known = needed.len();
            let objects = needed.iter().filter_map(|key| self.kernel.get(key));
            let indexes: BTreeSet<u32> = objects.flat_map(|object| object.refers_to).flatten().collect();
            let more = self.kernel.iter().filter(|(_, object)| indexes.contains(&object.index));
            needed.extend(more.map(|(key, _)| *key).collect::<Vec<_>>());
            if needed.len() == known {
                break;
            }
        }
        for key in self.kernel.keys().filter(|key| !needed.contains(key)) {
            // Somebody who is wanted and was refused may still refer to it, for all that the engine knows.
            let in_doubt = self.declared.keys().any(|user| self.failure(*user).is_some());
            if !in_doubt {
                return Err(format!("at rest {key} is left in the kernel, and nobody needs it"));
            }
        }
        Ok(())
    }

    /// Nothing goes wrong any more and what was refused is changed: all that can be there is there. Then
    /// everything is removed: nothing is left anywhere.
    ///
    /// # Errors
    /// What is not as it has to be.
    pub fn end(&mut self) -> Result<(), String> {
        for (key, wish) in self.declared.clone() {
            if self.failure(key).is_some() {
                self.act(Action::Set(key, Wish { value: wish.value + 10, ..wish }))?;
                self.act(Action::Set(key, wish))?;
            }
        }
        self.rest()?;
        self.check_at_rest()?;
        for (key, wish) in &self.declared {
            let complete = wish.needs().all(|need| self.can_be_there(need, &mut vec![*key]));
            if complete && self.failure(*key).is_some() {
                return Err(format!("{key} was changed, nothing goes wrong any more, and still it fails"));
            }
        }
        for key in self.declared.keys().copied().collect::<Vec<_>>() {
            self.act(Action::Remove(key))?;
        }
        self.rest()?;
        let left = self.engine.counts::<T>().total();
        if !self.kernel.is_empty() || left > 0 || self.engine.references() > 0 {
            return Err(format!(
                "in the end {left} entries and {} references are left",
                self.engine.references()
            ));
        }
        Ok(())
    }

    /// Whether nothing refers to the object, directly or not, but what it refers to itself, and the user removed all of
    /// that: one of such a circle has to be deleted first, whoever refers to it.
    fn is_first_of_circle_that_goes(&self, key: u32) -> bool {
        let users = |of: u32| {
            let index = self.kernel.get(&of).map(|object| Some(object.index));
            let refers = move |object: &Object| index.is_some_and(|index| object.refers_to.contains(&index));
            self.kernel.iter().filter(move |(_, object)| refers(object)).map(|(user, _)| *user)
        };
        let all_users = |of: u32| {
            let mut found: BTreeSet<u32> = users(of).collect();
            let mut open: Vec<u32> = found.iter().copied().collect();
            while let Some(at) = open.pop() {
                open.extend(users(at).filter(|user| found.insert(*user)));
            }
            found
        };
        let circle = all_users(key);
        circle.contains(&key)
            && circle.iter().all(|user| !self.declared.contains_key(user) && all_users(*user) == circle)
    }
}
