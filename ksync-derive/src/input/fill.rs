//! `fill(...)`: header fields that are no field of the struct.

use proc_macro2::Ident;
use syn::Expr;

use super::verbs::{Verb, Verbs};
use super::word::Word;
use crate::ctxt::Ctxt;
use crate::words;

/// One `fill(...)`.
#[derive(Debug)]
pub(crate) struct Fill {
    /// Which header field becomes what.
    pub(crate) assignments: Vec<(Ident, Expr)>,
    on: Verbs,
}

impl Fill {
    pub(crate) fn read(word: &Word, ctxt: &Ctxt) -> Fill {
        let mut fill = Fill { assignments: Vec::new(), on: Verbs::WRITING };
        for inner in word.list(ctxt) {
            if inner.is(words::ON) {
                fill.on = Verbs::read(&inner, ctxt);
                continue;
            }
            let mut value = None;
            inner.value(&mut value, ctxt);
            if let Some(value) = value {
                fill.assignments.push((inner.name.clone(), value));
            }
        }
        fill
    }

    pub(crate) fn written_on(&self, verb: Verb) -> bool {
        self.on.contains(verb)
    }
}
