//! One story: somebody declares and takes back whatever comes to mind, things go wrong, and again and again
//! all of it is left in peace and must then be right.
//!
//! Each operation is applied to the reference model and to the system; the checks compare the two.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use ksync_objects::{Address, Link, LinkKind, Name, Nexthop, NexthopGroup, Route};
use ksync_runtime::declare::{Difference, ErrorClass};
use ksync_runtime::engine::machine::State;
use ksync_runtime::engine::{Engine, RetryPolicy};

use super::driver::Driver;
use super::foreign::Stranger;
use super::holdings::{self, Holdings};
use super::intent::{EXISTING, Pool};
use super::model::{Model, Standing};
use super::object::{Object, Place};
use super::weather::{Fault, Weather};
use crate::dice::Dice;

/// What a story is made of. The same settings make the same story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Where chance starts.
    pub seed: u64,
    /// How many operations there are.
    pub operations: u64,
    /// About how many entries could be declared.
    pub entries: usize,
    /// What may go wrong.
    pub faults: Weather,
}

/// How far a story is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sets and removes.
    pub operations: u64,
    /// How often all was left in peace and checked.
    pub settles: u64,
    /// How often the in-sync entries were compared with the kernel in between.
    pub quiet_checks: u64,
    /// Adds, changes and deletes that were sent.
    pub writes: u64,
    /// Operations that the kernel refused.
    pub refusals: u64,
    /// Operations whose answer was lost.
    pub lost_answers: u64,
    /// Objects that disappeared behind the engine's back.
    pub disappeared: u64,
    /// Entries that were declared anew because they had been refused for good.
    pub healed: u64,
}

/// A rule that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// What went wrong.
    pub what: String,
    /// After how many operations.
    pub operation: u64,
    /// What went wrong with the kernel at that time.
    pub weather: Weather,
    /// What had happened to the object and to what it needs, the oldest first.
    pub before: Vec<String>,
}

impl std::error::Error for Broken {}

impl fmt::Display for Broken {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "after {} operations, faults {}: {}", self.operation, self.weather, self.what)?;
        if !self.before.is_empty() {
            write!(out, "\nwhat had happened to it and to what it needs:")?;
        }
        for line in &self.before {
            write!(out, "\n  {line}")?;
        }
        Ok(())
    }
}

/// Something that happened, kept for those who look for the reason of a failure.
#[derive(Debug)]
struct Happened {
    operation: u64,
    place: Place,
    what: String,
}

/// How many happenings are kept.
const MEMORY: usize = 1 << 16;

/// How many of them a failure shows.
const SHOWN: usize = 24;

/// How many objects may be looked at for each operation, on the average, while the story goes on.
const LOOKS: usize = 4;

/// How long peace lasts at most. The longest wait between two tries is half a minute and some jitter, and one
/// thing that was tried again may let another one in.
const PEACE: Duration = Duration::from_secs(240);

/// A story as it is told: what was declared, and the kernel that it is told to.
#[derive(Debug)]
pub struct Story {
    settings: Settings,
    driver: Driver,
    model: Model,
    stranger: Stranger,
    pool: Pool,
    dice: Dice,
    summary: Summary,
    happened: VecDeque<Happened>,
    part: u64,
    /// What was touched in this part: by operations, or because it disappeared.
    touched: BTreeSet<Place>,
    /// What was in sync when this part began.
    in_sync: BTreeSet<Place>,
    /// How many objects may still be looked at.
    looks: usize,
    /// Since the last peace, entries may have been refused for good, and nobody told the engine to try again.
    refused_for_good: bool,
    /// Answers were lost since all was removed: what can't be written for want of something else is in doubt as long
    /// as that is missing.
    doubtful: bool,
    /// Writes are counted one by one.
    probing: bool,
}

type Checked<T = ()> = Result<T, (Option<Place>, String)>;

/// A rule that has nothing to do with one object in particular.
fn general(what: String) -> (Option<Place>, String) {
    (None, what)
}

impl Story {
    /// A story that is about to begin.
    ///
    /// # Panics
    /// Never: four kinds fit an engine.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let mut engine = Engine::new(RetryPolicy { seed: settings.seed, ..RetryPolicy::default() });
        // In an order that is not that of the dependencies.
        engine.register::<Route>().expect("room for all kinds");
        engine.register::<NexthopGroup>().expect("room for all kinds");
        engine.register::<Nexthop>().expect("room for all kinds");
        engine.register::<Link>().expect("room for all kinds");
        engine.register::<Address>().expect("room for all kinds");
        engine.check_dependencies().expect("all four kinds are there");
        let driver = Driver::new(engine, settings.seed);
        Story {
            stranger: Stranger::move_in(&driver.world),
            driver,
            model: Model::default(),
            pool: Pool::new(settings.entries),
            dice: Dice::new(settings.seed, 1),
            summary: Summary::default(),
            happened: VecDeque::new(),
            part: 0,
            touched: BTreeSet::new(),
            in_sync: BTreeSet::new(),
            looks: 0,
            refused_for_good: false,
            doubtful: false,
            probing: false,
            settings,
        }
    }

    /// Prints on standard error what happens to the objects whose names or keys are among the words.
    pub fn trace(&mut self, words: Vec<String>) {
        self.driver.trace(words);
    }

    /// How far it is.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let totals = self.driver.pipeline.totals();
        Summary {
            writes: totals.writes(),
            refusals: totals.refusals,
            lost_answers: totals.lost_answers,
            ..self.summary
        }
    }

    /// Tells the whole story. `progress` hears from time to time how far it is.
    ///
    /// # Errors
    /// The first rule that was broken.
    pub fn tell(&mut self, mut progress: impl FnMut(&Summary)) -> Result<Summary, Broken> {
        let length = (self.settings.entries as u64 * 4).clamp(200, 20_000);
        while self.summary.operations < self.settings.operations {
            let left = self.settings.operations - self.summary.operations;
            let told = self.tell_part(left.min(length));
            self.driver.print_news();
            told?;
            progress(&self.summary());
        }
        let end = self.clear_out();
        end.map_err(|(place, what)| self.broken(place, what))?;
        Ok(self.summary())
    }

    /// Tells a part of the story: so many operations in one weather, and peace after them.
    ///
    /// # Errors
    /// The first rule that was broken.
    pub fn tell_part(&mut self, operations: u64) -> Result<(), Broken> {
        self.part(operations).map_err(|(place, what)| self.broken(place, what))
    }

    /// Takes an object that must be there away from the kernel and tells nobody. The next peace must find it
    /// missing: this is how the checks are checked. Says what it took.
    pub fn lie(&mut self) -> Option<String> {
        let standings = self.model.standings();
        let routes = standings
            .into_iter()
            .filter(|(place, standing)| *standing == Standing::Must && matches!(place, Place::Route(..)));
        let victim = routes.map(|(place, _)| place.clone()).next_back()?;
        self.take_from_kernel(&victim).then(|| victim.to_string())
    }

    /// Leaves all in peace and checks that it comes to what it must.
    ///
    /// # Errors
    /// The first rule that was broken.
    pub fn peace(&mut self) -> Result<(), Broken> {
        self.settle().map(drop).map_err(|(place, what)| self.broken(place, what))
    }

    fn part(&mut self, operations: u64) -> Checked {
        self.begin_part()?;
        for _ in 0..operations {
            self.operate()?;
            while self.dice.percent(60) {
                self.driver.step().map_err(general)?;
            }
            self.happen_by_chance();
            self.looks = (self.looks + LOOKS).min(1 << 20);
            if self.driver.pipeline.is_idle() {
                self.look()?;
            }
        }
        let weather = self.driver.weather;
        let holdings = self.settle()?;
        if weather.is_fair() {
            self.check_untouched()?;
            self.probing = true;
            self.probe(&holdings)?;
            self.probing = false;
        }
        if self.part % 7 == 6 {
            self.clear_out()?;
        }
        self.part += 1;
        Ok(())
    }

    fn begin_part(&mut self) -> Checked {
        let weather = self.settings.faults.of_part(self.part, &mut self.dice);
        if weather.has(Fault::Foreign) && std::mem::take(&mut self.doubtful) {
            self.clear_out()?;
        }
        self.doubtful |= weather.leaves_doubt();
        if weather.clears_places() {
            self.strangers_withdraw();
        }
        self.driver.set_weather(weather);
        self.driver.count_writes(weather.is_fair());
        self.refused_for_good |= weather.has(Fault::Invalid) || weather.has(Fault::Foreign);
        self.touched.clear();
        let engine = self.driver.pipeline.engine();
        self.in_sync = self
            .model
            .declared
            .keys()
            .filter(|place| weather.is_fair() && place.state(engine) == Some(State::InSync))
            .cloned()
            .collect();
        Ok(())
    }

    /// One thing that a user does.
    fn operate(&mut self) -> Checked {
        match self.dice.below(100) {
            0..45 => {
                let object = self.pool.any(&mut self.dice);
                self.set(object)
            }
            45..65 => self.change(),
            65..70 => match self.some_declared() {
                Some((_, object)) => self.set(object),
                None => Ok(()),
            },
            70..75 => self.change_and_back(),
            75..78 => self.change_often(),
            78..82 => self.replace(),
            82..84 => {
                let place = self.pool.any(&mut self.dice).place();
                self.remove(&place)
            }
            _ => match self.some_declared() {
                Some((place, _)) => self.remove(&place),
                None => Ok(()),
            },
        }
    }

    /// An object that is declared, all equally likely or nearly so.
    fn some_declared(&mut self) -> Option<(Place, Object)> {
        let from = self.pool.any(&mut self.dice).place();
        let declared = &self.model.declared;
        let found = declared.range(from..).next().or_else(|| declared.iter().next());
        found.map(|(place, object)| (place.clone(), object.clone()))
    }

    fn change(&mut self) -> Checked {
        match self.some_declared() {
            Some((_, object)) => {
                let other = self.pool.another(&object, &mut self.dice);
                self.set(other)
            }
            None => Ok(()),
        }
    }

    fn change_and_back(&mut self) -> Checked {
        let Some((_, object)) = self.some_declared() else { return Ok(()) };
        let other = self.pool.another(&object, &mut self.dice);
        self.set(other)?;
        if self.dice.percent(30) {
            self.driver.step().map_err(general)?;
        }
        self.set(object)
    }

    fn change_often(&mut self) -> Checked {
        let Some((_, object)) = self.some_declared() else { return Ok(()) };
        for _ in 0..10 {
            let other = self.pool.another(&object, &mut self.dice);
            self.set(other)?;
            if self.dice.percent(20) {
                self.driver.step().map_err(general)?;
            }
        }
        Ok(())
    }

    fn replace(&mut self) -> Checked {
        let Some((place, object)) = self.some_declared() else { return Ok(()) };
        self.remove(&place)?;
        if self.dice.percent(30) {
            self.driver.step().map_err(general)?;
        }
        let same = self.dice.percent(50);
        let other = if same { object } else { self.pool.another(&object, &mut self.dice) };
        self.set(other)
    }

    fn set(&mut self, object: Object) -> Checked {
        self.summary.operations += 1;
        let place = object.place();
        if self.model.declared.get(&place) != Some(&object) {
            self.touched.insert(place.clone());
            self.note(&place, || format!("set {object:?}"));
        }
        self.model.withdrawn.remove(&place);
        self.model.declared.insert(place.clone(), object.clone());
        let now = self.driver.now;
        object
            .set(self.driver.pipeline.engine_mut(), now)
            .map_err(|error| (Some(place), format!("a value was not taken: {error}")))
    }

    fn remove(&mut self, place: &Place) -> Checked {
        self.summary.operations += 1;
        self.touched.insert(place.clone());
        self.note(place, || "removed".to_owned());
        let withdrawn = self.model.declared.remove(place);
        let was_declared = withdrawn.is_some();
        self.model.withdrawn.extend(withdrawn.map(|object| (place.clone(), object)));
        let now = self.driver.now;
        if place.remove(self.driver.pipeline.engine_mut(), now) != was_declared {
            let what =
                format!("{place}: the engine does not say rightly whether it was declared ({was_declared})");
            return Err((Some(place.clone()), what));
        }
        Ok(())
    }

    /// What others do at the same time.
    fn happen_by_chance(&mut self) {
        let weather = self.driver.weather;
        if weather.has(Fault::Foreign) && self.dice.percent(3) {
            let place = self.pool.any(&mut self.dice).place();
            if self.stranger.intrudes(&place) {
                self.note(&place, || "somebody else took the place".to_owned());
                self.model.taken.insert(place);
            }
        }
        if weather.has(Fault::Foreign) && self.dice.below(2000) == 0 {
            self.strangers_withdraw();
        }
        let flush = weather.has(Fault::Flush) && self.dice.percent(2);
        let unlink = weather.has(Fault::Unlink) && self.dice.below(200) == 0;
        if (flush || unlink)
            && let Some((place, _)) = self.some_declared()
            && matches!(place, Place::Link(_)) == unlink
            && !EXISTING.iter().any(|name| place == Place::Link((*name).to_owned()))
        {
            self.disappear(&place);
        }
    }

    fn strangers_withdraw(&mut self) {
        for place in self.stranger.withdraws() {
            // Whoever was refused because of it does not hear that it left.
            self.refused_for_good = true;
            self.note(&place, || "somebody else left the place".to_owned());
            self.model.taken.remove(&place);
        }
    }

    /// The object is gone from the kernel, and the engine hears of it.
    fn disappear(&mut self, place: &Place) {
        if self.model.taken.contains(place) {
            return;
        }
        let other_end = match place {
            Place::Link(_) => match self.model.declared.get(place) {
                Some(Object::Link(Link { kind: LinkKind::PeerOf { link }, .. })) => {
                    Some(Place::Link(link.key().clone()))
                }
                _ => None,
            },
            _ => None,
        };
        if !self.take_from_kernel(place) {
            return;
        }
        self.summary.disappeared += 1;
        for place in other_end.iter().chain([place]) {
            self.note(place, || "disappeared".to_owned());
            self.touched.insert(place.clone());
            place.lost(self.driver.pipeline.engine_mut(), self.driver.now);
        }
    }

    fn take_from_kernel(&self, place: &Place) -> bool {
        if let Place::Link(name) = place {
            return self.driver.world.remove_link(name);
        }
        let holdings = self.holdings();
        holdings
            .objects
            .get(place)
            .filter(|held| Holdings::has_our_mark(held))
            .is_some_and(|held| self.driver.world.remove(held.new_type, |other| other == held))
    }

    fn holdings(&self) -> Holdings {
        let names: Vec<Name> = self.pool.nexthop_names().map(Name::from).collect();
        Holdings::read(&self.driver.world, self.driver.pipeline.engine(), names.iter())
    }

    /// A look in between, if there were not too many: what is in sync must be in the kernel as declared.
    fn look(&mut self) -> Checked {
        let objects = self.model.declared.len() * 2 + 16;
        if self.looks < objects {
            return Ok(());
        }
        self.looks -= objects;
        self.summary.quiet_checks += 1;
        let holdings = self.holdings();
        self.check_claims(&holdings)
    }

    /// The engine rejected nothing, and what it says is in sync is in the kernel.
    fn check_claims(&self, holdings: &Holdings) -> Checked {
        let engine = self.driver.pipeline.engine();
        if engine.rejected() > 0 {
            return Err(general("the state machine had to reject an event".to_owned()));
        }
        for (place, object) in &self.model.declared {
            if place.state(engine) == Some(State::InSync)
                && let Err(what) = holdings.confirm(place, object)
            {
                return Err((Some(place.clone()), format!("{place} is said to be in sync, but {what}")));
            }
        }
        self.stranger.confirm().map_err(general)
    }

    /// All faults end, and time passes until there is nothing left to be tried.
    fn settle(&mut self) -> Checked<Holdings> {
        self.summary.settles += 1;
        self.driver.set_weather(Weather::FAIR);
        let begin = self.driver.now;
        let mut least = Duration::from_millis(100);
        self.driver.rest().map_err(general)?;
        while self.driver.now < begin + PEACE && self.driver.pipeline.next_timeout().is_some() {
            self.driver.jump(least);
            least *= 2;
            self.driver.rest().map_err(general)?;
        }
        if std::mem::take(&mut self.refused_for_good) {
            self.heal()?;
        }
        let holdings = self.holdings();
        self.check_claims(&holdings)?;
        self.check_standings()?;
        self.check_all(&holdings)?;
        Ok(holdings)
    }

    /// What was refused for good waits for a change: somebody takes it back and declares it anew.
    fn heal(&mut self) -> Checked {
        const EEXIST: i32 = 17;
        const EINVAL: i32 = 22;
        let engine = self.driver.pipeline.engine();
        let refused: Vec<(Place, Object)> = self
            .model
            .standings()
            .into_iter()
            .filter(|(place, standing)| {
                *standing != Standing::Never && place.state(engine) != Some(State::InSync)
            })
            .filter(|(place, _)| {
                let why = place.why(engine);
                let failure = why.as_ref().and_then(|why| why.chain.first()?.failure.as_ref());
                failure.is_some_and(|failure| {
                    matches!(failure.class, ErrorClass::Refused | ErrorClass::AlreadyThere)
                        && matches!(failure.error.errno, EEXIST | EINVAL)
                })
            })
            .filter_map(|(place, _)| Some((place.clone(), self.model.declared.get(place)?.clone())))
            .collect();
        for (place, object) in refused {
            self.summary.healed += 1;
            self.note(&place, || "refused for good, declared anew".to_owned());
            let now = self.driver.now;
            place.remove(self.driver.pipeline.engine_mut(), now);
            self.driver.rest().map_err(general)?;
            let set = object.set(self.driver.pipeline.engine_mut(), now);
            set.map_err(|error| (Some(place), format!("a value was not taken: {error}")))?;
        }
        self.driver.rest().map_err(general)?;
        for seconds in [1, 2, 4, 8, 16, 32, 64] {
            self.driver.jump(Duration::from_secs(seconds));
            self.driver.rest().map_err(general)?;
        }
        Ok(())
    }

    /// What is declared is in sync if it must be, and isn't if it can't be.
    fn check_standings(&self) -> Checked {
        let engine = self.driver.pipeline.engine();
        for (place, standing) in self.model.standings() {
            let state = place.state(engine);
            let in_sync = state == Some(State::InSync);
            let wrong = match standing {
                Standing::Must => !in_sync,
                Standing::Never => in_sync,
                Standing::Unsure => state.is_none(),
            };
            let declared = self.model.declared.get(place).is_some_and(|object| object.is_declared(engine));
            if !declared {
                return Err((Some(place.clone()), format!("{place}: the engine holds another value of it")));
            }
            if wrong {
                let why = place.why(engine).map_or_else(|| "it is unknown".to_owned(), |why| why.to_string());
                return Err((
                    Some(place.clone()),
                    format!(
                        "{place} should be {}: {why}",
                        match standing {
                            Standing::Never => "refused, or wait for ever",
                            _ => "in sync",
                        }
                    ),
                ));
            }
        }
        Ok(())
    }

    /// What the kernel holds, object by object.
    fn check_all(&self, holdings: &Holdings) -> Checked {
        let engine = self.driver.pipeline.engine();
        for (place, object) in &self.model.declared {
            if place.state(engine) == Some(State::InSync)
                && let Err(what) = holdings.confirm_independently(place, object)
            {
                return Err((Some(place.clone()), format!("{place} is said to be in sync, but {what}")));
            }
        }
        // What is referred to stays until nothing refers to it any more.
        let mut wanted: BTreeSet<Place> = self.model.declared.values().flat_map(Object::refers_to).collect();
        wanted.extend(holdings.objects.values().flat_map(|held| holdings.refers_to(held)));
        // An entry that stays for that reason keeps the value that it was declared with last.
        let staying = self.model.withdrawn.iter().filter(|(place, _)| place.state(engine).is_some());
        wanted.extend(staying.flat_map(|(_, object)| object.refers_to()));
        for place in holdings.objects.keys() {
            let foreign = self.model.taken.contains(place)
                || matches!(place, Place::Link(name) if !name.starts_with(['k', 'm', 'p']));
            let other_end = match place {
                Place::Link(name) if name.starts_with('p') => {
                    holdings.other_end(name).cloned().map(Place::Link)
                }
                _ => None,
            };
            let kept = |place: &Place| self.model.declared.contains_key(place) || wanted.contains(place);
            let ours_to_keep = kept(place) || other_end.as_ref().is_some_and(kept);
            let foreign_route = holdings.objects.get(place).is_some_and(|held| !Holdings::has_our_mark(held));
            // An entry whose answer was lost, or whose bridge was created anew, refers to all that it may refer to.
            let stays = |place: &Place| place.state(engine) == Some(State::DelDeferRef);
            let kept_in_doubt = stays(place) || other_end.as_ref().is_some_and(stays);
            if !(foreign || ours_to_keep || foreign_route || kept_in_doubt) {
                let why = place.why(engine).map_or_else(|| "forgotten".to_owned(), |why| why.to_string());
                let what = format!("{place} was removed, and is still in the kernel: {why}");
                return Err((Some(place.clone()), what));
            }
        }
        let ours = holdings::FIRST_NEXTHOP_ID..;
        match holdings.others.iter().find(|held| held.index.is_some_and(|index| ours.contains(&index))) {
            Some(left) => {
                Err(general(format!("a nexthop that nobody knows is in the kernel: {:?}", left.index)))
            }
            None => Ok(()),
        }
    }

    /// In fair weather, what was in sync and had nothing happen to it or to what it needs was not written.
    fn check_untouched(&self) -> Checked {
        for place in &self.in_sync {
            let writes = self.driver.writes_to(place);
            if writes == 0 || !self.model.declared.contains_key(place) {
                continue;
            }
            if self.model.closure(place).is_disjoint(&self.touched) {
                let what = format!("{place} was written {writes} times without a reason");
                return Err((Some(place.clone()), what));
            }
        }
        Ok(())
    }

    /// In fair weather and in peace: no more writes than changes.
    fn probe(&mut self, holdings: &Holdings) -> Checked {
        let before = self.driver.pipeline.totals().writes();
        for object in self.model.declared.clone().into_values() {
            self.set(object)?;
        }
        self.driver.rest().map_err(general)?;
        let writes = self.driver.pipeline.totals().writes() - before;
        if writes > 0 {
            return Err(general(format!("to declare everything again as it is took {writes} writes")));
        }
        for _ in 0..8 {
            self.probe_one(holdings)?;
        }
        Ok(())
    }

    /// One change of one entry that is in sync, and the writes that it takes.
    fn probe_one(&mut self, holdings: &Holdings) -> Checked {
        let Some((place, object)) = self.some_declared() else { return Ok(()) };
        let engine = self.driver.pipeline.engine();
        if place.state(engine) != Some(State::InSync) || !holdings.objects.contains_key(&place) {
            return Ok(());
        }
        let other = self.pool.another(&object, &mut self.dice);
        let difference = object.compare(&other);
        self.driver.count_writes(true);
        let allowed = match self.dice.below(4) {
            0 => {
                self.set(other)?;
                self.set(object.clone())?;
                0
            }
            1 => {
                self.remove(&place)?;
                self.set(object.clone())?;
                0
            }
            2 => {
                for _ in 0..9 {
                    let other = self.pool.another(&object, &mut self.dice);
                    self.set(other)?;
                }
                self.set(object.clone())?;
                0
            }
            _ => {
                self.set(other.clone())?;
                match difference {
                    Difference::Same => 0,
                    Difference::Change => 1,
                    Difference::Recreate { .. } if object.is_created() => 2,
                    Difference::Recreate { .. } => 1,
                }
            }
        };
        self.driver.rest().map_err(general)?;
        let writes = self.driver.writes_to(&place);
        // What can't be had as it is wanted now may be tried in vain.
        if writes > allowed
            && (allowed == 0 || place.state(self.driver.pipeline.engine()) == Some(State::InSync))
        {
            let what = format!("{place}: {writes} writes for what takes {allowed} ({difference:?})");
            return Err((Some(place), what));
        }
        Ok(())
    }

    /// Everything is removed: then nothing is left, in the kernel and in the engine.
    fn clear_out(&mut self) -> Checked {
        let mut places: Vec<Place> = self.model.declared.keys().cloned().collect();
        while !places.is_empty() {
            let at = self.dice.below(places.len());
            let place = places.swap_remove(at);
            self.remove(&place)?;
            if self.dice.percent(20) {
                self.driver.step().map_err(general)?;
            }
        }
        self.strangers_withdraw();
        self.settle()?;
        self.model.withdrawn.clear();
        let engine = self.driver.pipeline.engine();
        let counts = [
            engine.counts::<Link>().total(),
            engine.counts::<Address>().total(),
            engine.counts::<Nexthop>().total(),
            engine.counts::<Route>().total(),
        ];
        let left = (counts, engine.references(), engine.retries_pending());
        if left != ([0; 4], 0, 0) {
            let why: Vec<String> = engine.unsettled(3).0.iter().map(ToString::to_string).collect();
            let what = format!(
                "all is removed, and the engine keeps entries, references, retries: {left:?}: {}",
                why.join("; ")
            );
            return Err(general(what));
        }
        Ok(())
    }

    fn note(&mut self, place: &Place, what: impl FnOnce() -> String) {
        if self.happened.len() >= MEMORY {
            self.happened.pop_front();
        }
        let operation = self.summary.operations;
        let what = what();
        self.driver.print_news();
        self.driver.print(|| format!("{operation}: {place}: {what}"));
        self.happened.push_back(Happened { operation, place: place.clone(), what });
    }

    /// Puts together what is to be said about a broken rule.
    fn broken(&self, place: Option<Place>, what: String) -> Broken {
        let concerned = place.map(|place| self.model.closure(&place)).unwrap_or_default();
        let mut lines: BTreeMap<usize, String> = BTreeMap::new();
        for (at, happened) in self.happened.iter().enumerate().rev() {
            if lines.len() < SHOWN && concerned.contains(&happened.place) {
                let Happened { operation, place, what } = happened;
                lines.insert(at, format!("{operation}: {place}: {what}"));
            }
        }
        Broken {
            what,
            operation: self.summary.operations,
            weather: self.settings.faults,
            before: lines.into_values().collect(),
        }
    }
}
