//! The serializers: AddMsg, ChangeMsg, DeleteMsg, and the message that reads one object.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Expr;

use super::bits::{self, Part};
use super::field::{self, Sink};
use super::usual_flags;
use crate::input::field::Field;
use crate::input::fill::Fill;
use crate::input::index::{IndexPlace, Source};
use crate::input::kind::Kind;
use crate::input::verbs::Verb;
use crate::words;

pub(super) fn items(kind: &Kind) -> TokenStream {
    let runtime = &kind.runtime;
    let flags = |given: &Option<syn::Expr>, word| match given {
        Some(expr) => quote!(#expr),
        None => usual_flags(word, kind),
    };
    let add_flags = flags(&kind.add_flags, words::ADD_FLAGS);
    let add_again_flags = flags(&kind.add_again_flags, words::ADD_AGAIN_FLAGS);
    let add = message(
        kind,
        Verb::Add,
        &quote!(<Self as #runtime::KSyncEntry>::SCHEMA.add),
        &quote!(if __context.again() { #add_again_flags } else { #add_flags }),
    );
    let change = message(
        kind,
        Verb::Change,
        &quote!(<Self as #runtime::KSyncEntry>::SCHEMA.change),
        &flags(&kind.change_flags, words::CHANGE_FLAGS),
    );
    let delete = message(
        kind,
        Verb::Delete,
        &quote!(<Self as #runtime::KSyncEntry>::SCHEMA.delete),
        &flags(&kind.delete_flags, words::DELETE_FLAGS),
    );
    let nothing_to = |when: &Option<syn::Expr>, progress: TokenStream| {
        when.as_ref().map(|when| {
            quote! {
                if #when {
                    return #runtime::core::result::Result::Ok(#progress);
                }
            }
        })
    };
    let nothing_to_change = nothing_to(&kind.nothing_to_change, quote!(#runtime::Progress::Complete));
    let nothing_to_delete = nothing_to(&kind.nothing_to_delete, quote!(#runtime::Progress::Kept));
    let result = quote!(#runtime::core::result::Result<#runtime::Progress, #runtime::OperationError>);
    let get = kind.get.as_ref().map(|get| {
        let body = message(kind, Verb::Get, &quote!(#get), &quote!(0));
        quote! {
            fn get_msg(
                &self,
                __context: &#runtime::Context<'_>,
                __request: #runtime::Request<'_>,
            ) -> #result {
                #body
            }
        }
    });
    // Called in a loop for many operations. As a function of its own, each took some 23 instructions more (W1 of `bench engine`).
    quote! {
        #[inline(always)]
        fn add_msg(
            &self,
            __context: &#runtime::Context<'_>,
            __request: #runtime::Request<'_>,
        ) -> #result {
            #add
        }

        #[inline(always)]
        fn change_msg(
            &self,
            __held: #runtime::core::option::Option<&Self>,
            __context: &#runtime::Context<'_>,
            __request: #runtime::Request<'_>,
        ) -> #result {
            #nothing_to_change
            #change
        }

        #[inline(always)]
        fn delete_msg(
            &self,
            __context: &#runtime::Context<'_>,
            __request: #runtime::Request<'_>,
        ) -> #result {
            #nothing_to_delete
            #delete
        }

        #get
    }
}

/// What a get message says of every object is said when all of them are asked for, too.
pub(super) fn dump_header(kind: &Kind) -> Option<TokenStream> {
    let (runtime, header) = (&kind.runtime, kind.header.as_ref()?);
    let constants: Vec<_> =
        fills_of_dump(kind).map(|(place, value)| quote!(__filled.#place = #value;)).collect();
    (!constants.is_empty()).then(|| {
        quote! {
            fn dump_header(__header: &mut [u8]) {
                let mut __filled = <#header as #runtime::core::default::Default>::default();
                #(#constants)*
                #runtime::FixedHeader::emit(&__filled, __header);
            }
        }
    })
}

/// The request for the objects that share some fields: these, and what it says of all objects.
pub(super) fn dump_msg(kind: &Kind) -> Option<TokenStream> {
    let runtime = &kind.runtime;
    let (get, header) = (kind.get.as_ref()?, header(kind));
    if !kind.fields.iter().any(|field| field.dumped_by) {
        return None;
    }
    let fills = fills_of_dump(kind).map(|(place, value)| quote!(__message.header.#place = #value;));
    let fields_where = |outside: bool| {
        let fields = kind.fields.iter().filter(move |field| field.dumped_by && field.outside == outside);
        bits::parts(fields).iter().map(|part| written(kind, part, false)).collect::<Vec<_>>()
    };
    let (outside, mut fields) = (fields_where(true), fields_where(false));
    if !fields.is_empty() {
        fields = vec![inside(kind, &quote!(#(#fields)*))];
    }
    let begin = begin(kind, &header, &quote!(#get), &quote!(#runtime::rtnetlink::NLM_F_DUMP));
    Some(quote! {
        fn dump_msg(
            &self,
            __context: &#runtime::Context<'_>,
            __request: #runtime::Request<'_>,
        ) -> #runtime::core::result::Result<#runtime::Progress, #runtime::OperationError> {
            let mut __message = #begin;
            #(#fills)*
            #(#outside)*
            #(#fields)*
            __message.finish()
        }
    })
}

/// What the request for a dump says of all objects.
fn fills_of_dump(kind: &Kind) -> impl Iterator<Item = &(Ident, Expr)> {
    kind.fills.iter().filter(|fill| fill.written_on(Verb::Get)).flat_map(Fill::constants)
}

/// Puts attributes into those that all of the kind are nested in.
fn inside(kind: &Kind, attributes: &TokenStream) -> TokenStream {
    let nests: Vec<_> = (0..kind.inside.len()).map(|number| format_ident!("__nest_{number}")).collect();
    let inside = &kind.inside;
    let innermost_first = nests.iter().rev();
    quote! {
        #(let #nests = __message.attributes.open(#inside);)*
        #attributes
        #(__message.attributes.close(#innermost_first);)*
    }
}

/// Begins a message, with what the protocol puts in front of the fixed header.
fn begin(kind: &Kind, header: &TokenStream, message_type: &TokenStream, flags: &TokenStream) -> TokenStream {
    let runtime = &kind.runtime;
    match &kind.protocol {
        Some(protocol) if protocol.has_head() => quote! {
            #runtime::Request::begin_in::<#header>(
                __request,
                <Self as #runtime::KSyncEntry>::SCHEMA.protocol,
                #message_type,
                #flags,
            )
        },
        _ => quote!(#runtime::Request::begin::<#header>(__request, #message_type, #flags)),
    }
}

/// The type of the fixed header.
pub(super) fn header(kind: &Kind) -> TokenStream {
    let runtime = &kind.runtime;
    match &kind.header {
        Some(header) => quote!(#header),
        None => quote!(#runtime::NoHeader),
    }
}

fn message(kind: &Kind, verb: Verb, message_type: &TokenStream, flags: &TokenStream) -> TokenStream {
    let header = header(kind);
    let fills = kind
        .fills
        .iter()
        .filter(|fill| fill.written_on(verb))
        .flat_map(|fill| &fill.assignments)
        .map(|(place, expr)| quote!(__message.header.#place = #expr;));
    let index = index(kind, verb);
    let mut outside = Vec::new();
    let mut fields = Vec::new();
    for (wanted, into) in [(true, &mut outside), (false, &mut fields)] {
        let written_here =
            kind.fields.iter().filter(|field| field.written_on(verb) && field.outside == wanted);
        for part in bits::parts(written_here) {
            into.push(match verb {
                Verb::Change => changed(kind, &part),
                Verb::Add => added(kind, &part),
                Verb::Delete | Verb::Get => written(kind, &part, false),
            });
        }
    }
    let begin = begin(kind, &header, message_type, flags);
    let nested = inside(kind, &quote!(#index #(#fields)*));
    quote! {
        let mut __message = #begin;
        #(#fills)*
        #(#outside)*
        #nested
        __message.finish()
    }
}

fn written(kind: &Kind, part: &Part<'_>, none: bool) -> TokenStream {
    let value = |field: &Field| {
        let ident = &field.ident;
        quote!(&self.#ident)
    };
    match part {
        Part::Field(field) => field::emit(field, &kind.runtime, &value(field), &Sink::message(), none),
        Part::Shared(group) => bits::emit(group, &kind.runtime, value, &Sink::message()),
    }
}

/// An add may find the object there: because it is only configured, or because an earlier try made it. Where the
/// kernel keeps what is not named, an option that is not set has to be named then.
fn added(kind: &Kind, part: &Part<'_>) -> TokenStream {
    let usual = written(kind, part, false);
    if !kind.merge || !matches!(part, Part::Field(Field { none: Some(_), .. })) {
        return usual;
    }
    let all = written(kind, part, true);
    let configured = kind.nothing_to_delete.as_ref().map(|when| quote!(|| (#when)));
    quote!(if __context.again() #configured { #all } else { #usual })
}

/// Where the kernel keeps what a change does not name, only what differs is written.
fn changed(kind: &Kind, part: &Part<'_>) -> TokenStream {
    let runtime = &kind.runtime;
    let written = written(kind, part, true);
    let fields: &[&Field] = match part {
        Part::Field(field) => &[field],
        Part::Shared(group) => group,
    };
    if !kind.merge || fields.iter().any(|field| field.key) {
        return written;
    }
    if fields.iter().all(|field| field.needs_recreation()) {
        return quote!();
    }
    if let Part::Field(field) = part
        && let Some(change) = field::emit_change(field, runtime)
    {
        return change;
    }
    let idents: Vec<_> = fields.iter().map(|field| &field.ident).collect();
    quote! {
        if match __held {
            #runtime::core::option::Option::Some(__held) => #(__held.#idents != self.#idents)||*,
            #runtime::core::option::Option::None => true,
        } {
            #written
        }
    }
}

/// The entry's own index. One that the kernel allocates is not known before the object is there; as long as
/// it is not, a key on the wire names the object as well.
fn index(kind: &Kind, verb: Verb) -> TokenStream {
    let Some(index) = &kind.index else { return quote!() };
    let runtime = &kind.runtime;
    let from_kernel = matches!(index.from, Source::Kernel);
    if from_kernel && matches!(verb, Verb::Add | Verb::Get) {
        return quote!();
    }
    let write = match &index.place {
        IndexPlace::Attribute(nla) => quote!(__message.attributes.put(#nla, &__index);),
        IndexPlace::Header(place) => quote! {
            __message.header.#place = #runtime::emit_header(&__index, __context, "index")?;
        },
    };
    if from_kernel && kind.keys().iter().any(|field| field.on_wire()) {
        return quote! {
            if let #runtime::core::option::Option::Some(__index) = __context.index() { #write }
        };
    }
    quote! {
        let __index: u32 = __context.own_index()?;
        #write
    }
}
