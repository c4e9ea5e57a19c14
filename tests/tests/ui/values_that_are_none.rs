//! An enum that is a value says what each variant is on the wire.

use ksync_runtime::prelude::*;

#[derive(Clone, Debug, PartialEq, KSyncValue)]
#[ksync(repr = u8)]
enum Numbers {
    #[ksync(value = 1)]
    One,
    #[ksync(value = 1)]
    Again,
    #[ksync(name = "three")]
    Named,
    Nothing,
    #[ksync(value = 5)]
    Full(u8),
    #[ksync(other)]
    Other(u16),
}

#[derive(Clone, Debug, PartialEq, KSyncValue)]
enum Names {
    #[ksync(name = "one")]
    One,
    #[ksync(value = 2)]
    Number,
    #[ksync(name = "")]
    Empty,
    #[ksync(other)]
    Other,
    #[ksync(other)]
    Further(String),
}

fn main() {}
