//! The demo as a person runs it. It needs the functions' binaries: `cargo build --workspace --bins`.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::Value;
use std::{
    fs,
    os::unix::process::{CommandExt, ExitStatusExt},
    path::Path,
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

fn demo(directory: &Path, orders: usize, faults: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_demo"));
    command.args(["--dev", "--seed", "7", "--faults", faults, "--orders", &orders.to_string(), "--directory"]);
    command.arg(directory).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
    command
}

fn last_line(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    serde_json::from_str(text.lines().last().unwrap_or_default()).unwrap_or_else(|_| panic!("{output:?}"))
}

/// Processes that work within `directory`: the emulator, its functions, and what keeps them.
fn running(directory: &Path) -> usize {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let here =
        |entry: &fs::DirEntry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(directory));
    processes.filter(here).count()
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what} takes too long");
        thread::sleep(Duration::from_millis(20));
    }
}

/// Starts a long demo, waits until function processes run, sends `signal` to its process group, as a terminal does.
fn interrupted(signal: &str) -> (Child, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap();
    let child = demo(&path, 4_000, "off").spawn().unwrap();
    // The keeper, the emulator, a producer and a consumer.
    until("the start", || running(&path) >= 4);
    let sent = Command::new("kill").args([signal, "--", &format!("-{}", child.id())]).status().unwrap();
    assert!(sent.success());
    (child, directory)
}

#[test]
fn a_night_with_faults_loses_and_doubles_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let output = demo(directory.path(), 60, "on").output().unwrap();
    let result = last_line(&output);
    assert!(output.status.success(), "{output:?}");
    assert_eq!([&result["orders"], &result["lost"], &result["doubled"]], [60, 0, 0], "{result}");
    let certificate = &result["certificates"]["default"];
    assert_eq!(certificate["complete"], true, "{result}");
    assert_eq!(certificate["ledger"]["confirmed"], result["delivered"], "{result}");
    let of_skipped = result["skipped"].as_object().unwrap().values();
    let skipped: u64 = of_skipped.filter_map(Value::as_u64).sum();
    let ended = [&result["delivered"], &result["dead_lettered"]].map(|n| n.as_u64().unwrap());
    assert_eq!(ended[0] + ended[1] + skipped, 60, "{result}");
}

#[test]
fn ctrl_c_leaves_no_process_behind() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let (mut child, directory) = interrupted(signal);
        assert_eq!(child.wait().unwrap().code(), Some(code));
        assert_eq!(running(&directory.path().canonicalize().unwrap()), 0, "after {signal}");
    }
}

#[test]
fn nor_does_sudden_death() {
    let (mut child, directory) = interrupted("-KILL");
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    let path = directory.path().canonicalize().unwrap();
    until("the end", || running(&path) == 0);
}
