//! Tables, sets and elements of nf_tables: all comes back.

use ksync_objects::{NftSet, NftSetElement, NftTable};

use super::kind;
use crate::strategies::sets::{elements, sets, tables};

kind! {
    nft_table: NftTable, tables(), seen = |table| table, changed = |table| table,
}
kind! {
    nft_set: NftSet, sets(), seen = |set| set, changed = |set| set,
}
kind! {
    nft_set_element: NftSetElement, elements(), seen = |element| element, changed = |element| element,
}
