use serde_json::{Value, json};

/// What an answer's order lacks of a webhook's once its lists are whole: what GraphQL nests and a webhook does not.
pub(crate) fn order(order: &mut Value) {
    lift(
        order,
        &[
            ("/retailLocation/id", "location_id"),
            ("/totalTipReceivedSet/shop_money/amount", "total_tip_received"),
            ("/totalCashRoundingAdjustment/paymentSet", "total_cash_rounding_payment_adjustment_set"),
            ("/totalCashRoundingAdjustment/refundSet", "total_cash_rounding_refund_adjustment_set"),
        ],
    );
    if let Some(id) = order.pointer("/purchasingEntity/company/id").cloned() {
        let company = json!({"id": id, "location_id": order.pointer("/purchasingEntity/location/id")});
        put(order, "company", company);
    }
    if let Some(it) = order.get_mut("customer") {
        customer(it);
    }
    for line in entries(order, "line_items") {
        for duty in entries(line, "duties") {
            lift(duty, &[("/price/shop_money", "shop_money"), ("/price/presentment_money", "presentment_money")]);
        }
    }
    for fulfillment in entries(order, "fulfillments") {
        for line in entries(fulfillment, "line_items") {
            lift(line, &[("/lineItem/id", "id")]);
        }
    }
    let id = order["id"].clone();
    for it in entries(order, "refunds") {
        put(it, "order_id", id.clone());
        refund(it);
    }
}

/// The same of a customer.
pub(crate) fn customer(customer: &mut Value) {
    lift(customer, &[("/defaultEmailAddress/emailAddress", "email"), ("/defaultPhoneNumber/phoneNumber", "phone")]);
}

fn refund(refund: &mut Value) {
    // Refunds of Shopify's early years have no time of creation.
    lift(refund, &[("/processedAt", "created_at")]);
    for line in entries(refund, "refund_line_items") {
        lift(line, &[("/line_item/id", "line_item_id"), ("/location/id", "location_id")]);
    }
    for payment in entries(refund, "transactions") {
        let paid = "/amountSet/presentment_money";
        lift(payment, &[(&format!("{paid}/amount"), "amount"), (&format!("{paid}/currency_code"), "currency")]);
    }
}

/// Puts what lies deeper under a key of the object itself, unless something is there.
fn lift(object: &mut Value, moves: &[(&str, &str)]) {
    for (from, to) in moves {
        let Some(found) = object.pointer(from).cloned() else { continue };
        if object.get(*to).is_none_or(Value::is_null) {
            put(object, to, found);
        }
    }
}

/// Sets a key of an object; what is none stays as it is.
pub(crate) fn put(object: &mut Value, key: &str, value: Value) {
    if let Some(fields) = object.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
}

/// What stands under a key, or null.
pub(crate) fn take(object: &mut Value, key: &str) -> Value {
    object.get_mut(key).map(Value::take).unwrap_or_default()
}

/// The objects of a list.
pub(crate) fn entries<'a>(object: &'a mut Value, key: &str) -> impl Iterator<Item = &'a mut Value> {
    object.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().filter(|entry| entry.is_object())
}
