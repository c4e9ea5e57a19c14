//! Two values that differ in some fields: what is held, and what is asked for next.

use std::fmt;

use proptest::prelude::*;

/// A value some of whose fields may be another's.
pub(crate) trait Mixed: Clone {
    /// This value, with those fields of the other that `other` says.
    fn mixed(&self, with: &Self, other: &mut dyn FnMut() -> bool) -> Self;
}

/// One field: mixed inside if its type can be, and taken whole otherwise. A method call looks at the type itself before
/// it borrows it once more, and so finds [`MixedInside`] first.
pub(crate) struct ByField<'a, T>(pub(crate) &'a T);

/// For fields that are mixed inside.
pub(crate) trait MixedInside<T> {
    /// As [`Mixed::mixed`].
    fn mixed(&self, with: &T, other: &mut dyn FnMut() -> bool) -> T;
}

impl<T: Mixed> MixedInside<T> for ByField<'_, T> {
    fn mixed(&self, with: &T, other: &mut dyn FnMut() -> bool) -> T {
        self.0.mixed(with, other)
    }
}

/// For all others.
pub(crate) trait TakenWhole<T> {
    /// One or the other.
    fn mixed(&self, with: &T, other: &mut dyn FnMut() -> bool) -> T;
}

impl<T: Clone> TakenWhole<T> for &ByField<'_, T> {
    fn mixed(&self, with: &T, other: &mut dyn FnMut() -> bool) -> T {
        if other() { with.clone() } else { self.0.clone() }
    }
}

/// A function that draws a struct field by field, and [`Mixed`] for it. All fields must be named.
macro_rules! drawn {
    ($vis:vis fn $name:ident() -> $type:ident = $base:expr => { $($field:ident: $values:expr),* $(,)? }) => {
        $vis fn $name() -> proptest::strategy::BoxedStrategy<$type> {
            $crate::strategies::structs::fields!($type: $base => { $($field: $values),* })
        }

        impl $crate::strategies::mixed::Mixed for $type {
            fn mixed(&self, with: &Self, other: &mut dyn FnMut() -> bool) -> Self {
                #[allow(unused_imports, reason = "some structs have nothing that is mixed inside")]
                use $crate::strategies::mixed::{ByField, MixedInside as _, TakenWhole as _};
                $type { $($field: (&ByField(&self.$field)).mixed(&with.$field, other)),* }
            }
        }
    };
}
pub(crate) use drawn;

/// Two drawn values; the second has some fields of the first. How many of them differ is drawn as well: often one.
pub(crate) fn pairs<T: Mixed + fmt::Debug + 'static>(values: BoxedStrategy<T>) -> BoxedStrategy<(T, T)> {
    let picks = prop_oneof![
        (0..40usize).prop_map(|one| (0..40).map(|at| at == one).collect::<Vec<bool>>()),
        proptest::collection::vec(proptest::bool::weighted(0.2), 40),
        proptest::collection::vec(any::<bool>(), 40),
    ];
    (values.clone(), values, picks)
        .prop_map(|(one, other, picks)| {
            let mut picks = picks.into_iter().cycle();
            let changed = one.mixed(&other, &mut || picks.next().unwrap_or_default());
            (one, changed)
        })
        .boxed()
}
