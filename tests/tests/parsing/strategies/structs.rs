//! Structs of any number of fields: each is drawn by itself and set.

use std::fmt;
use std::rc::Rc;

use proptest::prelude::*;

/// Sets one field to what was drawn for it.
#[derive(Clone)]
pub(crate) struct Set<T>(Rc<dyn Fn(&mut T)>);

impl<T> fmt::Debug for Set<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Set")
    }
}

/// Draws a value, and sets a field to it.
pub(crate) fn set<T: 'static, S>(
    values: S,
    set: impl Fn(&mut T, S::Value) + Clone + 'static,
) -> BoxedStrategy<Set<T>>
where
    S: Strategy + 'static,
    S::Value: Clone + 'static,
{
    let field = move |value: S::Value| {
        let set = set.clone();
        Set(Rc::new(move |whole: &mut T| set(whole, value.clone())) as Rc<dyn Fn(&mut T)>)
    };
    values.prop_map(field).boxed()
}

/// `base` with all fields set.
pub(crate) fn whole<T: Clone + fmt::Debug + 'static>(
    base: T,
    fields: Vec<BoxedStrategy<Set<T>>>,
) -> BoxedStrategy<T> {
    fields
        .prop_map(move |fields| {
            let mut whole = base.clone();
            fields.iter().for_each(|Set(set)| set(&mut whole));
            whole
        })
        .boxed()
}

/// A struct whose fields are drawn one by one. All fields must be named: one that is new in a kind does not compile.
macro_rules! fields {
    ($type:ident: $base:expr => { $($field:ident: $values:expr),* $(,)? }) => {{
        let _all: fn($type) = |$type { $($field: _),* }| {};
        $crate::strategies::structs::whole(
            $base,
            vec![$($crate::strategies::structs::set($values, |whole: &mut $type, value| whole.$field = value)),*],
        )
    }};
}
pub(crate) use fields;
