//! Writing a key as a person would, whatever traits its type has: by `Display` where there is one, by
//! `Debug` otherwise.
//!
//! A method call looks at the type itself before it borrows it once more, and so finds [`ByDisplay`] first.

use std::fmt::{self, Debug, Display, Formatter};

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
