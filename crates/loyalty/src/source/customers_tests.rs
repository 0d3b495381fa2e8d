use super::*;
use crate::{
    message::{Message, Payload},
    source::testing::{Bench, row, with},
};
use delivery::{Fate, Item};
use serde_json::{Value, json};

const JANE: &str = "003000000000001AAA";

fn jane() -> Value {
    json!({"Id": JANE, "SystemModstamp": "2026-11-20T09:00:00.000+0000", "IsDeleted": false, "MasterRecordId": null,
           "Email": "Jane@Example.com", "FirstName": "Jane", "LastName": "Doe\u{200b}"})
}

async fn mapped(bench: &Bench, json: &Value) -> Mapped {
    let (fields, row) = (bench.fields().await, row(json.clone()));
    let person = Person::alone(revision(&row).unwrap(), asked(&row, &fields.customer).unwrap());
    bench.mapping(&fields).customer(&row, &person).unwrap()
}

fn asked_for(item: &Item) -> CustomerAsked {
    let Payload::Customer(asked) = Message::parse(&item.entry().unwrap().body).unwrap().payload else { panic!() };
    asked
}

#[tokio::test]
async fn what_is_sent_of_a_customer_is_made_fit_or_left_out() {
    let bench = Bench::new(&[
        ("#phone = \"MobilePhone\"", "phone = \"MobilePhone\""),
        ("#opt_in = \"Loyalty_Member__c\"", "opt_in = \"Opt_In__c\""),
        ("#tags = \"Loyalty_Tags__c\"", "tags = \"Tags__c\""),
        ("#customer_id = [\"Shop_Customer_Id__c\"]", "customer_id = [\"Phone\"]"),
    ]);
    for (more, id, phone, tags, opt_in) in [
        (
            json!({"Phone": " C1 ", "MobilePhone": "+43 (1) 234-5678", "Tags__c": "vip; mail ,vip"}),
            "C1",
            Some("+4312345678"),
            "vip,mail",
            None,
        ),
        (json!({"MobilePhone": "01 2345678", "Opt_In__c": true}), JANE, None, "", Some(true)),
        (json!({"MobilePhone": "+0123456789", "Opt_In__c": false, "Phone": "\u{200b}"}), JANE, None, "", Some(false)),
    ] {
        let Mapped::Item(item) = mapped(&bench, &with(&jane(), &more)).await else { panic!() };
        assert_eq!(item.delivery.key.as_str(), format!("loyalty/default/customer/{JANE}"));
        let asked = asked_for(&item);
        assert_eq!((asked.email.as_str(), asked.last_name.as_deref()), ("jane@example.com", Some("Doe")));
        assert_eq!((asked.customer_id.as_str(), asked.phone.as_deref()), (id, phone));
        assert_eq!((asked.tags.as_deref(), asked.opt_in), (Some(tags), opt_in));
    }
}

#[tokio::test]
async fn a_customer_without_an_address_that_works_is_skipped() {
    for (email, reason) in
        [(json!(null), "no_email"), (json!(" "), "no_email"), (json!("jane@localhost"), "invalid_email")]
    {
        let Mapped::Item(item) = mapped(&Bench::new(&[]), &with(&jane(), &json!({"Email": email}))).await else {
            panic!()
        };
        assert!(matches!(item.fate, Fate::Skip(skipped) if skipped == reason), "{:?}", item.fate);
    }
}

#[tokio::test]
async fn a_deleted_one_is_news_where_it_was_known() {
    for (master, expected) in [
        (json!(null), Gone::Deleted),
        (json!("003000000000002AAA"), Gone::Merged(Id::parse("003000000000002AAA").unwrap())),
    ] {
        let gone = with(&jane(), &json!({"IsDeleted": true, "MasterRecordId": master}));
        let Mapped::IfKnown(item) = mapped(&Bench::new(&[]), &gone).await else { panic!() };
        let asked = asked_for(&item);
        assert_eq!((asked.gone, asked.email.as_str(), asked.first_name), (Some(expected), "", None));
    }
}

#[tokio::test]
async fn a_customer_goes_to_the_store_that_its_own_record_names() {
    let bench = Bench::two_stores(&[]);
    let Mapped::Item(item) = mapped(&bench, &with(&jane(), &json!({"Store__c": "EU"}))).await else { panic!() };
    assert_eq!((item.store.as_str(), item.entry().is_some()), ("eu", true));
    let Mapped::Item(item) = mapped(&bench, &with(&jane(), &json!({"Store__c": "Mars"}))).await else { panic!() };
    assert!(matches!(item.fate, Fate::Park("unknown_store", _)));
    let none = mapped(&bench, &with(&jane(), &json!({"Store__c": null}))).await;
    assert!(matches!(none, Mapped::Outside(_, _, "no_store")), "{none:?}");
}
