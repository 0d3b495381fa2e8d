//! The erp flow's promises, each with its day and its figures.

use simulation::{ErpCase, ErpReport, erp_cases, run_erp};
use std::{process::ExitCode, thread, time::Instant};

/// Shows every promise, two days at a time; fails if one does not hold.
#[expect(clippy::print_stdout, reason = "this is what it is for")]
pub(crate) fn show(seed: u64, orders: usize) -> ExitCode {
    let mut well = true;
    for case in erp_cases(seed, orders) {
        let begun = Instant::now();
        let ErpCase { name, day, twin, judge } = case;
        let beside = twin.map(|twin| thread::spawn(move || run_erp(&twin)));
        let report = run_erp(&day);
        let twin = beside.map(thread::JoinHandle::join);
        println!("{name}: {:.0} s", begun.elapsed().as_secs_f64());
        println!("{report}");
        let twin = match twin {
            Some(Ok(twin)) => Some(twin),
            Some(Err(_)) => {
                println!("the day to compare it with panicked");
                return ExitCode::FAILURE;
            }
            None => None,
        };
        let (said, wrong) = judge(&report, twin.as_ref());
        println!("{said}");
        for problem in wrong.iter().chain([Some(&report), twin.as_ref()].into_iter().flatten().flat_map(problems)) {
            well = false;
            println!("WRONG: {problem}");
        }
        for failure in [Some(&report), twin.as_ref()].into_iter().flatten().filter_map(ErpReport::failure) {
            println!("{failure}");
        }
        println!();
    }
    if well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn problems(report: &ErpReport) -> impl Iterator<Item = &String> {
    report.problems.iter().take(20)
}
