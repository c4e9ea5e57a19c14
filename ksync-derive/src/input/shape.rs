//! What can be told about a field's type from its spelling alone.
//!
//! A macro sees names, not types: an alias of `Option` or `Ref` is not recognised here, and the traits that
//! the generated code calls have the last word.

use syn::{GenericArgument, PathArguments, Type};

/// `T` if the type is spelled `Option<T>`.
pub(crate) fn option_of(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Option")
}

/// `T` if the type is spelled `Vec<T>`.
pub(crate) fn list_of(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Vec")
}

/// Whether the type is spelled like a value that has no fields of its own, or an option of one.
pub(crate) fn is_plain(ty: &Type) -> bool {
    const PLAIN: &[&str] = &[
        "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "bool", "String", "Ref", "Duration", "IpAddr",
        "Ipv4Addr", "Ipv6Addr", "IpNet", "Ipv4Net", "Ipv6Net", "MacAddr6",
    ];
    let inner = option_of(ty).unwrap_or(ty);
    last_segment(inner).is_some_and(|segment| PLAIN.iter().any(|plain| segment.ident == plain))
}

/// `T` if the type is spelled `Ref<T>`, or any `Option` and `Vec` of it.
pub(crate) fn target_of(ty: &Type) -> Option<&Type> {
    argument_of(ty, "Ref").or_else(|| option_of(ty).or_else(|| list_of(ty)).and_then(target_of))
}

/// Whether the type is spelled `Ref<T>`.
pub(crate) fn is_reference(ty: &Type) -> bool {
    argument_of(ty, "Ref").is_some()
}

/// Whether a path ends in that name.
pub(crate) fn ends_in(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

fn argument_of<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let segment = last_segment(ty)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else { return None };
    match arguments.args.first() {
        Some(GenericArgument::Type(argument)) if segment.ident == name => Some(argument),
        _ => None,
    }
}

fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}
