//! Rules for enums that are values.

use std::collections::HashMap;

use quote::ToTokens;
use syn::{Fields, Type};

use crate::ctxt::Ctxt;
use crate::input::shape;
use crate::input::value::{Value, ValueVariant};

/// Checks an enum that is a value.
pub(crate) fn value(value: &Value, ctxt: &Ctxt) {
    if value.misread {
        return;
    }
    if value.variants.is_empty() {
        ctxt.error_on(&value.ident, "an enum without variants has no values");
    }
    let repr = value.repr.as_ref().map(ToString::to_string);
    let mut seen: HashMap<String, String> = HashMap::new();
    for variant in &value.variants {
        if variant.other {
            other(variant, repr.as_deref(), ctxt);
        } else {
            known(variant, repr.is_some(), &mut seen, ctxt);
        }
    }
    for variant in value.variants.iter().filter(|variant| variant.other).skip(1) {
        ctxt.error_on(&variant.ident, "what is unknown can be kept in one variant only: drop `other` here");
    }
}

fn known(variant: &ValueVariant, numbers: bool, seen: &mut HashMap<String, String>, ctxt: &Ctxt) {
    if !matches!(variant.fields, Fields::Unit) {
        ctxt.error_on(
            &variant.ident,
            "a value has no fields; only the variant marked `other` has one, for what is unknown",
        );
    }
    let spelled = match (&variant.value, &variant.name) {
        (Some(value), None) if numbers => value.to_token_stream(),
        (None, Some(name)) if !numbers => name.to_token_stream(),
        (Some(value), _) if !numbers => {
            ctxt.error_on(value, "of which integer? Add `#[ksync(repr = u8)]` to the enum");
            return;
        }
        (_, Some(name)) => {
            ctxt.error_on(name, "the enum has a `repr`, so its variants are numbers: `value = ...`");
            return;
        }
        _ if variant.misread => return,
        _ => {
            let what = if numbers { "value = ..." } else { "name = \"...\"" };
            ctxt.error_on(
                &variant.ident,
                format!(
                    "what is `{}` on the wire? Add `#[ksync({what})]`, or `#[ksync(other)]`",
                    variant.ident
                ),
            );
            return;
        }
    };
    if let Some(name) = &variant.name
        && (name.value().is_empty() || name.value().contains('\0'))
    {
        ctxt.error_on(name, "a name on the wire is not empty and holds no NUL");
    }
    if let Some(first) = seen.insert(spelled.to_string(), variant.ident.to_string()) {
        ctxt.error_on(spelled, format!("variant `{first}` already is this on the wire"));
    }
}

fn other(variant: &ValueVariant, repr: Option<&str>, ctxt: &Ctxt) {
    if let Some(word) = variant
        .value
        .as_ref()
        .map(ToTokens::to_token_stream)
        .or(variant.name.as_ref().map(ToTokens::to_token_stream))
    {
        ctxt.error_on(word, "`other` keeps what has no variant: it is no value of its own");
    }
    let wanted = repr.unwrap_or("String");
    let fits = |ty: &Type| shape::ends_in(ty, wanted);
    let one = match &variant.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => fields.unnamed.first().map(|field| &field.ty),
        _ => None,
    };
    match one {
        Some(ty) if fits(ty) => {}
        Some(ty) => ctxt.error_on(ty, format!("what is unknown is kept as it is on the wire, as `{wanted}`")),
        None => ctxt.error_on(
            &variant.ident,
            format!("what is unknown is kept in one field: `{}({wanted})`", variant.ident),
        ),
    }
}
