//! A function of the user's: by its path, or a closure for one that takes something else than what it is given.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{ExprClosure, Path, Token};

/// `check = is_vlan`, or `check = |vlan| is_vlan(*vlan)`.
#[derive(Debug)]
pub(crate) enum Function {
    Path(Path),
    Closure(ExprClosure),
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![|]) || input.peek(Token![||]) {
            return input.parse().map(Function::Closure);
        }
        input.parse().map(Function::Path)
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Function::Path(path) => path.to_tokens(tokens),
            Function::Closure(closure) => closure.to_tokens(tokens),
        }
    }
}
