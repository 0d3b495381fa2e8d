// What stands in the account after a request.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Account } from "./account.mjs";

const HEADER = ["a".repeat(16), "b".repeat(16)];
const LINES = ["1".repeat(16), "2".repeat(16)];

/** A stamp; the effect's header and lines by number, and the hash of the lines. */
const stamp = (revision, header = 0, lines = 0, held = "c") => `r=${revision};e=${HEADER[header]}${LINES[lines]};l=${held.repeat(32)}`;

const line = (key, quantity, more = {}) => ({
  item: { id: "98" },
  quantity,
  price: { id: "-1" },
  rate: 10.5,
  custcol_order_relay_line: key,
  ...more,
});

const order = (stamp, lines, fields = {}) => ({
  type: "salesOrder",
  externalId: "shopify_order_1",
  stamp,
  fields: { entity: { id: "110" }, tranDate: "2026-11-20", memo: "a", ...fields },
  lines,
});

/** An account with an order of three lines, and what a person has done to it since. */
function withOrder(change = () => {}) {
  const account = new Account();
  account.post(order(stamp(1), [line("1", 3), line("2", 1), line("shipping:9", 1)]));
  change(account.only());
  account.saves = 0;
  return account;
}

const quantities = (account) => account.only().lines.map((it) => it.quantity);
const closed = (account) => account.only().lines.map((it) => it.isclosed === true);

test("a record is created with its fields, lines and stamp", () => {
  const account = new Account();
  const address = { country: { id: "US" }, addr1: "1 Elm St" };
  const answer = account.post(order(stamp(1), [line("1", 3)], { shippingAddress: address, otherRefNum: "#1001" }));
  assert.deepEqual(answer, { id: "647", stamp: stamp(1), already: false });
  const { values, lines } = account.only();
  assert.deepEqual(values, {
    externalid: "shopify_order_1",
    entity: "110",
    trandate: new Date(2026, 10, 20),
    memo: "a",
    shippingaddress: { country: "US", addr1: "1 Elm St" },
    otherrefnum: "#1001",
    custbody_order_relay: stamp(1),
  });
  assert.deepEqual(lines, [{ item: "98", quantity: 3, price: "-1", rate: 10.5, custcol_order_relay_line: "1" }]);
});

test("the same request again saves nothing", () => {
  const account = withOrder();
  assert.deepEqual(account.post(order(stamp(1), [line("1", 3)])), { id: "647", stamp: stamp(1), already: true });
  assert.equal(account.saves, 0);
});

test("an older revision saves nothing, and is told which one is there", () => {
  const account = withOrder();
  account.post(order(stamp(3, 1), null));
  account.saves = 0;
  assert.deepEqual(account.post(order(stamp(2), [])), { id: "647", stamp: stamp(3, 1), already: true });
  assert.deepEqual([account.saves, closed(account)], [0, [false, false, false]]);
});

test("another effect of the same revision is written", () => {
  const account = withOrder();
  const answer = account.post(order(stamp(1, 1), null, { memo: "b" }));
  assert.deepEqual([answer.already, account.only().values.memo], [false, "b"]);
});

test("lines are known by their key: changed, added, closed and never removed", () => {
  const account = withOrder();
  const answer = account.post(order(stamp(2, 0, 1), [line("shipping:9", 1), line("1", 2), line("3", 4)]));
  assert.deepEqual(answer, { id: "647", stamp: stamp(2, 0, 1), already: false });
  assert.deepEqual(quantities(account), [2, 1, 1, 4]);
  assert.deepEqual(closed(account), [false, true, false, false]);
});

test("without lines the lines stay", () => {
  const account = withOrder();
  account.post(order(stamp(2, 1), null, { memo: "b" }));
  assert.deepEqual([account.only().values.memo, closed(account)], ["b", [false, false, false]]);
});

test("a line that was fulfilled is not lowered: the header goes, the lines stay, the stamp says so", () => {
  for (const field of ["quantityfulfilled", "quantitybilled"]) {
    const account = withOrder(({ lines }) => (lines[0][field] = 2));
    const answer = account.post(order(stamp(2, 1, 1, "d"), [line("1", 1), line("2", 5)], { memo: "b" }));
    assert.deepEqual(answer, { id: "647", stamp: stamp(2, 1, 0, "c"), already: false });
    assert.deepEqual([account.only().values.memo, quantities(account), closed(account)], ["b", [3, 1, 1], [false, false, false]]);
  }
});

test("of a fulfilled line neither item nor price changes, and more of it may be ordered", () => {
  for (const change of [{ item: { id: "99" } }, { rate: 9 }]) {
    const account = withOrder(({ lines }) => (lines[0].quantityfulfilled = 1));
    const answer = account.post(order(stamp(2, 0, 1, "d"), [line("1", 3, change), line("2", 1), line("shipping:9", 1)]));
    assert.equal(answer.stamp, stamp(2, 0, 0, "c"));
  }
  const account = withOrder(({ lines }) => (lines[0].quantityfulfilled = 1));
  account.post(order(stamp(2, 0, 1), [line("1", 4), line("2", 1), line("shipping:9", 1)]));
  assert.deepEqual(quantities(account), [4, 1, 1]);
});

test("a cancelled order: what is open is closed for its rest, what was fulfilled in full stays", () => {
  const account = withOrder(({ lines }) => {
    lines[0].quantityfulfilled = 2;
    lines[1].quantityfulfilled = 1;
    lines.push({ item: "5", quantity: 1 });
  });
  account.post(order(stamp(2, 1, 1), []));
  assert.deepEqual(closed(account), [true, false, true, true]);
});

test("a line that somebody added stays, unless the order is cancelled", () => {
  const account = withOrder(({ lines }) => lines.push({ item: "5", quantity: 7 }));
  account.post(order(stamp(2, 0, 1), [line("1", 2)]));
  assert.deepEqual(closed(account), [false, true, true, false]);
  assert.deepEqual(quantities(account), [2, 1, 1, 7]);
});

test("of a line that was split by hand nothing is changed", () => {
  const account = withOrder(({ lines }) => lines.push({ ...lines[0], quantity: 1 }));
  const answer = account.post(order(stamp(2, 1, 1, "d"), [line("1", 1)]));
  assert.deepEqual([answer.stamp, quantities(account)], [stamp(2, 1, 0, "c"), [3, 1, 1, 1]]);
});

test("a stamp that somebody has spoiled stops nothing", () => {
  const account = withOrder(({ values }) => (values.custbody_order_relay = "hello"));
  assert.equal(account.post(order(stamp(1), null)).already, false);
  assert.equal(account.only().values.custbody_order_relay, stamp(1));
});

test("two creations at once make one record, at the newer revision", () => {
  const account = new Account();
  account.beforeSave = () => {
    account.beforeSave = () => {};
    account.post(order(stamp(1), [line("1", 3)]));
  };
  const answer = account.post(order(stamp(2, 1, 1), [line("1", 2)]));
  assert.deepEqual([answer.already, quantities(account), account.only().values.custbody_order_relay], [false, [2], stamp(2, 1, 1)]);
  account.beforeSave = () => {
    account.beforeSave = () => {};
    account.post({ ...order(stamp(9), []), externalId: "shopify_order_2" });
  };
  const late = account.post({ ...order(stamp(8), []), externalId: "shopify_order_2" });
  assert.deepEqual(late, { id: "648", stamp: stamp(9), already: true });
});

test("a change by somebody else in between is an error, and the next attempt goes through", () => {
  const account = withOrder();
  account.beforeSave = () => {
    account.beforeSave = () => {};
    account.saves += 1;
  };
  assert.equal(account.post(order(stamp(2, 1), null)).error.code, "RCRD_HAS_BEEN_CHANGED");
  assert.equal(account.post(order(stamp(2, 1), null)).already, false);
});

test("a script of the account that fails after the save does not hide that it was saved", () => {
  for (const account of [new Account(), withOrder()]) {
    account.afterSave = () => {
      throw Object.assign(new Error("of Jane Doe"), { name: "USER_ERROR" });
    };
    const answer = account.post(order(stamp(2, 1, 1), [line("1", 2)]));
    assert.deepEqual([answer.id, answer.stamp], ["647", stamp(2, 1, 1)]);
    assert.equal(account.only().values.custbody_order_relay, stamp(2, 1, 1));
  }
});

test("one that fails before it leaves all as it was", () => {
  for (const [name, code] of [["USER_ERROR", "USER_ERROR"], ["TypeError", "UNEXPECTED_ERROR"], [undefined, "UNEXPECTED_ERROR"]]) {
    const account = withOrder();
    account.beforeSave = () => {
      throw Object.assign(new Error("Jane Doe is on hold"), { name });
    };
    assert.equal(account.post(order(stamp(2, 1, 1), [])).error.code, code);
    assert.deepEqual([account.only().values.custbody_order_relay, closed(account)], [stamp(1), [false, false, false]]);
    assert.deepEqual(account.logged, [{ title: "order-relay", details: code }]);
  }
});

test("a customer has no stamp: it is written whenever it is sent", () => {
  const account = new Account();
  const customer = (name) => ({ type: "customer", externalId: "shopify_customer_1", stamp: stamp(1), fields: { firstName: name } });
  account.post(customer("A"));
  assert.equal(account.post(customer("B")).already, false);
  assert.deepEqual(account.only().values, { externalid: "shopify_customer_1", firstname: "B" });
});

test("what is no request is refused before anything is read", () => {
  for (const [change, code] of [
    [{ type: "employee" }, "INVALID_TYPE"],
    [{ type: "constructor" }, "INVALID_TYPE"],
    [{ externalId: "a|b" }, "INVALID_EXTERNAL_ID"],
    [{ externalId: 7 }, "INVALID_EXTERNAL_ID"],
    [{ stamp: "r=1" }, "INVALID_STAMP"],
    [{ stamp: undefined }, "INVALID_STAMP"],
    [{ lines: {} }, "INVALID_LINES"],
    [{ lines: [{ item: { id: "1" } }] }, "INVALID_LINES"],
    [{ lines: [line("1", 1), line("1", 2)] }, "INVALID_LINES"],
    [{ fields: { taxDetails: { items: [] } } }, "UNSUPPORTED_FIELD"],
  ]) {
    const account = new Account();
    assert.equal(account.post({ ...order(stamp(1), []), ...change }).error.code, code);
    assert.equal(account.records.size, 0);
  }
  assert.equal(new Account().post(null).error.code, "INVALID_TYPE");
});

test("whatever the order of the requests, the newest is what stays", () => {
  const requests = [1, 2, 3].map((revision) => order(stamp(revision, 0, revision % 2), [line("1", revision)], { memo: `m${revision}` }));
  const orders = (rest) => (rest.length === 0 ? [[]] : rest.flatMap((it) => orders(rest.filter((other) => other !== it)).map((tail) => [it, ...tail])));
  for (const sequence of orders([...requests, ...requests])) {
    const account = new Account();
    sequence.forEach((request) => account.post(request));
    assert.deepEqual([account.only().values.memo, quantities(account)], ["m3", [3]]);
  }
});
