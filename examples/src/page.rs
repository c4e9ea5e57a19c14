//! Output for people: numbered steps, aligned columns, and checks that say `ok` or `FAILED`.
//!
//! Knows nothing of what it shows. Colours appear on a terminal only, and not with `NO_COLOR`.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use clap::builder::styling::{AnsiColor, Style};

/// The page that a program writes on. Every method fails only where the output does, for example with
/// [`io::ErrorKind::BrokenPipe`] when whoever reads it has seen enough.
#[derive(Debug)]
pub struct Page<W> {
    out: W,
    coloured: bool,
    steps: usize,
    checks: usize,
    failed: usize,
}

/// How something is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// As it should be.
    Good,
    /// Not yet.
    Waiting,
    /// Not as it should be.
    Bad,
    /// Less important.
    Quiet,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Tone::Plain => Style::new(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Waiting => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default().bold(),
            Tone::Quiet => Style::new().dimmed(),
        }
    }
}

impl Page<io::Stdout> {
    /// The standard output.
    #[must_use]
    pub fn stdout() -> Self {
        let out = io::stdout();
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let coloured = out.is_terminal() && !refused;
        Page::new(out, coloured)
    }
}

impl<W: Write> Page<W> {
    /// A page on `out`.
    pub fn new(out: W, coloured: bool) -> Self {
        Page { out, coloured, steps: 0, checks: 0, failed: 0 }
    }

    /// A line that stands by itself.
    ///
    /// # Errors
    /// Those of the output.
    pub fn line(&mut self, text: impl Display) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// The next numbered step begins.
    ///
    /// # Errors
    /// Those of the output.
    pub fn step(&mut self, title: impl Display) -> io::Result<()> {
        self.steps += 1;
        let title = self.styled(Style::new().bold(), format!("{:>2}  {title}", self.steps));
        writeln!(self.out, "\n{title}")
    }

    /// Says in words what is to be seen next.
    ///
    /// # Errors
    /// Those of the output.
    pub fn note(&mut self, text: impl Display) -> io::Result<()> {
        let text = self.styled(Tone::Quiet.style(), text);
        writeln!(self.out, "    {text}")
    }

    /// Something that has a sort, a name, and something to be said about it.
    ///
    /// # Errors
    /// Those of the output.
    pub fn row(&mut self, sort: &str, name: &str, tone: Tone, says: impl Display) -> io::Result<()> {
        let says = self.styled(tone.style(), says);
        writeln!(self.out, "      {sort:<9} {name:<17} {says}")
    }

    /// Something that has a name and a value.
    ///
    /// # Errors
    /// Those of the output.
    pub fn fact(&mut self, name: &str, value: impl Display) -> io::Result<()> {
        writeln!(self.out, "      {name:<12} {value}")
    }

    /// A row of numbers under headings: text to the left, numbers to the right.
    ///
    /// # Errors
    /// Those of the output.
    pub fn numbers(&mut self, name: &str, cells: &[&dyn Display]) -> io::Result<()> {
        write!(self.out, "  {name:<12}")?;
        for cell in cells {
            write!(self.out, " {:>11}", cell.to_string())?;
        }
        writeln!(self.out)
    }

    /// Whether something is as it should be.
    ///
    /// # Errors
    /// Those of the output.
    pub fn check(&mut self, holds: bool, claim: impl Display) -> io::Result<()> {
        self.checks += 1;
        self.failed += usize::from(!holds);
        let (tone, word) = if holds { (Tone::Good, "ok") } else { (Tone::Bad, "FAILED") };
        let word = self.styled(tone.style(), format!("{word:<6}"));
        writeln!(self.out, "    {word} {claim}")
    }

    /// How many checks there were.
    #[must_use]
    pub fn checks(&self) -> usize {
        self.checks
    }

    /// How many of them failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.failed
    }

    fn styled(&self, style: Style, text: impl Display) -> String {
        if self.coloured { format!("{style}{text}{style:#}") } else { text.to_string() }
    }
}

/// A number with its thousands apart: `1,234,567`.
#[must_use]
pub fn grouped(number: impl TryInto<u64>) -> String {
    let digits = number.try_into().map_or_else(|_| "?".to_owned(), |number: u64| number.to_string());
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(page: Page<Vec<u8>>) -> String {
        String::from_utf8(page.out).expect("the page is text")
    }

    #[test]
    fn thousands_are_set_apart() {
        let of = |number: u64| grouped(number);
        assert_eq!([of(0), of(999), of(1_000), of(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn failed_checks_are_counted_and_shown() {
        let mut page = Page::new(Vec::new(), false);
        page.step("look").expect("a vector takes everything");
        page.check(true, "it is there").expect("a vector takes everything");
        page.check(false, "it is right").expect("a vector takes everything");
        assert_eq!((page.checks(), page.failed()), (2, 1));
        assert_eq!(text(page), "\n 1  look\n    ok     it is there\n    FAILED it is right\n");
    }

    #[test]
    fn no_escape_sequence_gets_onto_a_page_without_colours() {
        let mut page = Page::new(Vec::new(), false);
        page.row("link", "vx0", Tone::Bad, "down").expect("a vector takes everything");
        assert!(!text(page).contains('\x1b'));
        let mut page = Page::new(Vec::new(), true);
        page.row("link", "vx0", Tone::Bad, "down").expect("a vector takes everything");
        assert!(text(page).contains('\x1b'));
    }
}
