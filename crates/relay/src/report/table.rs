//! The numbers behind a plot, folded away.

use maud::{Markup, html};

/// Named columns and their rows, a cell a text.
pub(super) fn table(head: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Markup {
    html! {
        details {
            summary { "The numbers" }
            div.wide {
                table {
                    thead { tr { @for name in head { th scope="col" { (name) } } } }
                    tbody { @for row in rows { tr { @for cell in row { td { (cell) } } } } }
                }
            }
        }
    }
}
