//! The scenarios of `tests/scenarios`, and what runs them: that it finds what is wrong, and where.

use std::path::{Path, PathBuf};
use std::process::Command;

use ksync_runtime::engine::machine::{Event, State, step};
use ksync_tests::machine::all_facts;
use ksync_tests::scenario::{Failure, LANGUAGE, Report, Runner, files};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

fn run(text: &str) -> Report {
    Runner::default().run_text("test.scenario", text)
}

fn only_failure(text: &str) -> Failure {
    let report = run(text);
    let [failure] = &report.failures[..] else {
        panic!("one failure is expected of\n{text}\nfound {:#?}", report.failures);
    };
    failure.clone()
}

#[test]
fn every_scenario_holds() {
    let report = Runner::default().run(&folder()).expect("readable scripts");
    let failures: Vec<String> = report.failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(report.passed >= 150, "only {} scenarios were found", report.passed);
}

/// More than the engine wakes, or deletes, before other work gets its turn.
#[test]
fn hundreds_are_all_woken_and_all_deleted() {
    let routes: Vec<String> = (0..700).map(|number| format!("Route r{number}")).collect();
    let routes = routes.join(", ");
    let report = run(&format!(
        "kind Link\nkind Route: depends on Link\nset {routes} -> Link l1\nexpect counts Route ADD_DEFER 700\n\
         set l1\nack\nexpect counts Route SYNC_WAIT 700\nsettle\nexpect settled\n\
         delete-all Route\nexpect counts Route DEL_ACK_WAIT 700\nsettle\nexpect empty Route\n"
    ));
    assert!(report.failures.is_empty(), "{:#?}", report.failures);
}

/// Why no script can bring about that step of the state machine through the engine.
fn out_of_reach(state: State, event: Event, next: State) -> Option<&'static str> {
    use Event as E;
    use State as S;

    let without_sync =
        all_facts().filter(|facts| !facts.sync).filter_map(|facts| step(state, event, facts).ok());
    let complete_at_once = !without_sync.into_iter().any(|step| step.next == next);
    let nothing_to_write = matches!(
        (state, event),
        (
            S::InSync | S::ChangeDefer | S::DelDeferRef | S::NeedSync,
            E::AddChangeReq | E::ReEval | E::AddAck | E::ChangeAck | E::ChangeNack
        )
    );
    Some(match (state, event, next) {
        _ if complete_at_once && !(nothing_to_write && next == S::InSync) => {
            "operations on the spot are handed out like all others, and complete in the state that waits for \
             the answer; only a change with nothing to write is complete at once"
        }
        (S::Temp | S::DelDeferRef, E::DelReq, _) => "what is not declared can't be removed",
        (S::Temp, E::DelAddReq, _) => "what the kernel does not hold is set by ADD_CHANGE_REQ",
        (S::DelAckWait | S::DelDeferDelAck | S::DelDeferSync, E::DelAddReq, _) => {
            "what is not declared can't be renewed, and what is declared again comes by ADD_CHANGE_REQ"
        }
        (S::Temp | S::AddDefer, E::Lost | E::Drifted, _) => {
            "the kernel can't lose or change what it never accepted"
        }
        (S::Free, ..) => "an entry that is free is in no table",
        (S::Temp, E::RefReleased, S::Temp) | (S::DelDeferRef, E::RefReleased, S::DelDeferRef) => {
            "REF_RELEASED is raised when no reference is left"
        }
        (from, E::RefReleased, _) if !matches!(from, S::Temp | S::DelDeferRef) => {
            "REF_RELEASED is raised in TEMP and DEL_DEFER_REF only"
        }
        (from, E::DelNack, next) if from != next => {
            "the engine reports the refusal of a delete of what is gone already as DEL_ACK"
        }
        (S::DelAckWait | S::DelDeferDelAck, E::DelAck, S::AddDefer | S::SyncWait | S::RenewWait) => {
            "`again` is cleared by the removal, and can't be set after it"
        }
        (S::DelAckWait | S::DelDeferDelAck, E::Retry, S::Free)
        | (S::RenewWait, E::Retry, S::AddDefer | S::SyncWait)
        | (S::DelDeferRef, E::RefReleased, S::Free)
        | (S::DelDeferRef, E::DelAddReq, S::AddDefer | S::SyncWait)
        | (S::ChangeDefer, E::DelAddReq, S::AddDefer | S::SyncWait)
        | (S::ChangeDefer | S::InSync, E::DelReq, S::Free)
        | (S::InSync, E::DelAddReq, S::AddDefer | S::SyncWait)
        | (S::SyncWait, E::AddAck | E::ChangeAck, S::AddDefer | S::SyncWait)
        | (S::NeedSync, E::AddAck | E::ChangeAck, S::AddDefer)
        | (S::DelDeferSync, E::AddAck | E::ChangeAck, S::Free) => "an add was sent in this life of the entry",
        _ => return None,
    })
}

#[test]
fn every_step_of_the_machine_that_can_be_reached_is_in_some_scenario() {
    let made = Runner::default().run(&folder()).expect("readable scripts").transitions;
    let mut wrong = Vec::new();
    for state in State::ALL {
        for event in Event::ALL {
            for next in State::ALL {
                let possible =
                    all_facts().any(|facts| step(state, event, facts).is_ok_and(|s| s.next == next));
                let reason = out_of_reach(state, event, next).filter(|_| possible);
                match (made.contains(&(state, event, next)), reason) {
                    (true, Some(reason)) => {
                        wrong.push(format!("{state} {event} -> {next} was made, in spite of: {reason}"));
                    }
                    (false, None) if possible => {
                        wrong.push(format!("{state} {event} -> {next} is in no scenario"));
                    }
                    _ => {}
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The examples of the reference, each with the line that it begins behind.
fn examples() -> Vec<(usize, String)> {
    let mut examples = Vec::new();
    let mut lines = LANGUAGE.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line == "```scenario" {
            let text: Vec<&str> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            examples.push((at + 1, text.join("\n")));
        }
    }
    examples
}

#[test]
fn the_examples_of_the_reference_hold() {
    let examples = examples();
    assert!(examples.len() >= 7, "only {} examples were found", examples.len());
    for (line, example) in examples {
        let report = run(&example);
        assert_eq!(report.failures, [], "in the example behind line {line}");
    }
}

#[test]
fn every_first_word_of_a_command_is_in_the_reference() {
    let hints = only_failure("kind Link\nxyzzy\n");
    assert_eq!(hints.line, 2);
    for command in [
        "scenario",
        "kind",
        "back-off",
        "set",
        "change",
        "remove",
        "renew",
        "hold",
        "release",
        "ack",
        "fail",
        "late",
        "lose",
        "settle",
        "kernel",
        "advance",
        "retry",
        "stale",
        "sweep",
        "delete-all",
        "unregister",
        "register",
        "reserve",
        "row",
        "deliver",
        "expect",
    ] {
        assert!(
            LANGUAGE.contains(&format!("`{command} ")) || LANGUAGE.contains(&format!("`{command}`")),
            "{command}"
        );
    }
}

/// The line of an `expect`, changed so that what it says can't be true. `None` for those that say
/// nothing that can be turned round in the text.
fn flipped(line: &str) -> Option<String> {
    if !line.starts_with("expect ") {
        return None;
    }
    let code = line.split(" #").next().unwrap_or(line).trim_end();
    for state in State::ALL {
        // The first state of the line is another one then.
        let named = format!(" {}", state.name());
        if let Some(at) = code.find(&named)
            && code[at + named.len()..].chars().next().is_none_or(|next| next == ',' || next == ' ')
        {
            let other = if state == State::ChangeDefer { "ADD_DEFER" } else { "CHANGE_DEFER" };
            return Some(code.replacen(&named, &format!(" {other}"), 1));
        }
    }
    if code.starts_with("expect sent nothing") {
        return Some("expect sent A nobody".to_owned());
    }
    if code.starts_with("expect sent ") {
        return Some("expect sent nothing".to_owned());
    }
    if code.contains(" absent") {
        return Some(code.replacen(" absent", " IN_SYNC", 1));
    }
    if let Some((head, text)) = code.split_once('"') {
        let no = if head.contains("not contains") { return None } else { text };
        return Some(format!("{head}\"no such text: {no}"));
    }
    if let Some(head) = code.strip_suffix(" not stale") {
        return Some(format!("{head} stale"));
    }
    if let Some(head) = code.strip_suffix(" stale") {
        return Some(format!("{head} not stale"));
    }
    for (one, other) in [
        (" none", " 77"),
        (" in use", " queued"),
        (" queued", " in use"),
        (" unused", " in use"),
        (" departing", " unused"),
    ] {
        if let Some(head) = code.strip_suffix(one) {
            return Some(format!("{head}{other}"));
        }
    }
    let last = code.split(' ').next_back()?;
    let number: u64 = last.parse().ok()?;
    Some(format!("{}{}", &code[..code.len() - last.len()], number + 1))
}

#[test]
fn every_expectation_that_is_turned_round_fails_where_it_stands() {
    let (mut turned, mut missed) = (0, Vec::new());
    for file in files(&folder()).expect("a readable folder") {
        let text = std::fs::read_to_string(&file).expect("a readable script");
        let lines: Vec<&str> = text.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let Some(other) = flipped(line) else {
                continue;
            };
            let mut changed = lines.clone();
            let other = other.replace("A nobody", &format!("A {}", first_entry(&lines, at)));
            changed[at] = &other;
            let report = run(&changed.join("\n"));
            let found: Vec<usize> = report.failures.iter().map(|failure| failure.line).collect();
            turned += 1;
            if found != [at + 1] {
                missed.push(format!(
                    "{}:{}: {other}: failed in {:?}",
                    file.display(),
                    at + 1,
                    report.failures
                ));
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert!(turned > 400, "only {turned} expectations were turned round");
}

/// An entry that the scenario around that line names with its kind.
fn first_entry(lines: &[&str], at: usize) -> String {
    let begin = lines[..at].iter().rposition(|line| line.starts_with("scenario")).unwrap_or(0);
    let kind = lines[begin..at].iter().find_map(|line| line.strip_prefix("kind "));
    let kind = kind.and_then(|rest| rest.split([':', ' ']).next()).expect("a kind in every scenario");
    format!("{kind} nobody")
}

#[test]
fn what_does_not_hold_is_told_with_file_line_and_what_was_found() {
    let failure =
        only_failure("scenario \"x\"\nkind Link\n\nset Link l1\nexpect l1 IN_SYNC\nexpect l1 TEMP\n");
    assert_eq!(
        failure.to_string(),
        "test.scenario:5: Link l1: expected IN_SYNC, found SYNC_WAIT; Link l1 is SYNC_WAIT [x]"
    );
    let failure = only_failure("kind Link\nset Link l1 value 5\nexpect sent A l1 value 6, D l1\n");
    assert_eq!(
        failure.to_string(),
        "test.scenario:3: sent: expected A Link l1 value 6, D Link l1, found A Link l1 [test]"
    );
}

#[test]
fn what_can_t_be_read_is_told_with_a_hint() {
    for (text, line, told) in [
        ("kind Link\nexpct l1 IN_SYNC", 2, "`expct` is no command (did you mean `expect`?)"),
        ("kind Link\nset Link l1\nexpect l1 IN_SINC", 3, "`IN_SINC` is no state (did you mean IN_SYNC?)"),
        ("kind Link: indx 1..3", 1, "`indx` says nothing about a kind (did you mean `index`?)"),
        ("kind Link: index 3..1", 1, "the range 3..1 is empty (as in `index 1..3` or `index from kernel`)"),
        ("kind Link: depends on Lnik", 1, "there is no kind `Lnik` (did you mean `Link`?)"),
        (
            "kind Link\nset Link l1\nfail l1 with EBUZY",
            3,
            "`EBUZY` is no error of the kernel (did you mean EBUSY?)",
        ),
        (
            "kind Link\nkind Route\nset r1",
            3,
            "of which kind `r1` is was not said (say it once, as in `Link r1`; the kinds are Link, Route)",
        ),
        (
            "kind Link\nkind Route\nset Rout r1",
            3,
            "`Rout` is no kind, and of which kind `Rout` is was not said (did you mean the kind `Route`?)",
        ),
        (
            "kind Link\nkind Route\nset Route r1 -> Link l1",
            3,
            "Route does not depend on Link (declare it so: `kind Route: depends on Link`)",
        ),
        (
            "kind Link\nset Link l1 value 5 6",
            2,
            "`6` would be a second value (references follow `->`, as in `set r1 value 5 -> n1`)",
        ),
        (
            "kind Link\nset Link l1\nexpect sent l1",
            3,
            "`l1` is no operation (A (add), C (change), D (delete) or L (lookup), as in `expect sent A n1, D r1` or `expect sent nothing`)",
        ),
        (
            "kind Link\nadvance 5",
            2,
            "`5` is no duration (a number with us, ms, s, min or h, as in `advance 100ms`)",
        ),
        ("kind Link\nset Link l1 lacks \"an", 2, "the text in quotes has no end: a `\"` is missing"),
        (
            "kind Link\nset Link l1\nack l1 l2",
            3,
            "`l2` is more than is understood (the line should end behind this `ack`; lists need commas)",
        ),
        ("set l1", 1, "`l1` is an entry of no kind (declare a kind first: `kind NAME`)"),
        (
            "set r1\nscenario x\nkind Link\nset Link l1",
            1,
            "this stands before the first scenario of the file (only `kind` and `back-off` can stand there, and go for all of them)",
        ),
    ] {
        let failure = only_failure(text);
        assert_eq!((failure.line, failure.reason.as_str()), (line, told), "of {text}");
    }
}

#[test]
fn a_command_that_makes_no_sense_fails_the_scenario() {
    for (text, line, told) in [
        (
            "kind Link\nset Link l1\nack l1\nack l1",
            4,
            "no operation of Link l1 is outstanding; outstanding: nothing",
        ),
        (
            "kind Link\nset Link l1\nack D l1",
            3,
            "the operation that would be answered is A Link l1, not D; outstanding: A Link l1",
        ),
        ("kind Link\nretry", 2, "no timer is set, so there is nothing to wait for"),
        ("kind Link\nremove Link l1\nset l1", 2, "the command was refused: Link l1 is not declared"),
        ("kind Link\nremove Link l1", 2, "the command was refused: Link l1 is not declared"),
        (
            "kind Link\nset Link l1\nexpect refused",
            3,
            "expected the command before to be refused, found that it was not",
        ),
        (
            "kind Link\nset Link l1\nack\nlate ack l1",
            4,
            "rejected events: expected 0, found 1 at the end of the scenario",
        ),
    ] {
        let failure = only_failure(text);
        assert_eq!((failure.line, failure.reason.as_str()), (line, told), "of {text}");
    }
}

#[test]
fn scenarios_of_a_file_do_not_touch_each_other() {
    let report = run(
        "kind Link\nscenario one\nset Link l1\nexpect l1 IN_SYNC\nscenario two\nexpect Link l1 absent\nscenario three\nbanana\n",
    );
    assert_eq!((report.passed, report.failed), (1, 2));
    assert_eq!(report.failures.iter().map(|failure| failure.line).collect::<Vec<_>>(), [8, 4]);
}

#[test]
fn variants_of_spelling_are_taken() {
    let report = run(r#"
kind Link index from 1 to 3, on the spot
kind Route with depends on Link
ADD Link/l1 = 5 fixed=2
add route-less, other
"#);
    assert_eq!(report.failures.len(), 1, "a list without a kind: {:?}", report.failures);
    let report = run(r#"
scenario: spelling
kind Link: index from ksync 1..3
kind Route: depends on optional Link
create Link l1 = 5
declare Route r1 value=7 needs Link l1
expect state l1 is SYNC_WAIT
expect index of l1 = 1
expect l1 in sync_wait, r1 = ADD_DEFER
acknowledge add of l1
expect sent: add l1, then add r1 naming index 1
nack r1 by 16 "busy"
expect next timeout
advance to the next timer
ack
expect all IN_SYNC
expect refs 1
delete r1
lost l1
drifted l1
expect r1 is not IN_SYNC
"#);
    assert_eq!(report.failures, []);
}

#[test]
fn the_program_tells_what_failed_and_exits_so() {
    let folder = std::env::temp_dir().join(format!("scenarios-{}", std::process::id()));
    std::fs::create_dir_all(folder.join("below")).expect("a folder for scripts");
    std::fs::write(folder.join("good.scenario"), "kind Link\nset Link l1\nexpect sent A l1\n")
        .expect("written");
    std::fs::write(folder.join("below/bad.scenario"), "kind Link\nset Link l1\nexpect sent nothing\n")
        .expect("written");
    std::fs::write(folder.join("no-script.txt"), "nonsense").expect("written");
    let program = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_scenario"))
            .args(arguments)
            .current_dir(&folder)
            .output()
            .expect("the program runs");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    assert_eq!(program(&["good.scenario"]), (Some(0), "1 passed, 0 failed\n".to_owned()));
    let (code, out) = program(&["."]);
    assert_eq!(
        (code, out.as_str()),
        (
            Some(1),
            "./below/bad.scenario:3: sent: expected nothing, found A Link l1 [bad]\n1 passed, 1 failed\n"
        )
    );
    let (code, out) = program(&["--trace", "good.scenario"]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("     2 | set Link l1\n       >   Link l1: INIT -> SYNC_WAIT, add (ADD_CHANGE_REQ)\n"),
        "{out}"
    );
    assert_eq!(program(&["--language"]), (Some(0), LANGUAGE.to_owned()));
    assert_eq!(program(&["missing.scenario"]).0, Some(1));
    assert_eq!(program(&[]).0, Some(2));
    std::fs::remove_dir_all(&folder).expect("the folder is removed");
}

#[test]
fn the_reference_is_what_the_program_prints() {
    let page = std::fs::read_to_string(folder().join("README.md")).expect("the page is there");
    assert_eq!(page, LANGUAGE);
}
