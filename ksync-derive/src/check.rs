//! Which words go together: a flat list of rules, each with its reason.
//!
//! Every rule looks at the whole type, says what to write instead, and leaves the others their turn.

mod fill;
mod format;
mod nested;
mod value;

use std::collections::HashMap;

use quote::{ToTokens, quote};
use syn::Type;

pub(crate) use nested::nested;

use crate::ctxt::Ctxt;
use crate::input::field::{Field, Place};
use crate::input::index::IndexPlace;
use crate::input::kind::Kind;
use crate::input::protocol::Protocol;
use crate::input::shape;
use crate::input::value::Value;
use crate::input::verbs::Verb;
use crate::words;

/// Checks a kind.
pub(crate) fn kind(kind: &Kind, generics: &syn::Generics, ctxt: &Ctxt) {
    no_generics(generics, ctxt);
    known_protocol(kind, ctxt);
    has_messages(kind, ctxt);
    has_key(kind, ctxt);
    own_name_has_index(kind, ctxt);
    self_reference_is_said(kind, ctxt);
    each_attribute_once(
        kind.fields.iter(),
        kind.index.as_ref().and_then(|index| match &index.place {
            IndexPlace::Attribute(nla) => Some(nla.to_token_stream()),
            IndexPlace::Header(_) => None,
        }),
        ctxt,
    );
    each_header_field_once(kind, ctxt);
    fill::each_once(kind, ctxt);
    format::bits_agree(kind.fields.iter(), ctxt);
    format::parts_agree(kind.fields.iter(), ctxt);
    header_is_declared(kind.header.is_some(), kind.fields.iter(), !kind.fills.is_empty(), &kind.ident, ctxt);
    index_header_is_declared(kind, ctxt);
    outside_of_something(kind, ctxt);
    for field in &kind.fields {
        has_a_place(field, ctxt);
        one_place(field, ctxt);
        bits_are_flags(field, ctxt);
        format::field(field, ctxt);
        reference_is_marked(field, ctxt);
        order_can_be_read_back(field, ctxt);
        none_has_an_option(field, ctxt);
        skipped_is_nothing_else(field, ctxt);
        key_is_not_loose(field, ctxt);
        verbs_can_be_written(kind, field, ctxt);
        words_agree(field, ctxt);
        many_are_numbered(field, ctxt);
        dumped_by_a_key(kind, field, ctxt);
    }
}

/// The schema of a kind is one constant.
fn no_generics(generics: &syn::Generics, ctxt: &Ctxt) {
    if !generics.params.is_empty() {
        ctxt.error_on(
            &generics.params,
            "a kind has no parameters: declare one struct for each kind of object",
        );
    }
}

fn known_protocol(kind: &Kind, ctxt: &Ctxt) {
    match &kind.protocol {
        None if kind.misread => {}
        None => ctxt.error_on(&kind.ident, "which netlink family? Add `#[ksync(protocol = route)]`"),
        Some(Protocol::Unknown(word)) => {
            let mistake = words::unknown(&word.to_string(), words::PROTOCOLS);
            ctxt.error_on(word, format!("{mistake}, or the path of a constant of type `Protocol`"));
        }
        Some(Protocol::NfTables) if kind.header.is_none() && !kind.misread => ctxt.error_on(
            &kind.ident,
            "messages of nf_tables begin with `struct nfgenmsg`: add `#[ksync(header = NetfilterHeader)]`",
        ),
        Some(_) => {}
    }
}

fn outside_of_something(kind: &Kind, ctxt: &Ctxt) {
    if !kind.inside.is_empty() || kind.misread {
        return;
    }
    for field in kind.fields.iter().filter(|field| field.outside) {
        ctxt.error_on(&field.ident, "outside of what? Add `inside(...)` to the struct, or drop `outside`");
    }
}

fn has_messages(kind: &Kind, ctxt: &Ctxt) {
    if kind.misread {
        return;
    }
    if kind.add.is_none() {
        ctxt.error_on(&kind.ident, "which message creates the object? Add `#[ksync(add = RTM_NEW...)]`");
    }
    if kind.delete.is_none() {
        ctxt.error_on(&kind.ident, "which message removes the object? Add `#[ksync(delete = RTM_DEL...)]`");
    }
}

fn has_key(kind: &Kind, ctxt: &Ctxt) {
    let misread = kind.fields.iter().any(|field| field.misread || (field.key && field.format.flatten));
    if !kind.fields.is_empty() && !misread && kind.keys().is_empty() {
        ctxt.error_on(
            &kind.ident,
            "no key: mark the fields that tell one object from another with `#[ksync(key, ...)]`",
        );
    }
}

/// A name that the kernel never sees is found again by the index alone.
fn own_name_has_index(kind: &Kind, ctxt: &Ctxt) {
    if kind.has_index {
        return;
    }
    let own_name = |field: &&Field| matches!(field.place(), Place::OwnName) && !field.misread;
    for field in kind.fields.iter().filter(own_name) {
        ctxt.error_on(
            &field.ident,
            "the kernel never sees this key, so what it reports can't be tied to an entry: \
             put the key on the wire (`nla`, `header` or `with`), or give the kind an `index(...)`",
        );
    }
}

/// Kinds that refer to themselves can form a cycle that no order of writing resolves.
fn self_reference_is_said(kind: &Kind, ctxt: &Ctxt) {
    if kind.self_dependent {
        return;
    }
    let own = |ty: &Type| {
        shape::ends_in(ty, "Self") || matches!(ty, Type::Path(path) if path.path.is_ident(&kind.ident))
    };
    for field in &kind.fields {
        for target in field.targets().filter(|target| own(target)) {
            ctxt.error_on(
                target,
                format!(
                    "`{}` refers to itself: if that is meant, say `self_dependent` in the `#[ksync(...)]` of the struct",
                    kind.ident
                ),
            );
        }
    }
}

/// The kernel takes one of two equal attributes, and which one is its own affair.
fn each_attribute_once<'a>(
    fields: impl Iterator<Item = &'a Field>,
    index: Option<proc_macro2::TokenStream>,
    ctxt: &Ctxt,
) {
    let mut owners: HashMap<String, (String, bool)> = HashMap::new();
    if let Some(index) = index {
        owners.insert(index.to_string(), ("the kind's index".to_owned(), false));
    }
    for field in fields {
        for nla in field.nla.iter().chain(&field.format.v6) {
            let spelled = nla.to_token_stream().to_string();
            let bits = field.bit.is_some() || field.part.is_some();
            match owners.get(&spelled) {
                Some((_, true)) if bits => {}
                Some((owner, other_bits)) => {
                    let cure = match (bits, other_bits) {
                        (true, false) => {
                            ": give that field a `bit = ...` too, if both are bits of one number"
                        }
                        (false, true) => ": add `bit = ...`, if both are bits of one number",
                        _ => "",
                    };
                    ctxt.error_on(nla, format!("attribute `{spelled}` already carries {owner}{cure}"));
                }
                None => {
                    owners.insert(spelled, (format!("field `{}`", field.ident), bits));
                }
            }
        }
    }
}

/// The second one written would overwrite the first.
fn each_header_field_once(kind: &Kind, ctxt: &Ctxt) {
    let mut owners: HashMap<String, (String, bool)> = HashMap::new();
    if let Some(IndexPlace::Header(header)) = kind.index.as_ref().map(|index| &index.place) {
        owners.insert(header.to_string(), ("the kind's index".to_owned(), false));
    }
    for field in &kind.fields {
        let Some(header) = &field.header else { continue };
        let bits = field.bit.is_some();
        match owners.get(&header.to_string()) {
            Some((_, true)) if bits => {}
            Some((owner, _)) => {
                ctxt.error_on(header, format!("header field `{header}` already carries {owner}"));
            }
            None => {
                owners.insert(header.to_string(), (format!("field `{}`", field.ident), bits));
            }
        }
    }
}

fn header_is_declared<'a>(
    declared: bool,
    fields: impl Iterator<Item = &'a Field>,
    fills: bool,
    ident: &proc_macro2::Ident,
    ctxt: &Ctxt,
) {
    if declared {
        return;
    }
    let what = "Add the type of the fixed header to the struct: `#[ksync(header = RouteHeader)]`";
    let places = fields.flat_map(|field| {
        let beside = [&field.format.prefix_len, &field.format.family];
        field.header.iter().chain(beside.into_iter().flatten())
    });
    for header in places {
        ctxt.error_on(header, format!("`{header}` is a field of which header? {what}"));
    }
    if fills {
        ctxt.error_on(ident, format!("`fill` fills which header? {what}"));
    }
}

fn index_header_is_declared(kind: &Kind, ctxt: &Ctxt) {
    if let (None, Some(IndexPlace::Header(header))) =
        (&kind.header, kind.index.as_ref().map(|index| &index.place))
    {
        ctxt.error_on(
            header,
            format!(
                "`{header}` is a field of which header? Add its type to the struct: `#[ksync(header = LinkHeader)]`"
            ),
        );
    }
}

fn has_a_place(field: &Field, ctxt: &Ctxt) {
    // A word that needs an attribute says so itself.
    if field.bit.is_some()
        || field.part.is_some()
        || !field.format.payload_words().is_empty()
        || field.format.is_beside()
    {
        return;
    }
    if matches!(field.place(), Place::Nowhere) && !field.skip && !field.misread {
        ctxt.error_on(
            &field.ident,
            format!(
                "where on the wire does `{}` go? Add `nla = ...` (an attribute), `header = ...` (a field of the \
                 fixed header) or `with = ...` (a codec), or `skip` if it is the agent's own data",
                field.ident
            ),
        );
    }
}

fn one_place(field: &Field, ctxt: &Ctxt) {
    let Some(header) = &field.header else { return };
    if field.nla.is_some() || field.with.is_some() {
        ctxt.error_on(header, "a field goes to one place: `header` can't stand beside `nla` or `with`");
    }
}

fn bits_are_flags(field: &Field, ctxt: &Ctxt) {
    match (&field.bit, &field.mask, &field.header) {
        (Some(bit), _, None) if field.nla.is_none() => ctxt.error_on(
            bit,
            "a bit of what? Add `header = ...` (a field of the fixed header) or `nla = ...` (an attribute)",
        ),
        (Some(_), _, _) if !shape::ends_in(field.option().unwrap_or(&field.ty), "bool") => {
            ctxt.error_on(&field.ty, "a bit is on or off: the field's type must be `bool`");
        }
        (None, Some(mask), _) => ctxt.error_on(mask, "`mask` goes with `bit`: add `bit = ...`"),
        _ => {}
    }
}

fn reference_is_marked(field: &Field, ctxt: &Ctxt) {
    if field.depends_on.is_none() && !field.misread && shape::target_of(&field.ty).is_some() {
        ctxt.error_on(&field.ty, "a reference is a dependency: put `#[depends_on]` above the field");
    }
}

/// A dump does not name what only sets the order.
fn order_can_be_read_back(field: &Field, ctxt: &Ctxt) {
    if matches!(field.place(), Place::Order | Place::Nowhere)
        && !field.misread
        && field.depends_on.is_some()
        && shape::is_reference(&field.ty)
    {
        ctxt.error_on(
            &field.ty,
            "the kernel never sees this reference, so it can't be read back: put it on the wire (`nla` or \
             `header`), or make it an `Option<Ref<_>>` or a `Vec<Ref<_>>`",
        );
    }
}

fn none_has_an_option(field: &Field, ctxt: &Ctxt) {
    let Some(none) = &field.none else { return };
    if field.option().is_none() {
        ctxt.error_on(none, "`none` says what a change writes for `None`: the field must be an `Option`");
    } else if field.nla.is_none() {
        ctxt.error_on(none, "`none` is the value of an attribute: add `nla = ...`");
    }
}

fn skipped_is_nothing_else(field: &Field, ctxt: &Ctxt) {
    if !field.skip {
        return;
    }
    if field.key {
        ctxt.error_on(&field.ident, "a key can't be skipped: drop `skip`, or drop `key`");
    }
    let place = [
        field.nla.as_ref().map(|nla| quote!(#nla)),
        field.header.as_ref().map(|header| quote!(#header)),
        field.with.as_ref().map(|with| quote!(#with)),
    ];
    if let Some(place) = place.into_iter().flatten().next() {
        ctxt.error_on(place, "a skipped field is not on the wire: drop this, or drop `skip`");
    }
}

fn key_is_not_loose(field: &Field, ctxt: &Ctxt) {
    if !field.key {
        return;
    }
    let wrong = [
        (field.write_only, words::WRITE_ONLY),
        (field.read_only, words::READ_ONLY),
        (field.immutable, words::IMMUTABLE),
    ];
    for (_, word) in wrong.into_iter().filter(|(is, _)| *is) {
        ctxt.error_on(
            &field.ident,
            format!("a key is written, read back, and never changes: `{word}` can't go with `key`"),
        );
    }
}

/// Words that take each other back.
fn words_agree(field: &Field, ctxt: &Ctxt) {
    let quarrels = [
        (
            field.read_only && field.write_only,
            "what is neither written nor read has no place on the wire: drop `read_only`, `write_only` or the whole field",
        ),
        (field.read_only && field.immutable, "what is never written never changes: drop `immutable`"),
        (field.read_only && field.none.is_some(), "what is never written has no `none` to write: drop it"),
        (
            field.survives && field.depends_on.is_none(),
            "what does the object survive? `survives` goes with `#[depends_on]`",
        ),
    ];
    for (_, reason) in quarrels.iter().filter(|(wrong, _)| *wrong && !field.misread) {
        ctxt.error_on(&field.ident, reason);
    }
}

/// One object that stands for many is told apart by its number.
fn many_are_numbered(field: &Field, ctxt: &Ctxt) {
    let Some(up_to) = &field.up_to else { return };
    let integers = ["u8", "u16", "u32", "u64"];
    if !field.key || !field.on_wire() {
        ctxt.error_on(
            up_to,
            "objects that are reported together are told apart by their keys: `up_to` goes with `key`",
        );
    } else if !integers.iter().any(|integer| shape::ends_in(&field.ty, integer)) {
        ctxt.error_on(
            &field.ty,
            "objects are counted up from this field: its type must be `u8`, `u16`, `u32` or `u64`",
        );
    }
}

/// A dump is asked for by what every declared entry has.
fn dumped_by_a_key(kind: &Kind, field: &Field, ctxt: &Ctxt) {
    if !field.dumped_by || field.misread {
        return;
    }
    if !field.key || !field.on_wire() {
        ctxt.error_on(
            &field.ident,
            "the objects that are dumped together share a part of their keys: `dumped_by` goes with `key`",
        );
    } else if kind.get.is_none() && !kind.misread {
        ctxt.error_on(
            &field.ident,
            "the kind has no message to dump with: add `get = ...` to the struct, or drop `dumped_by`",
        );
    }
}

fn verbs_can_be_written(kind: &Kind, field: &Field, ctxt: &Ctxt) {
    if field.on.is_none() {
        return;
    }
    if field.read_only || !field.on_wire() {
        ctxt.error_on(&field.ident, "`on` says which messages carry the field, but none carries this one");
    } else if field.written_on(Verb::Get) && kind.get.is_none() {
        ctxt.error_on(
            &field.ident,
            "the kind has no get message: add `get = ...` to the struct, or drop `get` here",
        );
    }
}

/// Checks an enum that is a value.
pub(crate) fn value(value: &Value, generics: &syn::Generics, ctxt: &Ctxt) {
    no_generics(generics, ctxt);
    value::value(value, ctxt);
}
