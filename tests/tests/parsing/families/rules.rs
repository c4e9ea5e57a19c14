//! Routing rules: all comes back.

use ksync_objects::Rule;

use super::kind;
use crate::strategies::rules::rules;

kind! {
    rule: Rule, rules(), seen = |rule| rule,
}
