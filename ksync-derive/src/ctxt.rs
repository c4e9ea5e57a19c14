//! Collects every mistake in an annotated type, so that all of them are reported at once.
//!
//! Knows nothing of the grammar: only where a mistake is, and what to say about it.

use std::cell::RefCell;
use std::fmt::Display;

use quote::ToTokens;

/// The mistakes found so far. Must be read with [`finish`](Self::finish): dropped unread, it panics, so that
/// no mistake can get lost.
#[derive(Debug)]
pub(crate) struct Ctxt {
    errors: RefCell<Option<Vec<syn::Error>>>,
}

impl Ctxt {
    pub(crate) fn new() -> Self {
        Ctxt { errors: RefCell::new(Some(Vec::new())) }
    }

    /// Notes a mistake that all of `tokens` show.
    pub(crate) fn error_on(&self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// How many mistakes were found so far: a reader that asks before and after knows whether what it read is
    /// to be trusted.
    pub(crate) fn count(&self) -> usize {
        self.errors.borrow().as_ref().map_or(0, Vec::len)
    }

    /// Notes what the parser of Rust syntax said.
    pub(crate) fn push(&self, error: syn::Error) {
        if let Some(errors) = self.errors.borrow_mut().as_mut() {
            errors.push(error);
        }
    }

    /// Ends the collection.
    ///
    /// # Errors
    /// All mistakes as one error.
    pub(crate) fn finish(self) -> syn::Result<()> {
        let errors = self.errors.borrow_mut().take().unwrap_or_default();
        match errors.into_iter().reduce(|mut all, error| {
            all.combine(error);
            all
        }) {
            Some(all) => Err(all),
            None => Ok(()),
        }
    }
}

impl Drop for Ctxt {
    fn drop(&mut self) {
        if !std::thread::panicking() && self.errors.borrow().is_some() {
            panic!("the collected mistakes were dropped unread");
        }
    }
}
