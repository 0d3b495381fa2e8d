//! What `infra/salesforce` ships bears the names that the configuration has by default, and every permission set knows all of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use config::{FieldPath, Relay, WriteBack};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../infra/salesforce/loyalty")
}

fn listed(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// `Contact.Yotpo_Points_Balance__c`, and the file that says what it is.
fn fields() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for object in listed(&shipped().join("objects")) {
        let name = object.file_name().unwrap().to_str().unwrap();
        for field in listed(&object.join("fields")) {
            let text = fs::read_to_string(&field).unwrap();
            let file = field.file_name().unwrap().to_str().unwrap();
            let field = file.strip_suffix(".field-meta.xml").unwrap();
            assert!(text.contains(&format!("<fullName>{field}</fullName>")), "{name}.{field}");
            found.push((format!("{name}.{field}"), text));
        }
    }
    found
}

/// Every name of the settings' defaults, of `object`'s.
fn configured() -> BTreeSet<String> {
    let WriteBack {
        customer_id,
        points_balance,
        points_earned,
        vip_tier,
        vip_tier_ends,
        opt_in,
        referral_link,
        last_sync,
        coupon_promotion: _,
        reward,
        membership,
    } = WriteBack::default();
    let own =
        [&customer_id, &points_balance, &points_earned, &vip_tier, &vip_tier_ends, &opt_in, &referral_link, &last_sync];
    let of = |object: &str, fields: &[&FieldPath]| {
        fields.iter().map(|field| format!("{object}.{}", field.as_str())).collect::<Vec<_>>()
    };
    let rewards = [
        &reward.redemption_id,
        &reward.coupon_code,
        &reward.option_id,
        &reward.points,
        &reward.status,
        &reward.contact,
        &reward.order,
        &reward.store,
    ];
    let memberships = [&membership.key, &membership.contact, &membership.store];
    let order = ["Order.Store__c", "Order.Locale__c", "Order.Coupon_Code__c"].map(str::to_owned);
    [
        of("Contact", &own),
        of("Account", &own),
        of(reward.object.as_str(), &rewards),
        of(membership.object.as_str(), &own),
        of(membership.object.as_str(), &memberships),
        order.to_vec(),
    ]
    .concat()
    .into_iter()
    .collect()
}

#[test]
fn what_is_shipped_bears_the_names_of_the_defaults() {
    let shipped: BTreeSet<String> = fields().into_iter().map(|(name, _)| name).collect();
    assert_eq!(shipped, configured());
    let relay = Relay::parse(include_str!("../../../infra/config/relay.toml"), "relay.toml").unwrap();
    assert_eq!(relay.loyalty.unwrap().write_back, WriteBack::default(), "what the file writes out is what it need not");
}

#[test]
fn external_ids_are_unique() {
    let defaults = WriteBack::default();
    let (reward, membership) = (&defaults.reward, &defaults.membership);
    let keys = [
        format!("Contact.{}", defaults.customer_id.as_str()),
        format!("Account.{}", defaults.customer_id.as_str()),
        format!("{}.{}", reward.object.as_str(), reward.redemption_id.as_str()),
        format!("{}.{}", membership.object.as_str(), membership.key.as_str()),
    ];
    for (name, text) in fields() {
        let unique = text.contains("<externalId>true</externalId>") && text.contains("<unique>true</unique>");
        assert_eq!(unique, keys.contains(&name), "{name}");
    }
}

#[test]
fn every_permission_set_knows_every_field_and_nobody_may_delete() {
    let fields: Vec<String> = fields().into_iter().map(|(name, _)| name).collect();
    let sets = listed(&shipped().join("permissionsets"));
    assert_eq!(sets.len(), 2);
    for set in sets {
        let text = fs::read_to_string(&set).unwrap();
        for field in &fields {
            assert!(text.contains(&format!("<field>{field}</field>")), "{} lacks {field}", set.display());
        }
        assert!(!text.contains("<allowDelete>true"), "{}", set.display());
        let reads = set.to_str().unwrap().contains("Read");
        assert_eq!(text.contains("<editable>true"), !reads, "{}", set.display());
    }
}
