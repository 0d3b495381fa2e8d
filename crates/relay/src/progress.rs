//! What is seen while something takes longer than a second. On standard error, and nothing where that is no terminal.

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::{borrow::Cow, time::Duration};

thread_local! {
    /// Where all of them are drawn, below each other: two that know nothing of each other leave lines behind.
    static BOARD: MultiProgress = MultiProgress::new();
}

/// So often a spinner moves.
const TICK: Duration = Duration::from_millis(120);

/// A bar towards a known end.
pub(crate) fn bar(all: u64, doing: impl Into<Cow<'static, str>>) -> ProgressBar {
    BOARD.with(|board| bar_on(board, all, doing))
}

/// Something that moves while nobody knows how long it takes.
pub(crate) fn spinner(doing: impl Into<Cow<'static, str>>) -> ProgressBar {
    let bar = BOARD.with(|board| board.add(ProgressBar::new_spinner().with_message(doing)));
    style(&bar, "{elapsed:>4} {spinner} {msg}");
    bar.enable_steady_tick(TICK);
    bar
}

fn bar_on(board: &MultiProgress, all: u64, doing: impl Into<Cow<'static, str>>) -> ProgressBar {
    let bar = board.add(ProgressBar::new(all).with_message(doing));
    style(&bar, "{elapsed:>4} {bar:30} {human_pos}/{human_len}  {msg}  {eta} left");
    bar
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use indicatif::{ProgressDrawTarget, TermLike};
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    const WIDTH: u16 = 120;

    /// A terminal's lines, and the one that the cursor is on.
    #[derive(Clone, Debug, Default)]
    struct Screen(Arc<Mutex<(Vec<String>, usize)>>);

    impl Screen {
        /// Writes text; what is longer than a line goes on on the next one.
        fn write(&self, text: &str) {
            let (lines, row) = &mut *self.0.lock().unwrap();
            for character in text.chars() {
                lines.resize_with((*row + 1).max(lines.len()), String::new);
                if lines[*row].chars().count() == usize::from(WIDTH) {
                    *row += 1;
                    lines.resize_with((*row + 1).max(lines.len()), String::new);
                }
                lines[*row].push(character);
            }
        }

        fn step(&self, row: impl FnOnce(usize) -> usize) {
            let mut screen = self.0.lock().unwrap();
            screen.1 = row(screen.1);
        }

        fn written(&self) -> usize {
            self.0.lock().unwrap().0.iter().filter(|line| !line.trim().is_empty()).count()
        }
    }

    impl TermLike for Screen {
        fn width(&self) -> u16 {
            WIDTH
        }
        fn move_cursor_up(&self, n: usize) -> io::Result<()> {
            self.step(|row| row.saturating_sub(n));
            Ok(())
        }
        fn move_cursor_down(&self, n: usize) -> io::Result<()> {
            self.step(|row| row + n);
            Ok(())
        }
        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }
        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write(text);
            self.step(|row| row + 1);
            Ok(())
        }
        fn write_str(&self, text: &str) -> io::Result<()> {
            self.write(text);
            Ok(())
        }
        fn clear_line(&self) -> io::Result<()> {
            let (lines, row) = &mut *self.0.lock().unwrap();
            lines.get_mut(*row).into_iter().for_each(String::clear);
            Ok(())
        }
        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_bar_within_a_bar_leaves_no_line_behind() {
        let screen = Screen::default();
        let board = MultiProgress::with_draw_target(ProgressDrawTarget::term_like(Box::new(screen.clone())));
        let days = bar_on(&board, 5, "days");
        for day in 0..5 {
            days.set_message(format!("day {day}"));
            days.tick();
            let waits = bar_on(&board, 3, "waits until the queue has room");
            waits.tick();
            assert_eq!(screen.written(), 2, "{screen:?}");
            waits.finish_and_clear();
            days.inc(1);
            days.tick();
            assert_eq!(screen.written(), 1, "{screen:?}");
        }
        days.finish_and_clear();
        assert_eq!(screen.written(), 0, "{screen:?}");
    }
}
