//! A field for each word of the derive: all comes back.

use super::kind;
use crate::strategies::words::words;
use crate::words::Words;

kind! {
    words: Words, words(), seen = |words| words, changed = |words| words, lists = &[23, 24],
}
