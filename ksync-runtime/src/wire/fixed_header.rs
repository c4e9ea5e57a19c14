//! The fixed headers that stand in front of the attributes, and the macro that declares one.
//!
//! A header is plain integers in host order. Natural alignment is the declarer's business, as it is in
//! the kernel's own headers: padding is a field.

/// A struct of fixed fields, in front of attributes or in one: see [`fixed_header!`](crate::fixed_header).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no struct of fixed fields",
    label = "not declared with `fixed_header!`",
    note = "declare it as the kernel's header does: `ksync_runtime::fixed_header! {{ pub struct Name {{ field: u16, .. }} }}`"
)]
pub trait FixedHeader: Copy + Default {
    /// Its length in bytes.
    const LEN: usize;

    /// Writes it to the front of `out`, which has room for [`LEN`](Self::LEN) bytes.
    fn emit(&self, out: &mut [u8]);

    /// Reads it from the front of `bytes`. `None` if there are fewer than [`LEN`](Self::LEN).
    fn parse(bytes: &[u8]) -> Option<Self>;
}

/// A field of a fixed header.
pub trait HeaderBytes: Copy + Default {
    /// Its length in bytes.
    const LEN: usize;

    /// Writes it to the whole of `out`.
    fn emit(&self, out: &mut [u8]);

    /// Reads it from `bytes`, which are just as many.
    fn parse(bytes: &[u8]) -> Option<Self>;
}

macro_rules! header_bytes {
    ($($int:ty),*) => {$(
        impl HeaderBytes for $int {
            const LEN: usize = size_of::<$int>();

            #[inline]
            fn emit(&self, out: &mut [u8]) {
                out.copy_from_slice(&self.to_ne_bytes());
            }

            fn parse(bytes: &[u8]) -> Option<Self> {
                bytes.try_into().ok().map(<$int>::from_ne_bytes)
            }
        }
    )*};
}
header_bytes!(u8, u16, u32, u64, i8, i16, i32, i64);

/// No fixed header at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoHeader;

impl FixedHeader for NoHeader {
    const LEN: usize = 0;

    fn emit(&self, _: &mut [u8]) {}

    fn parse(_: &[u8]) -> Option<Self> {
        Some(NoHeader)
    }
}

/// Declares a fixed header.
///
/// ```
/// use ksync_runtime::wire::FixedHeader;
///
/// ksync_runtime::fixed_header! {
///     /// `struct ifaddrlblmsg` (linux/if_addrlabel.h).
///     pub struct AddressLabelHeader {
///         ifal_family: u8,
///         ifal_reserved: u8,
///         ifal_prefixlen: u8,
///         ifal_flags: u8,
///         ifal_index: u32,
///         ifal_seq: u32,
///     }
/// }
///
/// assert_eq!(AddressLabelHeader::LEN, 12);
/// ```
#[macro_export]
macro_rules! fixed_header {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty),* $(,)? }) => {
        $(#[$meta])*
        #[derive(
            $crate::__private::core::clone::Clone,
            $crate::__private::core::marker::Copy,
            $crate::__private::core::fmt::Debug,
            $crate::__private::core::default::Default,
            $crate::__private::core::cmp::PartialEq,
            $crate::__private::core::cmp::Eq,
        )]
        $vis struct $name {
            $($(#[$field_meta])* #[doc = $crate::__private::core::concat!("`", $crate::__private::core::stringify!($field), "`")] pub $field: $type,)*
        }

        impl $crate::wire::FixedHeader for $name {
            const LEN: usize = 0 $(+ <$type as $crate::wire::HeaderBytes>::LEN)*;

            #[inline]
            fn emit(&self, out: &mut [u8]) {
                // Of a length that the compiler knows.
                let rest: &mut [u8] = match out.first_chunk_mut::<{ <Self as $crate::wire::FixedHeader>::LEN }>() {
                    $crate::__private::core::option::Option::Some(out) => out,
                    $crate::__private::core::option::Option::None => out,
                };
                $(
                    let (field, rest) = rest.split_at_mut(<$type as $crate::wire::HeaderBytes>::LEN);
                    $crate::wire::HeaderBytes::emit(&self.$field, field);
                )*
                let _ = rest;
            }

            fn parse(bytes: &[u8]) -> $crate::__private::core::option::Option<Self> {
                let rest = bytes;
                $(
                    let (field, rest) = rest.split_at_checked(<$type as $crate::wire::HeaderBytes>::LEN)?;
                    let $field = $crate::wire::HeaderBytes::parse(field)?;
                )*
                let _ = rest;
                $crate::__private::core::option::Option::Some($name { $($field),* })
            }
        }
    };
}
