//! What a benchmark found: a table for people, JSON for programs. Knows nothing of what was measured.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets};
use serde_json::{Value, json};

/// What one contestant, or one size, came to in all rounds.
#[derive(Clone, Debug)]
pub struct Row {
    /// Who, or what.
    pub name: String,
    /// What the numbers are, as `s` or `ns/event`.
    pub unit: &'static str,
    /// One number a round.
    pub samples: Vec<f64>,
}

/// What a number is to be.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
}

/// A number that there is a goal for, or that is worth knowing beside the rows.
#[derive(Clone, Debug)]
pub struct Result {
    /// What it is.
    pub what: String,
    /// The number.
    pub value: f64,
    /// What it is to be.
    pub goal: Option<Goal>,
}

/// One benchmark.
#[derive(Clone, Debug)]
pub struct Report {
    /// What was done.
    pub title: String,
    /// The measurements.
    pub rows: Vec<Row>,
    /// What follows from them.
    pub results: Vec<Result>,
    /// What the reader has to know beside.
    pub notes: Vec<String>,
    /// What could not be measured, and why.
    pub failures: Vec<String>,
}

impl Row {
    /// The smallest sample.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.samples.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The largest sample.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.samples.iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The one in the middle.
    #[must_use]
    pub fn median(&self) -> f64 {
        quantile(&self.samples, 0.5)
    }
}

/// The sample below which that part of all samples lies; halfway between two where it falls there.
#[must_use]
pub fn quantile(samples: &[f64], part: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = part * (sorted.len().saturating_sub(1)) as f64;
    let (low, high) = (at.floor() as usize, at.ceil() as usize);
    match (sorted.get(low), sorted.get(high)) {
        (Some(low), Some(high)) => (low + high) / 2.0,
        _ => f64::NAN,
    }
}

impl Goal {
    /// Whether that is good enough.
    #[must_use]
    pub fn is_reached_by(self, value: f64) -> bool {
        match self {
            Goal::AtMost(most) => value <= most,
            Goal::AtLeast(least) => value >= least,
        }
    }

    /// How far that is from good enough, if it is a number.
    #[must_use]
    pub fn missed_by(self, value: f64) -> Option<f64> {
        let far = match self {
            Goal::AtMost(most) => value - most,
            Goal::AtLeast(least) => least - value,
        };
        (far > 0.0 && far.is_finite()).then_some(far)
    }
}

impl Result {
    /// What became of the goal, in words; nothing where there is none.
    #[must_use]
    pub fn verdict(&self) -> String {
        match self.goal {
            None => String::new(),
            Some(_) if !self.value.is_finite() => "not measured".to_owned(),
            Some(goal) => match goal.missed_by(self.value) {
                None => "met".to_owned(),
                Some(far) => format!("missed by {}", short(far)),
            },
        }
    }
}

impl fmt::Display for Goal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::AtMost(most) => write!(out, "≤ {most}"),
            Goal::AtLeast(least) => write!(out, "≥ {least}"),
        }
    }
}

impl Report {
    /// A report that says nothing yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Report {
            title: title.into(),
            rows: Vec::new(),
            results: Vec::new(),
            notes: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// A report of a benchmark that came to nothing.
    #[must_use]
    pub fn failed(title: impl Into<String>, reason: impl Into<String>) -> Self {
        Report { failures: vec![reason.into()], ..Report::new(title) }
    }

    /// Adds a row, if there is anything in it.
    pub fn row(&mut self, name: impl Into<String>, unit: &'static str, samples: Vec<f64>) {
        if !samples.is_empty() {
            self.rows.push(Row { name: name.into(), unit, samples });
        }
    }

    /// Adds a number with what it is to be.
    pub fn result(&mut self, what: impl Into<String>, value: f64, goal: impl Into<Option<Goal>>) {
        self.results.push(Result { what: what.into(), value, goal: goal.into() });
    }

    /// Adds the ratio of the medians of two rows. Where one of them is missing there is none, but a goal is told of.
    pub fn ratio(&mut self, of: &str, over: &str, goal: impl Into<Option<Goal>>) {
        let goal = goal.into();
        let median = |name: &str| self.rows.iter().find(|row| row.name == name).map_or(f64::NAN, Row::median);
        let ratio = median(of) / median(over);
        if !ratio.is_nan() || goal.is_some() {
            self.result(format!("{of} / {over}"), ratio, goal);
        }
    }

    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let rows = self.rows.iter().map(|row| {
            json!({
                "name": row.name, "unit": row.unit, "min": row.min(), "median": row.median(),
                "max": row.max(), "samples": row.samples,
            })
        });
        let results = self.results.iter().map(|result| {
            json!({
                "what": result.what,
                "value": result.value,
                "goal": result.goal.map(|goal| goal.to_string()),
                "reached": result.goal.map(|goal| goal.is_reached_by(result.value)),
                "missed_by": result.goal.and_then(|goal| goal.missed_by(result.value)),
                "verdict": result.verdict(),
            })
        });
        json!({
            "title": self.title,
            "rows": rows.collect::<Vec<_>>(),
            "results": results.collect::<Vec<_>>(),
            "notes": self.notes,
            "failures": self.failures,
        })
    }
}

/// For people.
impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}", self.title)?;
        if !self.rows.is_empty() {
            let mut table = table(&["", "unit", "min", "median", "max", "rounds"]);
            for row in &self.rows {
                let numbers = [row.min(), row.median(), row.max()].map(short);
                let [min, median, max] = numbers;
                let rounds = row.samples.len().to_string();
                table.add_row([row.name.clone(), row.unit.to_owned(), min, median, max, rounds]);
            }
            writeln!(out, "{table}")?;
        }
        if !self.results.is_empty() {
            let mut table = table(&["", "value", "", ""]);
            for result in &self.results {
                let goal = result.goal.map(|goal| format!("goal {goal}:")).unwrap_or_default();
                table.add_row([result.what.clone(), short(result.value), goal, result.verdict()]);
            }
            writeln!(out, "{table}")?;
        }
        for note in &self.notes {
            writeln!(out, "  {note}")?;
        }
        for failure in &self.failures {
            writeln!(out, "  FAILED: {failure}")?;
        }
        Ok(())
    }
}

/// What became of all goals, and which ones were missed: for people.
#[must_use]
pub fn goals(reports: &[Report]) -> String {
    let (mut met, mut count) = (0, 0);
    let mut missed = String::new();
    for report in reports {
        for result in &report.results {
            let Some(goal) = result.goal else {
                continue;
            };
            count += 1;
            if goal.is_reached_by(result.value) {
                met += 1;
                continue;
            }
            let (value, verdict) = (short(result.value), result.verdict());
            let line = format!("\n  {}: {}: {value}, goal {goal}: {verdict}", report.title, result.what);
            missed.push_str(&line);
        }
    }
    format!("{met} of {count} goals met{missed}")
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_header(header);
    for (number, column) in table.column_iter_mut().enumerate() {
        let text = number == 0 || header.get(number).is_some_and(|name| matches!(*name, "unit" | ""));
        column.set_cell_alignment(if text { CellAlignment::Left } else { CellAlignment::Right });
    }
    table
}

/// Four digits that count.
fn short(value: f64) -> String {
    let magnitude = value.abs();
    match magnitude {
        _ if !value.is_finite() => "-".to_owned(),
        _ if magnitude >= 1000.0 || value == value.trunc() => format!("{value:.0}"),
        _ if magnitude >= 100.0 => format!("{value:.1}"),
        _ if magnitude >= 10.0 => format!("{value:.2}"),
        _ if magnitude >= 0.01 => format!("{value:.3}"),
        _ => format!("{value:.6}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_goals() {
        let mut report = Report::new("two");
        report.row("a", "s", vec![3.0, 1.0, 2.0]);
        report.row("b", "s", vec![1.0, 2.0, 4.0, 8.0]);
        report.ratio("b", "a", Goal::AtMost(1.25));
        assert_eq!(report.rows[0].median(), 2.0);
        assert_eq!(report.rows[1].median(), 3.0);
        let json = report.to_json();
        assert_eq!(json["results"][0]["value"], 1.5);
        assert_eq!(json["results"][0]["goal"], "≤ 1.25");
        assert_eq!(json["results"][0]["reached"], false);
        assert_eq!(json["results"][0]["missed_by"], 0.25);
        assert_eq!(json["results"][0]["verdict"], "missed by 0.250");
        let text = report.to_string();
        assert!(text.contains("goal ≤ 1.25:") && text.contains("missed by 0.250"), "{text}");
        assert_eq!(Goal::AtLeast(4.0).missed_by(4.0), None);
        assert_eq!(Goal::AtLeast(4.0).missed_by(3.0), Some(1.0));
    }

    #[test]
    fn what_was_not_measured_meets_no_goal() {
        let mut report = Report::failed("two", "b broke");
        report.row("a", "s", vec![1.0]);
        report.row("b", "s", vec![]);
        report.ratio("b", "a", Goal::AtMost(1.25));
        report.ratio("b", "a", None);
        assert_eq!(report.results.len(), 1);
        let json = report.to_json();
        assert_eq!(json["results"][0]["reached"], false);
        assert_eq!(json["results"][0]["value"], Value::Null);
        assert_eq!(json["failures"][0], "b broke");
        // Over a time that the kernel did not notice.
        report.result("c", 1.0 / 0.0, Goal::AtMost(2.0));
        assert_eq!(report.to_json()["results"][1]["verdict"], "not measured");
        let text = report.to_string();
        assert!(text.contains("not measured") && text.contains("FAILED: b broke"), "{text}");
    }

    #[test]
    fn goals_of_all_reports_are_counted_and_missed_ones_named() {
        let mut report = Report::new("two");
        report.result("a", 1.0, Goal::AtMost(2.0));
        report.result("b", 3.0, Goal::AtMost(2.5));
        report.result("c", 3.0, None);
        assert_eq!(goals(&[report]), "1 of 2 goals met\n  two: b: 3, goal ≤ 2.5: missed by 0.500");
    }

    #[test]
    fn quantiles_lie_where_they_must() {
        let samples: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(quantile(&samples, 0.99), 99.0);
        assert_eq!(quantile(&samples, 0.0), 0.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
