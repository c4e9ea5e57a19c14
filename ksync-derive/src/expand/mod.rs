//! The code that comes of an annotated type. Every file writes one part of it.
//!
//! Nothing here reports mistakes: what arrives has been checked. Generated names begin with two underscores,
//! so that the user's expressions, which stand among them, can't meet them by chance.

mod bits;
mod choice;
mod circle;
mod codec;
mod compare;
#[cfg(test)]
mod expected;
mod field;
mod key;
mod messages;
mod met;
mod nested;
mod parse;
mod parts_of_struct;
mod range;
mod read;
mod references;
mod schema;
mod stub;
mod value;

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use crate::check;
use crate::ctxt::Ctxt;
use crate::input::kind::Kind;
use crate::input::nested::Nested;
use crate::input::own_name;
use crate::input::protocol::Protocol;
use crate::input::value::Value;
use crate::words;

/// `#[derive(KSyncEntry)]`.
pub(crate) fn entry(input: &DeriveInput) -> TokenStream {
    let input = &own_name::spelled_out(input);
    let ctxt = Ctxt::new();
    let kind = Kind::read(input, &ctxt);
    check::kind(&kind, &input.generics, &ctxt);
    let key = key::Key::of(&kind);
    let key_struct = key.definition();
    if let Err(errors) = ctxt.finish() {
        let errors = errors.to_compile_error();
        let stub = stub::entry(input, &kind, &key);
        return quote!(#errors #key_struct #stub);
    }
    let ident = &kind.ident;
    let runtime = &kind.runtime;
    let quiet = quiet();
    let key_items = key.items();
    let key_fields = key.fields_impl();
    let schema = schema::items(&kind);
    let messages = messages::items(&kind);
    let compare = compare::items(&kind);
    let parse = parse::items(&kind, &key);
    let references = references::items(&kind);
    let checks = check_fn(&kind);
    let classify = kind.classify.as_ref().map(|classify| {
        quote! {
            fn classify(__verb: #runtime::Verb, __error: &#runtime::OperationError) -> #runtime::ErrorClass {
                #classify(__verb, __error)
            }
        }
    });
    let indexed = kind.index.as_ref().map(|_| {
        quote! {
            #[automatically_derived]
            impl #runtime::Indexed for #ident {}
        }
    });
    let range = range::items(&kind);
    let circle = circle::items(&kind);
    let markers = codec::markers(kind.fields.iter(), runtime);
    let dump_header = messages::dump_header(&kind);
    let dump_msg = messages::dump_msg(&kind);
    quote! {
        #key_struct
        const _: () = {
            #range
            #markers
            #circle
            #[automatically_derived]
            #quiet
            impl #runtime::KSyncEntry for #ident {
                #schema
                #key_items
                #checks
                #references
                #compare
                #messages
                #dump_header
                #dump_msg
                #parse
                #classify
            }
            #indexed
            #key_fields
        };
    }
}

/// `#[derive(KSyncNested)]`.
pub(crate) fn nested(input: &DeriveInput) -> TokenStream {
    let input = &own_name::spelled_out(input);
    let ctxt = Ctxt::new();
    let nested = Nested::read(input, &ctxt);
    check::nested(&nested, &input.generics, &ctxt);
    if let Err(errors) = ctxt.finish() {
        let errors = errors.to_compile_error();
        let stub = stub::nested(input, &nested);
        return quote!(#errors #stub);
    }
    let impls = nested::impls(&nested);
    quote! {
        const _: () = { #impls };
    }
}

/// `#[derive(KSyncValue)]`.
pub(crate) fn value(input: &DeriveInput) -> TokenStream {
    let ctxt = Ctxt::new();
    let value = Value::read(input, &ctxt);
    check::value(&value, &input.generics, &ctxt);
    if let Err(errors) = ctxt.finish() {
        let errors = errors.to_compile_error();
        let stub = stub::value(input, &value);
        return quote!(#errors #stub);
    }
    let impls = value::impls(&value);
    quote! {
        const _: () = { #impls };
    }
}

/// Keeps generated code out of the user's warnings.
fn quiet() -> TokenStream {
    quote! {
        #[allow(
            unused_mut, unused_variables, unused_parens, unused_braces, unused_qualifications, unused_comparisons,
            clippy::all, clippy::pedantic, clippy::nursery,
            reason = "generated code"
        )]
    }
}

/// `KSyncEntry::check`.
fn check_fn(kind: &Kind) -> TokenStream {
    let runtime = &kind.runtime;
    let fields = kind.fields.iter().map(|field| {
        let ident = &field.ident;
        field::check(field, runtime, &quote!(&self.#ident))
    });
    let whole = kind.check.as_ref().map(|check| {
        quote! {
            if let #runtime::core::result::Result::Err(__invalid) = #check(self) {
                return #runtime::core::result::Result::Err(__invalid);
            }
        }
    });
    quote! {
        fn check(&self) -> #runtime::core::result::Result<(), #runtime::Invalid> {
            #(#fields)*
            #whole
            #runtime::core::result::Result::Ok(())
        }
    }
}

/// The name of the flags that a message has unless the kind says otherwise.
fn usual_flags(word: &str, kind: &Kind) -> TokenStream {
    let runtime = &kind.runtime;
    let numbers = quote!(#runtime::rtnetlink);
    match (&kind.protocol, word) {
        // Newer families refuse flags that they don't know; what a protocol of the user's own makes of them is its
        // own affair.
        (Some(Protocol::Generic { .. } | Protocol::Custom(_)), _) => return quote!(0),
        // What is there already is changed by the message that creates it.
        (Some(Protocol::NfTables), words::ADD_AGAIN_FLAGS) => return quote!(#numbers::NLM_F_CREATE),
        (Some(Protocol::NfTables), words::CHANGE_FLAGS) => return quote!(0),
        _ => {}
    }
    match word {
        words::ADD_FLAGS => quote!(#numbers::NLM_F_CREATE | #numbers::NLM_F_EXCL),
        words::ADD_AGAIN_FLAGS => quote!(#numbers::NLM_F_CREATE | #numbers::NLM_F_REPLACE),
        words::CHANGE_FLAGS => quote!(#numbers::NLM_F_REPLACE),
        _ => quote!(0),
    }
}
