//! What an account has before the first order: items, currencies, subsidiaries.

use rust_decimal::Decimal;
use serde::Serialize;

/// An item of the account.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// Its internal id; 0 for the next free one.
    pub id: u64,
    /// The SKU.
    pub item_id: String,
    /// Its external id.
    pub external_id: Option<String>,
    /// No longer sold.
    pub inactive: bool,
    /// Its own price, which a line gets that names no custom price level. Charge items have none.
    pub price: Option<Decimal>,
}

impl Item {
    /// An active item with this SKU and a price of its own.
    pub fn new(item_id: &str, price: Option<Decimal>) -> Self {
        Self { id: 0, item_id: item_id.to_owned(), external_id: None, inactive: false, price }
    }
}

pub(crate) struct Currency {
    pub(crate) id: u64,
    pub(crate) symbol: &'static str,
    /// Digits after the point.
    pub(crate) digits: u32,
}

const CURRENCIES: [(&str, u32); 10] = [
    ("USD", 2),
    ("EUR", 2),
    ("GBP", 2),
    ("CAD", 2),
    ("AUD", 2),
    ("JPY", 0),
    ("KWD", 3),
    ("CHF", 2),
    ("SEK", 2),
    ("DKK", 2),
];

/// The charge items of an account that is set up for the pipeline.
const CHARGES: [&str; 4] = ["SHIPPING", "DISCOUNT", "GIFTCARD", "TAX"];

pub(crate) struct Lists {
    pub(crate) items: Vec<Item>,
    pub(crate) currencies: Vec<Currency>,
    /// Names; the id is the place, from 1.
    pub(crate) subsidiaries: Vec<&'static str>,
}

impl Default for Lists {
    /// Four charge items and the goods of the catalogue, at prices that no shop asks.
    fn default() -> Self {
        let currencies = (1..).zip(CURRENCIES).map(|(id, (symbol, digits))| Currency { id, symbol, digits }).collect();
        let mut lists = Self { items: Vec::new(), currencies, subsidiaries: vec!["Parent Company", "Europe"] };
        for name in CHARGES {
            lists.put(Item::new(name, None));
        }
        for sku in crate::goods::skus() {
            lists.put(Item::new(&sku, Some(Decimal::new(77_777, 2))));
        }
        lists
    }
}

impl Lists {
    /// Adds an item, or replaces the one with that SKU.
    pub(crate) fn put(&mut self, item: Item) -> u64 {
        let same = self.items.iter().position(|known| known.item_id == item.item_id);
        let next = self.items.iter().map(|known| known.id).max().unwrap_or(100) + 1;
        let id = same.map_or(if item.id == 0 { next } else { item.id }, |place| self.items[place].id);
        let item = Item { id, ..item };
        match same {
            Some(place) => self.items[place] = item,
            None => self.items.push(item),
        }
        id
    }

    pub(crate) fn item(&self, id: u64) -> Option<&Item> {
        self.items.iter().find(|item| item.id == id)
    }

    pub(crate) fn currency(&self, id: u64) -> Option<&Currency> {
        self.currencies.iter().find(|currency| currency.id == id)
    }

    pub(crate) fn subsidiary(&self, id: u64) -> Option<&'static str> {
        self.subsidiaries.get(usize::try_from(id).ok()?.checked_sub(1)?).copied()
    }
}
