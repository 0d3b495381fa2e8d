//! Buyers' names. They are unlike any word of a log, so that a search for them finds nothing but a leak.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

const FIRST: &[&str] = &["Quillan", "Thessaly", "Ottoline", "Bertrandt", "Ysolde", "Peregrine", "Marigolda", "Fenwick"];
const LAST: &[&str] =
    &["Ravensworth", "Quibbleton", "Zimmerthal", "Oakenshaw", "Featherby", "Vandersloot", "Pumpernik"];
const NON_ASCII: &[(&str, &str)] = &[
    ("Zoë", "Grönlundström"),
    ("José", "Muñoz-Peñaranda"),
    ("Søren", "Kierkegård"),
    ("美咲", "長谷川"),
    ("Ольга", "Ковальчукова"),
    ("आरव", "चतुर्वेदी"),
    ("Nguyễn", "Thị Hồng🌸"),
];

pub(crate) fn name(rng: &mut ChaCha8Rng) -> (&'static str, &'static str) {
    (FIRST[rng.random_range(0..FIRST.len())], LAST[rng.random_range(0..LAST.len())])
}

pub(crate) fn non_ascii_name(rng: &mut ChaCha8Rng) -> (&'static str, &'static str) {
    NON_ASCII[rng.random_range(0..NON_ASCII.len())]
}
