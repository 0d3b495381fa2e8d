//! Buyers.

use chrono::{DateTime, Utc};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::ids::Ids;
use crate::seed::people;

#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) id: u64,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) phone: Option<String>,
    pub(super) address: Address,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    /// Orders show it without its stamps, as Shopify's documented payload does.
    pub(super) unstamped: bool,
}

#[derive(Debug, Clone)]
pub(super) struct Address {
    pub(super) id: u64,
    pub(super) street: String,
    pub(super) city: &'static str,
    pub(super) province: Option<(&'static str, &'static str)>,
    pub(super) country: (&'static str, &'static str),
    pub(super) zip: String,
}

type Place = (&'static str, Option<(&'static str, &'static str)>, (&'static str, &'static str));

const PLACES: [Place; 5] = [
    ("Louisville", Some(("Kentucky", "KY")), ("United States", "US")),
    ("Ottawa", Some(("Ontario", "ON")), ("Canada", "CA")),
    ("Hamburg", None, ("Germany", "DE")),
    ("Kuwait City", None, ("Kuwait", "KW")),
    ("Osaka", Some(("Ōsaka", "JP-27")), ("Japan", "JP")),
];

impl Address {
    pub(super) fn draw(ids: &mut Ids, rng: &mut ChaCha8Rng) -> Self {
        let (city, province, country) = PLACES[rng.random_range(0..PLACES.len())];
        let number = rng.random_range(1..9_000);
        let zip = format!("{:05}", rng.random_range(10_000..99_999));
        Self { id: ids.next(), street: format!("{number} Quillwort Crescent"), city, province, country, zip }
    }
}

impl Customer {
    pub(super) fn draw(ids: &mut Ids, rng: &mut ChaCha8Rng, at: DateTime<Utc>) -> Self {
        let (first, last) = if rng.random_bool(0.15) { people::non_ascii_name(rng) } else { people::name(rng) };
        let id = ids.next();
        let phone = rng.random_bool(0.4).then(|| format!("+1613555{:04}", rng.random_range(0..10_000)));
        Self {
            id,
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: format!("buyer-{id}@quillwort.example"),
            phone,
            address: Address::draw(ids, rng),
            created_at: at,
            updated_at: at,
            unstamped: rng.random_bool(0.25),
        }
    }
}
