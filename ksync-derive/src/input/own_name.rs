//! `Self` in the types of fields, spelled out: some of what is written stands outside of the type's impls.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{Attribute, Data, DeriveInput, Meta};

use crate::words;

/// The type, with its own name for `Self` in the types of its fields and in what they depend on.
pub(crate) fn spelled_out(input: &DeriveInput) -> DeriveInput {
    let mut input = input.clone();
    let own = input.ident.clone();
    let fields: Vec<&mut syn::Field> = match &mut input.data {
        Data::Struct(data) => data.fields.iter_mut().collect(),
        Data::Enum(data) => data.variants.iter_mut().flat_map(|variant| variant.fields.iter_mut()).collect(),
        Data::Union(_) => Vec::new(),
    };
    // A type with parameters has no name without them.
    if !input.generics.params.is_empty() {
        return input;
    }
    for field in fields {
        if let Some(Ok(ty)) = replaced(field.ty.to_token_stream(), &own).map(syn::parse2) {
            field.ty = ty;
        }
        field.attrs.iter_mut().for_each(|attribute| depends_on(attribute, &own));
    }
    input
}

fn depends_on(attribute: &mut Attribute, own: &Ident) {
    if let Meta::List(list) = &mut attribute.meta
        && list.path.is_ident(words::DEPENDS_ON)
        && let Some(tokens) = replaced(list.tokens.clone(), own)
    {
        list.tokens = tokens;
    }
}

/// The tokens with the name in place of `Self`. `None` if that is not among them.
fn replaced(tokens: TokenStream, own: &Ident) -> Option<TokenStream> {
    let mut found = false;
    let tokens = tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                found = true;
                TokenTree::Ident(Ident::new(&own.to_string(), ident.span()))
            }
            TokenTree::Group(group) => match replaced(group.stream(), own) {
                Some(inside) => {
                    found = true;
                    let mut with_name = Group::new(group.delimiter(), inside);
                    with_name.set_span(group.span());
                    TokenTree::Group(with_name)
                }
                None => TokenTree::Group(group),
            },
            other => other,
        })
        .collect();
    found.then_some(tokens)
}
