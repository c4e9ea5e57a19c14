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
}

impl fmt::Display for Goal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::AtMost(most) => write!(out, "≤ {}", short(*most)),
            Goal::AtLeast(least) => write!(out, "≥ {}", short(*least)),
        }
    }
}

impl Report {
    /// A report that says nothing yet.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Report { title: title.into(), rows: Vec::new(), results: Vec::new(), notes: Vec::new() }
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

    /// Adds the ratio of the medians of two rows, if both are there.
    pub fn ratio(&mut self, of: &str, over: &str, goal: impl Into<Option<Goal>>) {
        let median = |name: &str| self.rows.iter().find(|row| row.name == name).map(Row::median);
        if let (Some(of_median), Some(over_median)) = (median(of), median(over)) {
            self.result(format!("{of} / {over}"), of_median / over_median, goal);
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
            })
        });
        json!({
            "title": self.title,
            "rows": rows.collect::<Vec<_>>(),
            "results": results.collect::<Vec<_>>(),
            "notes": self.notes,
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
            let mut table = table(&["", "value", "goal", ""]);
            for result in &self.results {
                let (goal, verdict) = match result.goal {
                    None => (String::new(), ""),
                    Some(goal) if goal.is_reached_by(result.value) => (goal.to_string(), "reached"),
                    Some(goal) => (goal.to_string(), "MISSED"),
                };
                table.add_row([result.what.clone(), short(result.value), goal, verdict.to_owned()]);
            }
            writeln!(out, "{table}")?;
        }
        for note in &self.notes {
            writeln!(out, "  {note}")?;
        }
        Ok(())
    }
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
        report.ratio("b", "a", Goal::AtMost(1.4));
        assert_eq!(report.rows[0].median(), 2.0);
        assert_eq!(report.rows[1].median(), 3.0);
        let json = report.to_json();
        assert_eq!(json["results"][0]["value"], 1.5);
        assert_eq!(json["results"][0]["reached"], false);
        assert!(report.to_string().contains("MISSED"));
        assert!(Goal::AtLeast(4.0).is_reached_by(4.0));
    }

    #[test]
    fn quantiles_lie_where_they_must() {
        let samples: Vec<f64> = (0..=100).map(f64::from).collect();
        assert_eq!(quantile(&samples, 0.99), 99.0);
        assert_eq!(quantile(&samples, 0.0), 0.0);
        assert!(quantile(&[], 0.5).is_nan());
    }
}
