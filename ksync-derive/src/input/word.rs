//! The inside of `#[ksync(...)]` as a list of words, each with what stands behind it.
//!
//! A word that can't be read spoils nothing but itself. Knows no word by name.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Expr, Meta, Token};

use crate::ctxt::Ctxt;
use crate::words;

/// One word.
#[derive(Debug)]
pub(crate) struct Word {
    pub(crate) name: Ident,
    form: Form,
}

/// What stands behind a word.
#[derive(Debug)]
enum Form {
    /// `immutable`
    Bare,
    /// `nla = RTA_DST`
    Value(TokenStream),
    /// `on(add, change)`
    List(TokenStream),
}

impl Word {
    /// All words of the `#[ksync(...)]` among `attributes`.
    pub(crate) fn all(attributes: &[Attribute], ctxt: &Ctxt) -> Vec<Word> {
        let mut all = Vec::new();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("ksync")) {
            match &attribute.meta {
                Meta::List(list) => all.extend(split(list.tokens.clone(), ctxt)),
                other => ctxt.error_on(other, "write the words in parentheses: `#[ksync(...)]`"),
            }
        }
        all
    }

    pub(crate) fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// Whether the word has parentheses behind it.
    pub(crate) fn is_list(&self) -> bool {
        matches!(self.form, Form::List(_))
    }

    /// Says that the word is not known here.
    pub(crate) fn unknown(&self, allowed: &[&str], ctxt: &Ctxt) {
        ctxt.error_on(&self.name, words::unknown(&self.name.to_string(), allowed));
    }

    /// The word is a flag.
    pub(crate) fn flag(&self, into: &mut bool, ctxt: &Ctxt) {
        if !matches!(self.form, Form::Bare) {
            ctxt.error_on(&self.name, format!("`{}` is a bare word: nothing follows it", self.name));
        }
        if *into {
            self.twice(ctxt);
        }
        *into = true;
    }

    /// The word has a value.
    pub(crate) fn value<T: Parse>(&self, into: &mut Option<T>, ctxt: &Ctxt) {
        let Form::Value(tokens) = &self.form else {
            ctxt.error_on(&self.name, format!("`{0}` needs a value: `{0} = ...`", self.name));
            return;
        };
        if let Ok(Expr::Lit(literal)) = syn::parse2::<Expr>(tokens.clone())
            && let syn::Lit::Str(text) = &literal.lit
        {
            ctxt.error_on(text, format!("write it without quotes: `{} = {}`", self.name, text.value()));
            return;
        }
        self.parse(tokens, into, ctxt);
    }

    /// The word may have a value.
    pub(crate) fn flag_or_value<T: Parse>(&self, into: &mut Option<Option<T>>, ctxt: &Ctxt) {
        if into.is_some() {
            self.twice(ctxt);
            return;
        }
        if matches!(self.form, Form::Bare) {
            *into = Some(None);
            return;
        }
        let mut value = None;
        self.value(&mut value, ctxt);
        if value.is_some() {
            *into = Some(value);
        }
    }

    /// The word has a value that is a string, or an expression.
    pub(crate) fn text_or_value(&self, into: &mut Option<Expr>, ctxt: &Ctxt) {
        match &self.form {
            Form::Value(tokens) => self.parse(tokens, into, ctxt),
            Form::Bare | Form::List(_) => {
                ctxt.error_on(&self.name, format!("`{0}` needs a value: `{0} = \"...\"`", self.name));
            }
        }
    }

    /// The word has a value that is a string.
    pub(crate) fn text(&self, into: &mut Option<syn::LitStr>, ctxt: &Ctxt) {
        match &self.form {
            Form::Value(tokens) => self.parse(tokens, into, ctxt),
            Form::Bare | Form::List(_) => {
                ctxt.error_on(&self.name, format!("`{0}` needs a value: `{0} = \"...\"`", self.name));
            }
        }
    }

    /// The word has words in parentheses behind it.
    pub(crate) fn list(&self, ctxt: &Ctxt) -> Vec<Word> {
        match &self.form {
            Form::List(tokens) => split(tokens.clone(), ctxt),
            Form::Bare | Form::Value(_) => {
                ctxt.error_on(&self.name, format!("`{0}` needs parentheses: `{0}(...)`", self.name));
                Vec::new()
            }
        }
    }

    /// The word has a list of values in parentheses behind it.
    pub(crate) fn list_of<T: Parse>(&self, into: &mut Vec<T>, ctxt: &Ctxt) {
        let Form::List(tokens) = &self.form else {
            ctxt.error_on(&self.name, format!("`{0}` needs parentheses: `{0}(...)`", self.name));
            return;
        };
        if !into.is_empty() {
            return self.twice(ctxt);
        }
        match Punctuated::<T, Token![,]>::parse_terminated.parse2(tokens.clone()) {
            Ok(values) if values.is_empty() => {
                ctxt.error_on(&self.name, format!("`{0}` needs something in its parentheses", self.name));
            }
            Ok(values) => into.extend(values),
            Err(error) => ctxt.push(error),
        }
    }

    /// Says that the word stands there more than once.
    pub(crate) fn twice(&self, ctxt: &Ctxt) {
        ctxt.error_on(&self.name, format!("`{}` is given twice", self.name));
    }

    fn parse<T: Parse>(&self, tokens: &TokenStream, into: &mut Option<T>, ctxt: &Ctxt) {
        if into.is_some() {
            self.twice(ctxt);
            return;
        }
        // An empty value has no place of its own to point at.
        if tokens.is_empty() {
            ctxt.error_on(&self.name, format!("`{0}` needs a value: `{0} = ...`", self.name));
            return;
        }
        match T::parse.parse2(tokens.clone()) {
            Ok(value) => *into = Some(value),
            Err(error) if error.to_string() == "unexpected token" => {
                ctxt.push(syn::Error::new(
                    error.span(),
                    format!("expected `,` after the value of `{}`", self.name),
                ));
            }
            Err(error) => ctxt.push(error),
        }
    }
}

/// Cuts at the commas, and reads each piece.
fn split(tokens: TokenStream, ctxt: &Ctxt) -> Vec<Word> {
    let mut pieces = vec![Vec::new()];
    // The commas between the parameters of a closure cut nothing: `compare = |asked, seen| ...`.
    let (mut last, mut in_parameters) = (' ', false);
    for token in tokens {
        let punct = if let TokenTree::Punct(punct) = &token { punct.as_char() } else { ' ' };
        if punct == '|' && (in_parameters || last == '=') {
            in_parameters = !in_parameters;
        }
        last = punct;
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' && !in_parameters => pieces.push(Vec::new()),
            _ => pieces.last_mut().into_iter().for_each(|piece| piece.push(token.clone())),
        }
    }
    pieces.into_iter().filter(|piece| !piece.is_empty()).filter_map(|piece| read(piece, ctxt)).collect()
}

fn read(piece: Vec<TokenTree>, ctxt: &Ctxt) -> Option<Word> {
    let mut tokens = piece.into_iter();
    let name = match tokens.next()? {
        TokenTree::Ident(name) => name,
        other => {
            ctxt.error_on(other, "expected a word");
            return None;
        }
    };
    let form = match tokens.next() {
        None => Form::Bare,
        Some(TokenTree::Punct(punct)) if punct.as_char() == '=' => Form::Value(tokens.by_ref().collect()),
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis => {
            Form::List(group.stream())
        }
        Some(other) => {
            ctxt.error_on(other, format!("expected `=`, `(` or `,` after `{name}`"));
            return None;
        }
    };
    if let Some(rest) = tokens.next() {
        ctxt.error_on(rest, "expected `,`");
        return None;
    }
    Some(Word { name, form })
}
