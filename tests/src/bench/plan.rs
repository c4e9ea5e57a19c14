//! Benchmarks one behind the other: what fails is told and the rest goes on, and how long it takes is told before.
//!
//! Knows nothing of what is measured.

use std::time::{Duration, Instant};

use super::report::Report;

/// Less than this is not worth telling of.
const SHORT: Duration = Duration::from_secs(60);

/// A benchmark that is to be run.
pub(super) struct Part<'a> {
    /// What it is, if it comes to nothing.
    pub(super) name: String,
    /// How long it takes on the machine where that was measured, in seconds.
    pub(super) seconds: f64,
    /// Measures.
    pub(super) measure: Box<dyn Fn() -> Result<Report, String> + 'a>,
}

/// Runs them all, and hands each report to `show` when it is there. What is left to do is told to `tell`.
///
/// # Errors
/// How many benchmarks failed in whole or in part.
pub(super) fn run(
    parts: &[Part<'_>],
    show: &mut dyn FnMut(Report),
    tell: &mut dyn FnMut(String),
) -> Result<(), String> {
    let whole: f64 = parts.iter().map(|part| part.seconds).sum();
    let long = parts.len() > 1 && whole > SHORT.as_secs_f64();
    if long {
        tell(format!("{} benchmarks, about {}", parts.len(), about(whole)));
    }
    let begin = Instant::now();
    let (mut done, mut failed) = (0.0, 0);
    for (number, part) in parts.iter().enumerate() {
        let report = (part.measure)().unwrap_or_else(|error| Report::failed(&part.name, error));
        failed += usize::from(!report.failures.is_empty());
        show(report);
        done += part.seconds;
        let left = whole - done;
        if long && left > 0.0 {
            // This machine is as much slower or quicker as it was so far.
            let left = left * begin.elapsed().as_secs_f64() / done.max(f64::MIN_POSITIVE);
            tell(format!("{} of {} done, about {} left", number + 1, parts.len(), about(left)));
        }
    }
    match failed {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} benchmarks failed, see FAILED above", parts.len())),
    }
}

fn about(seconds: f64) -> String {
    match seconds / 60.0 {
        minutes if minutes < 1.5 => format!("{:.0} s", seconds.ceil()),
        minutes => format!("{minutes:.0} minutes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(seconds: f64, outcome: Result<(), &'static str>) -> Part<'static> {
        let measure = move || outcome.map(|()| Report::new("fine")).map_err(str::to_owned);
        Part { name: "broken".to_owned(), seconds, measure: Box::new(measure) }
    }

    #[test]
    fn what_fails_is_told_and_the_rest_goes_on() {
        let parts = [part(100.0, Ok(())), part(100.0, Err("no kernel")), part(100.0, Ok(()))];
        let (mut shown, mut told) = (Vec::new(), Vec::new());
        let outcome = run(&parts, &mut |report| shown.push(report), &mut |line| told.push(line));
        assert!(outcome.is_err_and(|error| error.starts_with("1 of 3")));
        assert_eq!(
            shown.iter().map(|report| report.title.as_str()).collect::<Vec<_>>(),
            ["fine", "broken", "fine"]
        );
        assert_eq!(shown[1].failures, ["no kernel"]);
        assert_eq!(told.len(), 3, "before, and behind all but the last: {told:?}");
        assert_eq!(told[0], "3 benchmarks, about 5 minutes");
    }

    #[test]
    fn a_single_benchmark_tells_nothing() {
        let mut told = Vec::new();
        assert_eq!(run(&[part(1000.0, Ok(()))], &mut |_| (), &mut |line| told.push(line)), Ok(()));
        assert!(told.is_empty());
    }
}
