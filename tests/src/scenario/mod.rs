//! Scenarios: scripts of what is declared, what the kernel answers, and what has to come of it, written to be
//! read as a specification. `tests/scenarios/README.md` ([`LANGUAGE`]) is the reference of their language.
//!
//! `words` cuts lines, `reader` knows the nouns, `parse` and what it calls read lines into a `script`.
//! `world` does what it says with an engine and the kinds of `kind`, `check` compares. Nothing here knows how the
//! engine comes to its decisions.

mod answers;
mod check;
mod declarations;
mod errno;
mod expected;
mod kind;
mod parse;
mod reader;
mod row_lines;
mod rows;
mod script;
mod words;
mod world;

use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

pub use world::Transition;

use script::{Command, Expectation, Script, Step};
use world::{Trouble, World};

/// The reference of the language.
pub const LANGUAGE: &str = include_str!("../../scenarios/README.md");

/// What the name of a script ends with.
pub const EXTENSION: &str = "scenario";

/// A line that did not hold, or can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Where the script is.
    pub file: String,
    /// Which line, from 1.
    pub line: usize,
    /// The scenario; empty if the line could not be read.
    pub scenario: String,
    /// What was expected and what was found, or what is wrong with the line.
    pub reason: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.file, self.line, self.reason)?;
        if self.scenario.is_empty() { Ok(()) } else { write!(out, " [{}]", self.scenario) }
    }
}

/// What became of the scenarios of some files.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// How many held.
    pub passed: usize,
    /// How many did not. A file with lines that can't be read counts as one.
    pub failed: usize,
    /// What did not hold.
    pub failures: Vec<Failure>,
    /// The steps that the state machine made.
    pub transitions: BTreeSet<Transition>,
}

impl Report {
    /// Adds another one.
    pub fn add(&mut self, other: Report) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.failures.extend(other.failures);
        self.transitions.extend(other.transitions);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Which scenarios are run, and what is told of them.
#[derive(Default)]
pub struct Runner<'a> {
    /// Only scenarios whose name contains this.
    pub only: Option<String>,
    /// Where every line is told, with what follows from it.
    pub trace: Option<&'a mut dyn Write>,
}

impl fmt::Debug for Runner<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Runner").field("only", &self.only).finish_non_exhaustive()
    }
}

impl Runner<'_> {
    /// Runs all scenarios of a file, or of all files `*.scenario` in a folder and below.
    ///
    /// # Errors
    /// What can't be read.
    pub fn run(&mut self, path: &Path) -> io::Result<Report> {
        let mut report = Report::default();
        for file in files(path)? {
            let text = std::fs::read_to_string(&file)?;
            report.add(self.run_text(&file.display().to_string(), &text));
        }
        Ok(report)
    }

    /// Runs the scenarios of a text; `file` is its name in what is told.
    pub fn run_text(&mut self, file: &str, text: &str) -> Report {
        let stem = Path::new(file).file_stem().map_or_else(|| file.into(), |stem| stem.to_string_lossy());
        let (scripts, errors) = parse::scripts(&stem, text);
        let mut report = Report::default();
        report.failed += usize::from(!errors.is_empty());
        for error in errors {
            report.failures.push(Failure {
                file: file.to_owned(),
                line: error.line,
                scenario: String::new(),
                reason: error.to_string(),
            });
        }
        for script in scripts {
            if self.only.as_ref().is_some_and(|only| !script.name.contains(only.as_str())) {
                continue;
            }
            self.tell(format_args!("\n{file}: {}", script.name));
            match self.play(&script, &mut report.transitions) {
                Ok(()) => report.passed += 1,
                Err((line, reason)) => {
                    self.tell(format_args!("       ! line {line}: {reason}"));
                    report.failed += 1;
                    let failure = Failure { file: file.to_owned(), line, scenario: script.name, reason };
                    report.failures.push(failure);
                }
            }
        }
        report
    }

    /// Runs one scenario. The error is the line that did not hold, and why.
    fn play(
        &mut self,
        script: &Script,
        transitions: &mut BTreeSet<Transition>,
    ) -> Result<(), (usize, String)> {
        let mut world = World::new(script, Instant::now()).map_err(|reason| (script.line, reason))?;
        let played = self.steps(script, &mut world);
        transitions.append(&mut world.transitions);
        played
    }

    fn steps(&mut self, script: &Script, world: &mut World) -> Result<(), (usize, String)> {
        let mut refusal: Option<(usize, String)> = None;
        for Step { line, text, command } in &script.steps {
            self.tell(format_args!("{line:>6} | {text}"));
            let expects_refusal = matches!(
                command,
                Command::Expect(expectations) if matches!(expectations[..], [Expectation::Refused(_)])
            );
            if let Some((line, reason)) = refusal.take_if(|_| !expects_refusal) {
                return Err((line, format!("the command was refused: {reason}")));
            }
            if let Command::Expect(expectations) = command {
                let refused = refusal.take().map(|(_, reason)| reason);
                for expectation in expectations {
                    world.check(expectation, &refused).map_err(|reason| (*line, reason))?;
                }
                continue;
            }
            let done = world.run(command);
            for happened in world.take_happened() {
                self.tell(format_args!("       >   {happened}"));
            }
            match done {
                Ok(()) => {}
                Err(Trouble::Refused(reason)) => {
                    self.tell(format_args!("       >   refused: {reason}"));
                    refusal = Some((*line, reason));
                }
                Err(Trouble::Senseless(reason)) => return Err((*line, reason)),
            }
        }
        if let Some((line, reason)) = refusal {
            return Err((line, format!("the command was refused: {reason}")));
        }
        let rejected = world.engine.rejected() - world.rejected_before;
        if rejected > 0 {
            let last = script.steps.last().map_or(script.line, |step| step.line);
            return Err((
                last,
                format!("rejected events: expected 0, found {rejected} at the end of the scenario"),
            ));
        }
        Ok(())
    }

    fn tell(&mut self, what: fmt::Arguments<'_>) {
        if let Some(out) = &mut self.trace {
            // A trace that nobody reads any more is no fault of the scenario.
            let _ = writeln!(out, "{what}");
        }
    }
}

/// The file itself, or all scripts in a folder and below, in order.
///
/// # Errors
/// What can't be read.
pub fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for inside in std::fs::read_dir(folder)? {
            let inside = inside?.path();
            if inside.is_dir() {
                folders.push(inside);
            } else if inside.extension().is_some_and(|extension| extension == EXTENSION) {
                found.push(inside);
            }
        }
    }
    found.sort();
    Ok(found)
}
