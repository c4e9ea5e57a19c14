//! Addresses and their labels: all comes back.

use ksync_objects::{Address, AddressLabel};

use super::kind;
use crate::strategies::addresses::{address_labels, addresses};

kind! {
    address: Address, addresses(), seen = |address| address, changed = |address| address,
}
kind! {
    address_label: AddressLabel, address_labels(), seen = |label| label, changed = |label| label,
}

#[test]
fn structures_may_grow() {
    // IFA_CACHEINFO
    crate::properties::of_declarable(addresses(), |address| {
        let grown = crate::properties::may_grow(address, &[6]);
        assert_eq!(grown, address.lifetimes.is_some());
    });
}
