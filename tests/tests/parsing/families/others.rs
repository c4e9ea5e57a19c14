//! Endpoints of Multipath TCP, and parameters of the kernel, which travel in no message.

use ksync_objects::{MptcpEndpoint, Sysctl};
use ksync_runtime::wire::ParseError;
use ksync_tests::parsing::look::hold_together;
use ksync_tests::parsing::message::read;
use proptest::prelude::*;

use super::kind;
use crate::properties;
use crate::strategies::others::{endpoints, parameters};

kind! {
    // Which entry puts the address on a link is the agent's own.
    mptcp_endpoint: MptcpEndpoint, endpoints(), seen = |endpoint| MptcpEndpoint { assigned: None, ..endpoint },
}

#[test]
fn no_bytes_make_a_parameter() {
    properties::of_all(proptest::collection::vec(any::<u8>(), 0..64), |bytes| {
        assert!(matches!(read::<Sysctl>(bytes), Err(ParseError::OtherType { .. })));
    });
    properties::of_declarable(parameters(), hold_together);
}
