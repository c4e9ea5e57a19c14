//! The yardstick: how fast KSync is, beside the kernel's own work and beside others.
//!
//! The engine alone:
//!
//! ```text
//! cargo run --release --bin bench -- engine                    # nanoseconds an event: workloads W1 and W2
//! cargo run --release --bin bench -- engine w1 --entries 100000
//! cargo run --release --bin bench -- engine --count            # instructions an event, by valgrind
//! cargo run --release --bin bench -- engine --bytes            # bytes an entry, by a counting allocator
//! cargo run --release --bin bench -- engine --longest-set
//! cargo run --release --bin bench -- engine --sizes            # 10 thousand to 4 million entries
//! ```
//!
//! On the real kernel, each turn of each contestant in a process and a network namespace of its own:
//!
//! ```text
//! cargo run --release --bin bench -- add --routes 100000,1000000 --family v4
//! cargo run --release --bin bench -- add --prefixes table.txt  # destinations of a real routing table
//! cargo run --release --bin bench -- remove                    # also: order, move, gateway, again, change,
//!                                                              # fresh, memory
//! cargo run --release --bin bench -- all
//! ```
//!
//! `add` compares with `ip -batch`, with BIRD's static routes where `bird` and `birdc` are installed, and with FRR's zebra
//! where FRR 8.4 is and root runs the benchmark; `--contestants ip` leaves daemons out. What they are told, and when
//! their clock runs, stands in `contestants/bird.rs` and `frr.rs`.
//!
//! `--json` prints the same for programs, `--rounds N` says how often everything is measured. To see where the
//! instructions go, count the same as `--count` does by hand:
//!
//! ```text
//! valgrind --tool=callgrind --toggle-collect='*counted_by_callgrind*' \
//!     target/release/bench engine w1 --counted --entries 100000
//! ```

pub mod args;
mod benchmarks;
mod contest;
mod contestants;
pub mod engine;
pub mod job;
mod kernel;
mod plan;
pub mod prefixes;
pub mod progress;
pub mod report;
pub mod run;
