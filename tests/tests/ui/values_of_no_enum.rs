//! Only an enum is a value with names.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncValue)]
#[ksync(repr = u8)]
struct Thing {
    number: u8,
}

#[derive(Clone, Debug, PartialEq, KSyncValue)]
#[ksync(repr = f32)]
enum Broken {
    #[ksync(value = 1)]
    One,
}

#[derive(Clone, Debug, PartialEq, KSyncValue)]
#[ksync(repr = u8)]
enum Numbered {
    One = 1,
}

fn main() {}
