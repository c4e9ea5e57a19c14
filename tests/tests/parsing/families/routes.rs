//! Routes: all comes back.

use ksync_objects::Route;
use ksync_tests::parsing::message::{added, read};

use super::kind;
use crate::strategies::routes::routes;

kind! {
    route: Route, routes(), seen = |route| route, changed = |route| route,
}

#[test]
fn routes_of_other_families_are_somebody_elses() {
    crate::properties::of_declarable(routes(), |route| {
        let mut body = added(route).expect("can be written");
        // AF_MPLS, RTNL_FAMILY_IPMR and RTNL_FAMILY_IP6MR stand in a dump of all families.
        for family in [0, 28, 128, 129, 255] {
            body[0] = family;
            let error = read::<Route>(&body).expect_err("neither IPv4 nor IPv6");
            assert!(error.is_foreign(), "{error}");
        }
    });
}
