//! Routes: all comes back.

use ksync_objects::Route;

use super::kind;
use crate::strategies::routes::routes;

kind! {
    route: Route, routes(), seen = |route| route, changed = |route| route,
}
