//! An enum that derives `KSyncValue`: a number or a name on the wire, what is unknown kept.

use proc_macro2::Ident;
use syn::{Data, DeriveInput, Expr, Fields, LitStr};

use super::runtime::Runtime;
use super::word::Word;
use crate::ctxt::Ctxt;
use crate::words;

/// An enum with its words.
#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) ident: Ident,
    pub(crate) runtime: Runtime,
    /// The integer that it is on the wire; none if it is a name.
    pub(crate) repr: Option<Ident>,
    pub(crate) variants: Vec<ValueVariant>,
    /// A word could not be read: rules about what is missing would only repeat that.
    pub(crate) misread: bool,
}

/// One of its variants.
#[derive(Debug)]
pub(crate) struct ValueVariant {
    pub(crate) ident: Ident,
    pub(crate) value: Option<Expr>,
    pub(crate) name: Option<LitStr>,
    pub(crate) other: bool,
    pub(crate) fields: Fields,
    pub(crate) misread: bool,
}

impl Value {
    pub(crate) fn read(input: &DeriveInput, ctxt: &Ctxt) -> Value {
        let mistakes = ctxt.count();
        let mut value = Value {
            ident: input.ident.clone(),
            runtime: Runtime::default(),
            repr: None,
            variants: Vec::new(),
            misread: false,
        };
        for word in Word::all(&input.attrs, ctxt) {
            match word.name.to_string().as_str() {
                words::REPR => read_repr(&word, &mut value.repr, ctxt),
                words::CRATE => value.runtime.take(&word, ctxt),
                _ => word.unknown(words::OF_VALUE, ctxt),
            }
        }
        match &input.data {
            Data::Enum(data) => {
                value.variants = data.variants.iter().map(|variant| read_variant(variant, ctxt)).collect();
            }
            Data::Struct(_) | Data::Union(_) => ctxt.error_on(
                &input.ident,
                "a value with names for its numbers is an enum; for a struct of attributes derive `KSyncNested`",
            ),
        }
        value.misread = ctxt.count() > mistakes;
        value
    }
}

/// Reads `repr = u8`.
pub(super) fn read_repr(word: &Word, into: &mut Option<Ident>, ctxt: &Ctxt) {
    word.value(into, ctxt);
    if let Some(repr) = into
        && !words::REPRS.contains(&repr.to_string().as_str())
    {
        let known = words::REPRS.join("`, `");
        ctxt.error_on(&*repr, format!("on the wire it is an integer: one of `{known}`, not `{repr}`"));
    }
}

fn read_variant(variant: &syn::Variant, ctxt: &Ctxt) -> ValueVariant {
    let mistakes = ctxt.count();
    let mut read = ValueVariant {
        ident: variant.ident.clone(),
        value: None,
        name: None,
        other: false,
        fields: variant.fields.clone(),
        misread: false,
    };
    for word in Word::all(&variant.attrs, ctxt) {
        match word.name.to_string().as_str() {
            words::VALUE => word.value(&mut read.value, ctxt),
            words::NAME => word.text(&mut read.name, ctxt),
            words::OTHER => word.flag(&mut read.other, ctxt),
            _ => word.unknown(words::OF_VALUE_VARIANT, ctxt),
        }
    }
    if let Some((_, discriminant)) = &variant.discriminant {
        ctxt.error_on(
            discriminant,
            "say `#[ksync(value = ...)]` instead: a variant with unknown values has no number",
        );
    }
    read.misread = ctxt.count() > mistakes;
    read
}
