//! What a kind needs, as constants in which the compiler looks for circles of kinds.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Type;
use syn::ext::IdentExt;
use syn::spanned::Spanned;

use crate::input::field::Field;
use crate::input::kind::Kind;

/// How many steps are unrolled: `circle::DEPTH` of the runtime, less the last one.
const STEPS: usize = 7;

pub(super) fn items(kind: &Kind) -> TokenStream {
    let (ident, runtime) = (&kind.ident, &kind.runtime);
    let (name, self_dependent) = (ident.unraw().to_string(), kind.self_dependent);
    let circle = quote!(#runtime::circle);
    let targets = targets(kind);
    let quiet = super::quiet();
    let needs = (1..=STEPS).map(|step| {
        let needs = format_ident!("NEEDS_{}", step);
        let node = format_ident!("NODE_{}", step - 1);
        let nodes = targets.iter().map(|target| quote!(<#circle::Probe<#target>>::#node));
        quote!(const #needs: &'static [#circle::Node] = &[#(#nodes),*];)
    });
    let node = format_ident!("NODE_{}", STEPS);
    let checks = targets.iter().map(|target| {
        let check = quote_spanned!(target.span()=> expect_no_circle);
        // The call as a whole stands where the dependency stands.
        let arguments = quote_spanned! {target.span()=>
            (<#circle::Probe<#ident>>::NODE_0, <#circle::Probe<#target>>::#node)
        };
        let runtime = runtime.at(target.span());
        quote_spanned!(target.span()=> const _: () = #runtime::circle::#check #arguments;)
    });
    quote! {
        const _: () = {
            #[allow(unused_imports, reason = "for what is no derived kind")]
            use #circle::AnyType as _;
            #[automatically_derived]
            #quiet
            impl #circle::Derived for #ident {
                const ID: &'static str = #runtime::core::concat!(
                    #runtime::core::module_path!(), "::", #name,
                    ":", #runtime::core::line!(), ":", #runtime::core::column!()
                );
                const NAME: &'static str = #name;
                const SELF_DEPENDENT: bool = #self_dependent;
                #(#needs)*
            }
            #(#checks)*
        };
    }
}

/// The kinds that the kind needs, each once.
fn targets(kind: &Kind) -> Vec<&Type> {
    let mut seen = Vec::new();
    let mut targets = Vec::new();
    for target in kind.fields.iter().flat_map(Field::targets) {
        let spelled = target.to_token_stream().to_string();
        if !seen.contains(&spelled) {
            seen.push(spelled);
            targets.push(target);
        }
    }
    targets
}
