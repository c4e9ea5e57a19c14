//! `KSyncValue`: an enum as a number or a name on the wire.

use proc_macro2::TokenStream;
use quote::quote;

use super::quiet;
use crate::input::value::{Value, ValueVariant};

pub(super) fn impls(value: &Value) -> TokenStream {
    if value.repr.is_some() { of_numbers(value) } else { of_names(value) }
}

fn of_numbers(value: &Value) -> TokenStream {
    let (ident, runtime, quiet) = (&value.ident, &value.runtime, quiet());
    let Some(repr) = &value.repr else { return quote!() };
    let result = quote!(#runtime::core::result::Result);
    let known = value.variants.iter().filter(|variant| !variant.other);
    let to = known.clone().map(|variant| {
        let (ident, value) = (&variant.ident, &variant.value);
        quote!(Self::#ident => #value,)
    });
    let from = known.map(|variant| {
        let (ident, value) = (&variant.ident, &variant.value);
        quote!(if __number == (#value) { return #result::Ok(Self::#ident); })
    });
    let (to_other, from_other) = match value.variants.iter().find(|variant| variant.other) {
        Some(other) => {
            let other = &other.ident;
            (Some(quote!(Self::#other(__number) => *__number,)), quote!(#result::Ok(Self::#other(__number))))
        }
        None => {
            let name = ident.to_string();
            (None, quote!(#result::Err(#runtime::value::unknown(#name, &__number))))
        }
    };
    let check = check(value, |variant| {
        let value = &variant.value;
        quote!(*__other == (#value))
    });
    // No header field holds 64 bits without a sign.
    let in_header = (*repr != "u64").then(|| {
        quote! {
            #[automatically_derived]
            #quiet
            impl #runtime::HeaderValue for #ident {
                fn to_header(
                    &self,
                    __context: &#runtime::Context<'_>,
                ) -> #result<i128, #runtime::OperationError> {
                    #result::Ok(#runtime::core::convert::Into::<i128>::into(self.__number()))
                }

                fn from_header(
                    __number: i128,
                    __resolver: &#runtime::Resolver<'_>,
                ) -> #result<Self, #runtime::ParseError> {
                    let __number = <#repr as #runtime::HeaderValue>::from_header(__number, __resolver)?;
                    Self::__of_number(__number).map_err(#runtime::ParseError::header)
                }
            }
        }
    });
    let turned = (*repr != "u8" && *repr != "i8").then(|| {
        quote! {
            #[automatically_derived]
            #quiet
            impl #runtime::codec::BigEndianValue for #ident {
                fn put_be(&self, __out: &mut #runtime::bytes::BytesMut) {
                    #runtime::codec::BigEndianValue::put_be(&self.__number(), __out);
                }

                fn from_be(__payload: &[u8]) -> #result<Self, #runtime::ValueError> {
                    Self::__of_number(<#repr as #runtime::codec::BigEndianValue>::from_be(__payload)?)
                }

                fn check(&self) -> #result<(), #runtime::std::string::String> {
                    #runtime::AttributeValue::check(self)
                }
            }
        }
    });
    quote! {
        #[automatically_derived]
        #quiet
        impl #ident {
            fn __number(&self) -> #repr {
                match self {
                    #(#to)*
                    #to_other
                }
            }

            fn __of_number(__number: #repr) -> #result<Self, #runtime::ValueError> {
                #(#from)*
                #from_other
            }
        }
        #[automatically_derived]
        #quiet
        impl #runtime::AttributeValue for #ident {
            fn emit(&self, __out: &mut #runtime::bytes::BytesMut) {
                <#repr as #runtime::AttributeValue>::emit(&self.__number(), __out);
            }

            fn parse(__payload: &[u8]) -> #result<Self, #runtime::ValueError> {
                Self::__of_number(<#repr as #runtime::AttributeValue>::parse(__payload)?)
            }

            #check
        }
        #in_header
        #turned
    }
}

fn of_names(value: &Value) -> TokenStream {
    let (ident, runtime, quiet) = (&value.ident, &value.runtime, quiet());
    let result = quote!(#runtime::core::result::Result);
    let string = quote!(#runtime::std::string::String);
    let known = value.variants.iter().filter(|variant| !variant.other);
    let to = known.clone().map(|variant| {
        let (ident, name) = (&variant.ident, &variant.name);
        quote!(Self::#ident => #name,)
    });
    let from = known.map(|variant| {
        let (ident, name) = (&variant.ident, &variant.name);
        quote!(#name => #result::Ok(Self::#ident),)
    });
    let (to_other, from_other) = match value.variants.iter().find(|variant| variant.other) {
        Some(other) => {
            let other = &other.ident;
            (Some(quote!(Self::#other(__text) => __text,)), quote!(_ => #result::Ok(Self::#other(__text)),))
        }
        None => {
            let name = ident.to_string();
            (None, quote!(_ => #result::Err(#runtime::value::unknown(#name, &__text)),))
        }
    };
    let check = check(value, |variant| {
        let name = &variant.name;
        quote!(__other.as_str() == (#name))
    });
    quote! {
        #[automatically_derived]
        #quiet
        impl #runtime::codec::TextValue for #ident {
            fn text(&self) -> &str {
                match self {
                    #(#to)*
                    #to_other
                }
            }

            fn from_text(__text: #string) -> #result<Self, #runtime::ValueError> {
                match __text.as_str() {
                    #(#from)*
                    #from_other
                }
            }
        }
        #[automatically_derived]
        #quiet
        impl #runtime::AttributeValue for #ident {
            fn emit(&self, __out: &mut #runtime::bytes::BytesMut) {
                #runtime::value::put_text(#runtime::codec::TextValue::text(self), __out);
            }

            fn parse(__payload: &[u8]) -> #result<Self, #runtime::ValueError> {
                let __text = <#string as #runtime::AttributeValue>::parse(__payload)?;
                <Self as #runtime::codec::TextValue>::from_text(__text)
            }

            #check
        }
    }
}

/// Refuses what has a name and is given by its number or text: it would be read back as another value.
fn check(value: &Value, is: impl Fn(&ValueVariant) -> TokenStream) -> Option<TokenStream> {
    let runtime = &value.runtime;
    let result = quote!(#runtime::core::result::Result);
    let other = &value.variants.iter().find(|variant| variant.other)?.ident;
    let name = other.to_string();
    let named = value.variants.iter().filter(|variant| !variant.other).map(|variant| {
        let (is, own) = (is(variant), variant.ident.to_string());
        quote! {
            if #is {
                return #result::Err(#runtime::value::has_a_name(#name, __other, #own));
            }
        }
    });
    Some(quote! {
        fn check(&self) -> #result<(), #runtime::std::string::String> {
            match self {
                Self::#other(__other) => {
                    #(#named)*
                    #runtime::AttributeValue::check(__other)
                }
                #[allow(unreachable_patterns, reason = "an enum may have one variant")]
                _ => #result::Ok(()),
            }
        }
    })
}
