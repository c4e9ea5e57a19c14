//! `protocol = ...`: which protocol a kind's messages belong to.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, LitStr, Path, Token, parenthesized};

use super::runtime::Runtime;
use crate::words;

/// A protocol, as it is spelled.
#[derive(Debug)]
pub(crate) enum Protocol {
    /// `route`
    Route,
    /// `nf_tables`
    NfTables,
    /// `netlink(NUMBER)`
    Netlink(Expr),
    /// `generic("name", version = 1)`
    Generic { family: LitStr, version: Option<Expr> },
    /// The path of a constant.
    Custom(Path),
    /// A word that is none of these.
    Unknown(Ident),
}

impl Parse for Protocol {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let path: Path = input.call(Path::parse_mod_style)?;
        let Some(word) = path.get_ident().map(Ident::unraw) else {
            return Ok(Protocol::Custom(path));
        };
        Ok(match word.to_string().as_str() {
            words::ROUTE => Protocol::Route,
            words::NF_TABLES => Protocol::NfTables,
            words::NETLINK => {
                let number;
                parenthesized!(number in input);
                Protocol::Netlink(number.parse()?)
            }
            words::GENERIC => generic(&word, input)?,
            name if name.starts_with(char::is_uppercase) => Protocol::Custom(path),
            _ => Protocol::Unknown(word),
        })
    }
}

fn generic(word: &Ident, input: ParseStream<'_>) -> syn::Result<Protocol> {
    if !input.peek(syn::token::Paren) {
        return Err(syn::Error::new(
            word.span(),
            "which family of generic netlink? Write its name: `generic(\"mptcp_pm\", version = 1)`",
        ));
    }
    let inside;
    parenthesized!(inside in input);
    let family: LitStr = inside.parse()?;
    if family.value().is_empty() || family.value().len() > 15 || family.value().contains('\0') {
        return Err(syn::Error::new(
            family.span(),
            "the name of a family has 1 to 15 bytes, none of them NUL",
        ));
    }
    let mut version = None;
    if inside.parse::<Option<Token![,]>>()?.is_some() && !inside.is_empty() {
        let name: Ident = inside.parse()?;
        if name != words::VERSION {
            return Err(syn::Error::new(name.span(), words::unknown(&name.to_string(), &[words::VERSION])));
        }
        inside.parse::<Token![=]>()?;
        version = Some(inside.parse()?);
        inside.parse::<Option<Token![,]>>()?;
    }
    if !inside.is_empty() {
        return Err(inside.error("expected `)`"));
    }
    Ok(Protocol::Generic { family, version })
}

impl Protocol {
    /// Its place in the schema.
    pub(crate) fn value(&self, runtime: &Runtime) -> TokenStream {
        match self {
            Protocol::Route | Protocol::Unknown(_) => quote!(#runtime::Protocol::Route),
            Protocol::NfTables => quote!(#runtime::Protocol::NfTables),
            Protocol::Netlink(number) => quote!(#runtime::Protocol::Netlink(#number)),
            Protocol::Generic { family, version } => {
                let version = version.as_ref().map_or(quote!(1), ToTokens::to_token_stream);
                quote!(#runtime::Protocol::Generic { family: #family, version: #version })
            }
            Protocol::Custom(path) => quote!(#path),
        }
    }

    /// Whether something of the protocol stands between `nlmsghdr` and the fixed header, or the message type is not
    /// what the kind says.
    pub(crate) fn has_head(&self) -> bool {
        !matches!(self, Protocol::Route | Protocol::Unknown(_))
    }
}
