//! Tables, sets and elements of nf_tables: all comes back.

use ksync_objects::{NftSet, NftSetElement, NftTable};
use ksync_runtime::wire::nf_tables::NFTA_SET_FLAGS;
use ksync_tests::parsing::message::{added, header_len, read};

use super::kind;
use crate::bytes::attributes;
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

#[test]
fn sets_of_another_sort_are_somebody_elses() {
    crate::properties::of_declarable(sets(), |set| {
        let body = added(set).expect("can be written");
        let all = attributes(&body, header_len::<NftSet>());
        let flags = all.iter().find(|attribute| attribute.nla == NFTA_SET_FLAGS).expect("there are some");
        // NFT_SET_ANONYMOUS, NFT_SET_INTERVAL, NFT_SET_MAP, NFT_SET_OBJECT, NFT_SET_CONCAT, NFT_SET_EXPR
        for flag in [0x1, 0x4, 0x8, 0x40, 0x80, 0x100] {
            let mut other = body.clone();
            let bytes = &mut other[flags.start + 4..flags.start + 8];
            let bits = u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
            bytes.copy_from_slice(&(bits | flag).to_be_bytes());
            let error = read::<NftSet>(&other).expect_err("no set of single values");
            assert!(error.is_foreign(), "{error}");
        }
    });
}
