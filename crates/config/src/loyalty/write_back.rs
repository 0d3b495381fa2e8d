//! `[loyalty.write_back]`: names in the org of what comes back from Yotpo.

use crate::FieldPath;
use crate::fault::{Fault, require};
use serde::Deserialize;

/// Fields of Contact, or of Account with person accounts, as `infra/salesforce` ships them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WriteBack {
    /// The customer's id at Yotpo; an external id, unique.
    pub customer_id: FieldPath,
    /// Points to spend; may be negative.
    pub points_balance: FieldPath,
    /// Points earned so far.
    pub points_earned: FieldPath,
    /// The tier's name.
    pub vip_tier: FieldPath,
    /// The day on which it ends, in the store's zone.
    pub vip_tier_ends: FieldPath,
    /// Whether they take part, as Yotpo has it.
    pub opt_in: FieldPath,
    /// Where to send friends.
    pub referral_link: FieldPath,
    /// When this was last read at Yotpo.
    pub last_sync: FieldPath,
    /// Whether codes are made `Coupon`s too, of the promotion with this id.
    pub coupon_promotion: Option<String>,
    /// The rewards.
    pub reward: RewardFields,
    /// The memberships, where a customer may be in several stores.
    pub membership: MembershipFields,
}

/// `[loyalty.write_back.reward]`: an object, and its fields.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RewardFields {
    /// The object.
    pub object: FieldPath,
    /// The redemption's id; an external id, unique.
    pub redemption_id: FieldPath,
    /// The coupon's code.
    pub coupon_code: FieldPath,
    /// The id of what was redeemed.
    pub option_id: FieldPath,
    /// The points that it cost.
    pub points: FieldPath,
    /// What has become of it.
    pub status: FieldPath,
    /// Whose it is.
    pub contact: FieldPath,
    /// The order that used it.
    pub order: FieldPath,
    /// The store that it counts in.
    pub store: FieldPath,
}

/// `[loyalty.write_back.membership]`: an object, and those of its fields that Contact does not have; the others bear the same names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MembershipFields {
    /// The object.
    pub object: FieldPath,
    /// `{store}:{customer id}`; an external id, unique.
    pub key: FieldPath,
    /// Whose it is.
    pub contact: FieldPath,
    /// The store.
    pub store: FieldPath,
}

impl Default for WriteBack {
    fn default() -> Self {
        let field = FieldPath::known;
        Self {
            customer_id: field("Yotpo_Customer_Id__c"),
            points_balance: field("Yotpo_Points_Balance__c"),
            points_earned: field("Yotpo_Points_Earned__c"),
            vip_tier: field("Yotpo_VIP_Tier__c"),
            vip_tier_ends: field("Yotpo_VIP_Tier_Ends__c"),
            opt_in: field("Yotpo_Opt_In__c"),
            referral_link: field("Yotpo_Referral_Link__c"),
            last_sync: field("Yotpo_Last_Sync__c"),
            coupon_promotion: None,
            reward: RewardFields::default(),
            membership: MembershipFields::default(),
        }
    }
}

impl Default for RewardFields {
    fn default() -> Self {
        let field = FieldPath::known;
        Self {
            object: field("Yotpo_Reward__c"),
            redemption_id: field("Redemption_Id__c"),
            coupon_code: field("Coupon_Code__c"),
            option_id: field("Redemption_Option_Id__c"),
            points: field("Points__c"),
            status: field("Status__c"),
            contact: field("Contact__c"),
            order: field("Order__c"),
            store: field("Store__c"),
        }
    }
}

impl Default for MembershipFields {
    fn default() -> Self {
        let field = FieldPath::known;
        Self {
            object: field("Yotpo_Membership__c"),
            key: field("Yotpo_Membership_Key__c"),
            contact: field("Contact__c"),
            store: field("Store__c"),
        }
    }
}

impl WriteBack {
    pub(super) fn check(&self) -> Result<(), Fault> {
        let (reward, membership) = (&self.reward, &self.membership);
        let names = [
            ("customer_id", &self.customer_id),
            ("points_balance", &self.points_balance),
            ("points_earned", &self.points_earned),
            ("vip_tier", &self.vip_tier),
            ("vip_tier_ends", &self.vip_tier_ends),
            ("opt_in", &self.opt_in),
            ("referral_link", &self.referral_link),
            ("last_sync", &self.last_sync),
            ("reward.object", &reward.object),
            ("reward.redemption_id", &reward.redemption_id),
            ("reward.coupon_code", &reward.coupon_code),
            ("reward.option_id", &reward.option_id),
            ("reward.points", &reward.points),
            ("reward.status", &reward.status),
            ("reward.contact", &reward.contact),
            ("reward.order", &reward.order),
            ("reward.store", &reward.store),
            ("membership.object", &membership.object),
            ("membership.key", &membership.key),
            ("membership.contact", &membership.contact),
            ("membership.store", &membership.store),
        ];
        for (key, name) in names {
            let expected = "expected a name without dots: only fields of the record itself can be written";
            require(!name.is_on_parent(), &format!("loyalty.write_back.{key}"), expected)?;
        }
        Ok(())
    }
}
