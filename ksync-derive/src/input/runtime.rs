//! Where the runtime's crate is: `::ksync_runtime`, or what `crate = ...` says.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::Path;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};

use super::word::Word;
use crate::ctxt::Ctxt;

/// Stands in generated code for the runtime's `__private` module.
#[derive(Debug, Default)]
pub(crate) struct Runtime {
    path: Option<AnyPath>,
}

/// A path that may begin with a keyword, as `crate::rt` does.
#[derive(Debug)]
struct AnyPath(Path);

impl Parse for AnyPath {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(syn::Token![::]) || input.peek(syn::Ident::peek_any) {
            return Path::parse_mod_style(input).map(AnyPath);
        }
        Err(input.error("expected the path of the runtime's crate"))
    }
}

impl Runtime {
    pub(crate) fn take(&mut self, word: &Word, ctxt: &Ctxt) {
        word.value(&mut self.path, ctxt);
    }
}

impl Runtime {
    /// The same, as if it stood at `span`: errors about what follows then point there.
    pub(crate) fn at(&self, span: Span) -> TokenStream {
        let mut tokens: Vec<_> = self.to_token_stream().into_iter().collect();
        tokens.iter_mut().for_each(|token| token.set_span(span));
        tokens.into_iter().collect()
    }
}

impl ToTokens for Runtime {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match &self.path {
            Some(AnyPath(path)) => quote!(#path::__private),
            None => quote!(::ksync_runtime::__private),
        });
    }
}
