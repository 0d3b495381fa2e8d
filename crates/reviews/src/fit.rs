//! A purchase is made to fit into a message: texts that Yotpo can do without are shortened or left out, the longest first.
//! Deterministic: the same purchase fits in the same way every time.

use crate::message::Message;
use queue::body;
use std::collections::BTreeMap;
use yotpo::{Product, Purchase};

/// The longest body that is made, in bytes.
pub(crate) const LONGEST_BODY: usize = queue::BODY_BYTES;

type Products = BTreeMap<String, Product>;

/// What is done without, in this order: a way to save bytes, with how many to save, that says how many texts it changed.
const WAYS: [fn(&mut Products, usize) -> usize; 6] = [
    |products, excess| save(products, excess, |product| &mut product.description, Way::Shorten),
    |products, excess| save(products, excess, |product| &mut product.image, Way::LeaveOut),
    |products, excess| save(products, excess, |product| &mut product.url, Way::LeaveOut),
    |products, _| products.values_mut().map(|product| std::mem::take(&mut product.specs).len()).sum(),
    |products, excess| save(products, excess, |product| &mut product.name, Way::Shorten),
    |products, excess| save(products, excess, |product| &mut product.price, Way::LeaveOut),
];

#[derive(Clone, Copy)]
enum Way {
    Shorten,
    LeaveOut,
}

/// The message's body of at most `longest` bytes, and how many texts of its purchase were shortened or left out for that. A
/// purchase that is too long without them keeps what it must have, and its body is longer.
pub(crate) fn body(message: &mut Message, longest: usize) -> Result<(String, usize), serde_json::Error> {
    let mut body = body::json(message)?;
    let mut changed = 0;
    for way in WAYS {
        if body.len() <= longest {
            break;
        }
        let Purchase { products, .. } = &mut message.payload.purchase;
        changed += way(products, body.len() - longest);
        body = body::json(message)?;
    }
    Ok((body, changed))
}

/// Saves at least `excess` bytes of a body by a text that each product may have, or all that there is to save. The longest texts
/// give way first, down to one length for all of them.
fn save(products: &mut Products, excess: usize, field: fn(&mut Product) -> &mut Option<String>, way: Way) -> usize {
    let lengths: Vec<usize> = products.values_mut().filter_map(|p| field(p).as_deref().map(length)).collect();
    let most = most(&lengths, excess);
    let mut changed = 0;
    for product in products.values_mut() {
        let text = field(product);
        if text.as_deref().is_some_and(|text| length(text) > most) {
            changed += 1;
            *text = match way {
                Way::Shorten => text.as_deref().map(|text| shortened(text, most)).filter(|text| !text.is_empty()),
                Way::LeaveOut => None,
            };
        }
    }
    changed
}

/// The greatest length such that texts of these lengths, cut down to it, save `excess`; 0 if none does.
fn most(lengths: &[usize], excess: usize) -> usize {
    let saved = |most: usize| lengths.iter().map(|length| length.saturating_sub(most)).sum::<usize>();
    // The shorter they are cut, the more is saved.
    let (mut enough, mut too_little) = (0, lengths.iter().copied().max().unwrap_or_default() + 1);
    while too_little - enough > 1 {
        let middle = usize::midpoint(enough, too_little);
        if saved(middle) >= excess { enough = middle } else { too_little = middle }
    }
    enough
}

/// The beginning of a text, of whole characters, that takes at most `most` bytes of a body.
fn shortened(text: &str, most: usize) -> String {
    let mut taken = 0;
    let fits = text.chars().take_while(|c| {
        taken += escaped(*c);
        taken <= most
    });
    fits.collect::<String>().trim_end().to_owned()
}

/// How many bytes of a body a text takes, without its quotes.
fn length(text: &str) -> usize {
    text.chars().map(escaped).sum()
}

/// As [`body::json`] writes it.
fn escaped(c: char) -> usize {
    match c {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        ' '..='~' => 1,
        _ => c.len_utf16() * "\\u0000".len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::Revision;
    use proptest::{collection::vec, option, prelude::*};

    fn message(products: Products) -> Message {
        let purchase = Purchase {
            email: "jane@example.com".to_owned(),
            customer_name: "Jane Doe".to_owned(),
            order_id: "00000100".to_owned(),
            order_date: "2026-11-20".parse().unwrap(),
            currency_iso: Some("EUR".to_owned()),
            platform: "general".to_owned(),
            products,
            user_reference: None,
        };
        crate::message::message(
            "reviews/801RO000000AbcDYAS".to_owned().try_into().unwrap(),
            Revision(1),
            "default",
            purchase,
        )
        .unwrap()
    }

    fn product(description: &str) -> Product {
        let text = |text: &str| Some(text.to_owned());
        Product {
            url: text("https://example.com/p"),
            name: text("Shirt"),
            image: text("https://example.com/i"),
            description: text(description),
            price: text("1.00"),
            specs: [("sku".to_owned(), "S-1".to_owned())].into(),
        }
    }

    fn descriptions(message: &Message) -> Vec<usize> {
        let all = message.payload.purchase.products.values();
        all.map(|product| product.description.as_deref().unwrap_or_default().chars().count()).collect()
    }

    /// A standard field of Salesforce: 4,000 characters, of which each takes six bytes of a body.
    #[test]
    fn forty_five_long_descriptions_are_shortened_and_nothing_else_is() {
        let products = (0..45).map(|n| (format!("P-{n}"), product(&"産".repeat(4000))));
        let mut long = message(products.collect());
        let (whole, hash) = (long.clone(), long.delivery.hash.clone());
        assert!(body::json(&long).unwrap().len() > queue::BATCH_BYTES);
        let (body, changed) = super::body(&mut long, LONGEST_BODY).unwrap();
        assert!((LONGEST_BODY - 45 * 6..=LONGEST_BODY).contains(&body.len()), "{}", body.len());
        assert_eq!((changed, Message::parse(&body).unwrap()), (45, long.clone()));
        assert!(descriptions(&long).iter().all(|length| *length > 3_700), "{:?}", descriptions(&long));
        assert_eq!(long.delivery.hash, hash, "it is the same delivery");
        let without = |mut message: Message| {
            message.payload.purchase.products.values_mut().for_each(|product| product.description = None);
            message
        };
        assert_eq!(without(long), without(whole));
    }

    #[test]
    fn the_longest_give_way_first_and_the_shortest_stay() {
        let lengths = [10, 4000, 10, 3000].map(|length| "x".repeat(length));
        let products = lengths.iter().enumerate().map(|(n, text)| (format!("P-{n}"), product(text)));
        let mut long = message(products.collect());
        let longest = body::json(&long).unwrap().len() - 1500;
        let (body, changed) = super::body(&mut long, longest).unwrap();
        assert_eq!((body.len(), changed, descriptions(&long)), (longest, 2, vec![10, 2750, 10, 2750]));
    }

    #[test]
    fn what_fits_stays_as_it_is() {
        let mut short = message([("A".to_owned(), product("\u{7f}é\"\\ \u{1F600}"))].into());
        let whole = (short.clone(), body::json(&short).unwrap());
        let (body, changed) = super::body(&mut short, whole.1.len()).unwrap();
        assert_eq!((short, body, changed), (whole.0, whole.1, 0));
    }

    fn text() -> impl Strategy<Value = Option<String>> {
        option::of("\\PC{1,12}|[\\x00-\\x7f\u{1F600}\u{FFFE}é産]{1,40}")
    }

    prop_compose! {
        fn any_product()(description in text(), url in text(), image in text(), name in text(), price in text(), spec in text()) -> Product {
            let specs = spec.map(|spec| ("sku".to_owned(), spec)).into_iter().collect();
            Product { url, name, image, description, price, specs }
        }
    }

    proptest! {
        #[test]
        fn a_length_is_what_is_written(text in "\\PC{0,20}|[\\x00-\\x7f\u{1F600}\u{FFFE}é産]{0,40}") {
            prop_assert_eq!(length(&text), body::json(&text).unwrap().len() - 2);
        }

        /// Whatever is optional, and however long: it fits if it fits without, what it must have is as it was, and so is what is
        /// kept but for its end.
        #[test]
        fn no_optional_text_keeps_a_purchase_from_fitting(products in vec(any_product(), 1..6), part in 0.0..1.0_f64) {
            let named: Products = products.into_iter().enumerate().map(|(n, product)| (format!("P-{n}"), product)).collect();
            let whole = message(named);
            let bare = message(whole.payload.purchase.products.keys().map(|id| (id.clone(), Product::default())).collect());
            let (most, least) = (body::json(&whole).unwrap().len(), body::json(&bare).unwrap().len());
            #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a length between")]
            let longest = least + (((most - least) as f64) * part) as usize;
            let mut fitted = whole.clone();
            let (body, changed) = super::body(&mut fitted, longest).unwrap();
            prop_assert!(body.len() <= longest, "{} of {}", body.len(), longest);
            prop_assert_eq!(&Message::parse(&body).unwrap(), &fitted);
            prop_assert_eq!(changed == 0, most <= longest);
            prop_assert_eq!(&fitted.delivery, &whole.delivery);
            for (id, product) in &whole.payload.purchase.products {
                let kept = &fitted.payload.purchase.products[id];
                for (kept, whole, may_be_cut) in [
                    (&kept.description, &product.description, true),
                    (&kept.name, &product.name, true),
                    (&kept.image, &product.image, false),
                    (&kept.url, &product.url, false),
                    (&kept.price, &product.price, false),
                ] {
                    let (kept, whole) = (kept.as_deref().unwrap_or_default(), whole.as_deref().unwrap_or_default());
                    prop_assert!(kept == whole || kept.is_empty() || (may_be_cut && whole.starts_with(kept)));
                }
            }
            let mut again = whole;
            super::body(&mut again, longest).unwrap();
            prop_assert_eq!(again, fitted);
        }
    }
}
