//! What is seen while something takes longer than a second. On standard error, and nothing where that is no terminal.

use indicatif::{ProgressBar, ProgressStyle};
use std::{borrow::Cow, time::Duration};

/// So often a spinner moves.
const TICK: Duration = Duration::from_millis(120);

/// A bar towards a known end.
pub(crate) fn bar(all: u64, doing: impl Into<Cow<'static, str>>) -> ProgressBar {
    let bar = ProgressBar::new(all).with_message(doing);
    style(&bar, "{elapsed:>4} {bar:30} {human_pos}/{human_len}  {msg}  {eta} left");
    bar
}

/// Something that moves while nobody knows how long it takes.
pub(crate) fn spinner(doing: impl Into<Cow<'static, str>>) -> ProgressBar {
    let bar = ProgressBar::new_spinner().with_message(doing);
    style(&bar, "{elapsed:>4} {spinner} {msg}");
    bar.enable_steady_tick(TICK);
    bar
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}
