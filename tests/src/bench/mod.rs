//! The yardstick: how fast KSync is, beside the kernel's own work and beside others.
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
//! `--json` prints the same for programs, `--rounds N` says how often everything is measured. To see where the
//! instructions go, count the same as `--count` does by hand:
//!
//! ```text
//! valgrind --tool=callgrind --toggle-collect='*counted_by_callgrind*' \
//!     target/release/bench engine w1 --counted --entries 100000
//! ```

pub mod args;
pub mod engine;
pub mod progress;
pub mod report;
pub mod run;
