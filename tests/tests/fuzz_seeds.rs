//! The fuzz targets without a fuzzer: their seeds, the same bent, and what the running kernel dumps, through the same
//! functions.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ksync_tests::namespace::lacking;
use ksync_tests::namespace_test;
use ksync_tests::parsing::dumps::{make, take};
use ksync_tests::parsing::look::Seen;
use ksync_tests::parsing::seeds::{self, folder};
use ksync_tests::parsing::targets::{TARGETS, look};

fn seeds_of(target: &str) -> Vec<Vec<u8>> {
    seeds::of(&folder(), target).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn every_target_has_a_file_a_program_and_seeds() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let names = |of: &Path| -> BTreeSet<String> {
        let files = fs::read_dir(of).unwrap_or_else(|error| panic!("{}: {error}", of.display()));
        files
            .map(|file| file.expect("readable").path().file_stem().expect("a name").display().to_string())
            .collect()
    };
    assert_eq!(names(&fuzz.join("fuzz_targets")), targets);
    let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).expect("the manifest");
    for name in &targets {
        let program = format!("[[bin]]\nname = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n");
        assert!(manifest.contains(&program), "{name} is no program of the manifest");
        let file = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).expect("a file");
        assert!(file.contains(&format!("look(\"{name}\", bytes)")), "{name} looks at something else");
    }
    // No message makes a parameter of the kernel.
    let with_seeds = names(&fuzz.join("seeds"));
    assert_eq!(targets.difference(&with_seeds).collect::<Vec<_>>(), ["sysctl"]);
}

#[test]
fn the_seeds_are_read() {
    for target in TARGETS.iter().filter(|target| target.name != "sysctl") {
        let seen: Vec<Seen> = seeds_of(target.name).iter().map(|seed| (target.look)(seed)).collect();
        assert!(seen.contains(&Seen::Declarable), "no object among the seeds of {}: {seen:?}", target.name);
        let malformed = seen.iter().find(|seen| matches!(seen, Seen::Malformed(_)));
        assert_eq!(malformed, None, "a seed of {}", target.name);
    }
}

/// A fuzzer's first hour in a second: bytes replaced, left out, and put in twice, the same in every run.
#[test]
fn bent_seeds_make_no_panic() {
    let mut state = 1u64;
    let mut draw = |bound: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or_default() % bound.max(1)
    };
    for target in TARGETS {
        for seed in seeds_of(target.name) {
            for _ in 0..150 {
                let mut bent = seed.clone();
                for _ in 0..=draw(4) {
                    let (at, len) = (draw(bent.len()), draw(12));
                    let end = (at + len).min(bent.len());
                    match draw(4) {
                        0 => bent.truncate(at),
                        1 => drop(bent.drain(at..end)),
                        2 => {
                            let twice = bent[at..end].to_vec();
                            bent.splice(at..at, twice);
                        }
                        _ => {
                            if let Some(byte) = bent.get_mut(at) {
                                *byte = u8::try_from(draw(256)).unwrap_or_default();
                            }
                        }
                    }
                }
                (target.look)(&bent);
            }
        }
    }
}

namespace_test! {
    fn what_the_running_kernel_dumps_is_read() {
        for (command, reason) in make().expect("a shell") {
            lacking(command, reason.lines().next().unwrap_or_default());
        }
        for (target, dumped) in take().expect("dumps") {
            for body in dumped {
                let seen = look(target, &body);
                assert!(!matches!(seen, Seen::Malformed(_)), "{target}: {seen:?} of {}", seeds::line(&body));
            }
        }
    }
}
