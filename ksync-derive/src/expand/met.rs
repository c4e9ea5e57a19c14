//! What a field asks of the kernel: whether it is met, and whether a change can bring it about.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;

use super::codec::carrier;
use super::field::at;
use crate::input::field::{Field, Place};
use crate::input::function::Function;
use crate::input::runtime::Runtime;
use crate::input::shape;

/// An expression that says whether `observed` does what `asked` asks for; both are references. `None` for
/// fields that nothing can be asked of.
pub(super) fn is_met(
    field: &Field,
    runtime: &Runtime,
    asked: &TokenStream,
    observed: &TokenStream,
) -> Option<TokenStream> {
    if field.key || field.write_only || field.read_only || !field.on_wire() {
        return None;
    }
    let none_asks = field.none.is_some();
    if let Some(compare) = &field.compare {
        return Some(compared(field, runtime, compare, asked, observed));
    }
    Some(match (field.place(), field.option()) {
        (Place::Attribute(_), Some(_)) if none_asks => {
            let met = carrier(field, runtime).method("met_by");
            quote! {
                (#met(#asked, #observed)
                    && ((#asked).is_some() || (#observed).is_none()))
            }
        }
        (Place::Attribute(_), _) => {
            let met = carrier(field, runtime).method("met_by");
            quote!(#met(#asked, #observed))
        }
        (Place::Flatten, _) => {
            let ty = &field.ty;
            let met = quote_spanned!(ty.span()=> <#ty as #runtime::AttributeField>::met_by);
            quote!(#met(#asked, #observed))
        }
        (_, Some(_)) if !none_asks => quote!(((#asked).is_none() || *(#asked) == *(#observed))),
        _ => quote!((*(#asked) == *(#observed))),
    })
}

/// The same, where the user's own function compares what is there.
fn compared(
    field: &Field,
    runtime: &Runtime,
    compare: &Function,
    asked: &TokenStream,
    observed: &TokenStream,
) -> TokenStream {
    let ty = field.option().unwrap_or(&field.ty);
    let (given, compare) = match compare {
        Function::Path(path) => (None, quote!(#path)),
        // What it takes is known only once it has a type.
        Function::Closure(closure) => {
            (Some(quote!(let __compare: fn(&#ty, &#ty) -> bool = #closure;)), quote!(__compare))
        }
    };
    if field.option().is_none() {
        let (asked, observed) = (at(asked, compare.span()), at(observed, compare.span()));
        return quote_spanned!(compare.span()=> { #given #compare(#asked, #observed) });
    }
    let option = quote!(#runtime::core::option::Option);
    let none_is_met = if field.none.is_some() { quote!((#observed).is_none()) } else { quote!(true) };
    quote! {
        match (#asked, #observed) {
            (#option::None, _) => #none_is_met,
            (#option::Some(__asked), #option::Some(__observed)) => { #given #compare(__asked, __observed) }
            (#option::Some(_), #option::None) => false,
        }
    }
}

/// An expression that says whether no change message leads from the one value to the other, both references;
/// `None` where that can't be.
pub(super) fn needs_recreation(
    field: &Field,
    runtime: &Runtime,
    held: &TokenStream,
    desired: &TokenStream,
    merge: &TokenStream,
) -> Option<TokenStream> {
    if field.none.is_some() || !field.is_compared() {
        return None;
    }
    match field.place() {
        Place::Attribute(_)
            if !shape::is_plain(&field.ty) || field.format.flag || field.format.v6.is_some() =>
        {
            let method = carrier(field, runtime).method("needs_recreation");
            Some(quote!(#method(#held, #desired, #merge)))
        }
        Place::Flatten => {
            let ty = &field.ty;
            let method = quote_spanned!(ty.span()=> <#ty as #runtime::AttributeField>::needs_recreation);
            Some(quote!(#method(#held, #desired, #merge)))
        }
        _ if field.option().is_some() => Some(quote!((#merge && (#held).is_some() && (#desired).is_none()))),
        _ => None,
    }
}
