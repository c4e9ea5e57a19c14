//! `fill(...)`: header fields that are no field of the struct.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens;
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

    /// The assignments that are the same for every object of the kind.
    pub(crate) fn constants(&self) -> impl Iterator<Item = &(Ident, Expr)> {
        self.assignments.iter().filter(|(_, value)| !mentions_self(value.to_token_stream()))
    }

    pub(crate) fn written_on(&self, verb: Verb) -> bool {
        self.on.contains(verb)
    }
}

fn mentions_self(tokens: TokenStream) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == "self",
        TokenTree::Group(group) => mentions_self(group.stream()),
        _ => false,
    })
}
