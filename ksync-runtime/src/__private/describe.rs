//! Writing a key as a person would, whatever traits its type has: by `Display` where there is one, by
//! `Debug` otherwise.
//!
//! A method call looks at the type itself before it borrows it once more, and so finds [`ByDisplay`] first.

use std::fmt::{self, Debug, Display, Formatter};

/// Writes the parts of a key of several fields: `table=254 destination=10.0.0.0/8`. A part that has parts of its own
/// stands in parentheses.
pub struct Parts<'a, 'f> {
    out: &'a mut Formatter<'f>,
    written: bool,
}

impl<'a, 'f> Parts<'a, 'f> {
    /// None so far.
    pub fn new(out: &'a mut Formatter<'f>) -> Self {
        Parts { out, written: false }
    }

    /// One more.
    ///
    /// # Errors
    /// Those of the formatter.
    pub fn part(&mut self, name: &str, value: impl Fn(&mut Formatter<'_>) -> fmt::Result) -> fmt::Result {
        let text = By(value).to_string();
        let space = if self.written { " " } else { "" };
        self.written = true;
        if text.contains(' ') {
            write!(self.out, "{space}{name}=({text})")
        } else {
            write!(self.out, "{space}{name}={text}")
        }
    }

    /// No more of them.
    ///
    /// # Errors
    /// Those of the formatter.
    pub fn finish(self) -> fmt::Result {
        if self.written { Ok(()) } else { self.out.write_str("none") }
    }
}

impl Debug for Parts<'_, '_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("Parts")
    }
}

/// What a function writes.
struct By<F>(F);

impl<F: Fn(&mut Formatter<'_>) -> fmt::Result> Display for By<F> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        (self.0)(out)
    }
}

/// Call `(&Describe(&value)).describe(out)` with both traits in scope.
#[derive(Debug)]
pub struct Describe<'a, T>(pub &'a T);

/// For types that have `Display`.
pub trait ByDisplay {
    /// Writes the value.
    ///
    /// # Errors
    /// Those of the formatter.
    fn describe(&self, out: &mut Formatter<'_>) -> fmt::Result;
}

impl<T: Display> ByDisplay for Describe<'_, T> {
    fn describe(&self, out: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self.0, out)
    }
}

/// For types that have `Debug` only.
pub trait ByDebug {
    /// Writes the value.
    ///
    /// # Errors
    /// Those of the formatter.
    fn describe(&self, out: &mut Formatter<'_>) -> fmt::Result;
}

impl<T: Debug> ByDebug for &Describe<'_, T> {
    fn describe(&self, out: &mut Formatter<'_>) -> fmt::Result {
        Debug::fmt(self.0, out)
    }
}
