//! A field for each word of the derive: all comes back.

use std::cell::Cell;

use super::kind;
use crate::properties;
use crate::strategies::words::words;
use crate::words::{Tagged, Words};

kind! {
    words: Words, words(), seen = |words| words, changed = |words| words, lists = &[23, 24],
}

#[test]
fn structures_may_grow() {
    // One whose parts are fields, one that is a nest, and one that says which variant it is.
    for path in [&[70][..], &[61], &[111]] {
        let grown = Cell::new(0);
        properties::of_some_declarable(words(), |words| {
            // Behind the header of the third variant there are attributes.
            if path != [111] || matches!(words.tagged, Tagged::Two { .. }) {
                grown.set(grown.get() + usize::from(properties::may_grow(words, path)));
            }
        });
        assert!(grown.get() > 0, "none of them had {path:?}");
    }
}
