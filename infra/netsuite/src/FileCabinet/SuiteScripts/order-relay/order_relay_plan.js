/**
 * What a request asks for, and what has to change for it: decisions only, no records. Tested outside NetSuite (test/).
 *
 * @NApiVersion 2.1
 * @NModuleScope SameAccount
 */
define([], () => {
  "use strict";

  const LINE_FIELD = "custcol_order_relay_line";
  const STAMP = /^r=(\d{1,15});e=([0-9a-f]{32});l=([0-9a-f]{32})$/;
  // Digits of a hash's first part, the header's; the rest is the lines'.
  const PART = 16;

  // What can be written, as the request calls it: SuiteScript's type, and the field of the stamp where the record has one.
  const TYPES = {
    salesOrder: { type: "salesorder", stampField: "custbody_order_relay" },
    creditMemo: { type: "creditmemo", stampField: "custbody_order_relay" },
    returnAuthorization: { type: "returnauthorization", stampField: "custbody_order_relay" },
    customer: { type: "customer", stampField: null },
  };

  /** An error with a code of ours. The message names keys, never what stands in them. */
  const refusal = (code, message) => Object.assign(new Error(message), { name: code });

  /** The request, checked: {type, stampField, externalId, stamp, fields, lines or null}. */
  const read = (request) => {
    const asked = request !== null && typeof request === "object" ? request : {};
    if (!Object.hasOwn(TYPES, asked.type)) {
      throw refusal("INVALID_TYPE", "type: expected one of " + Object.keys(TYPES).join(", "));
    }
    if (typeof asked.externalId !== "string" || !/^[A-Za-z0-9_-]{1,100}$/.test(asked.externalId)) {
      throw refusal("INVALID_EXTERNAL_ID", "externalId: expected letters, digits, _ and -");
    }
    if (typeof asked.stamp !== "string" || !STAMP.test(asked.stamp)) {
      throw refusal("INVALID_STAMP", "stamp: expected r=revision;e=32 hex digits;l=32 hex digits");
    }
    const lines = asked.lines === undefined || asked.lines === null ? null : asked.lines;
    if (lines !== null && !Array.isArray(lines)) {
      throw refusal("INVALID_LINES", "lines: expected a list");
    }
    const keys = (lines || []).map((line) => line[LINE_FIELD]);
    if (keys.some((key) => typeof key !== "string" || key === "") || new Set(keys).size !== keys.length) {
      throw refusal("INVALID_LINES", LINE_FIELD + ": expected in every line, and no two alike");
    }
    const { externalId, stamp } = asked;
    return { ...TYPES[asked.type], externalId, stamp, fields: asked.fields || {}, lines };
  };

  /** Whether a record with the stamp `held` has what `asked` asks for, or something newer. */
  const isSettled = (held, asked) => {
    if (held === asked) {
      return true;
    }
    const [ours, theirs] = [STAMP.exec(asked), STAMP.exec(held || "")];
    return theirs !== null && Number(theirs[1]) > Number(ours[1]);
  };

  /** The stamp of a record whose header was written and whose lines were not: neither hash of the lines moves. */
  const stampWithoutLines = (held, asked) => {
    const none = ["", "", "0".repeat(2 * PART), "0".repeat(2 * PART)];
    const [ours, theirs] = [STAMP.exec(asked), STAMP.exec(held || "") || none];
    return `r=${ours[1]};e=${ours[2].slice(0, PART)}${theirs[2].slice(PART)};l=${theirs[3]}`;
  };

  const number = (value) => (value === null || value === undefined || value === "" ? 0 : Number(value));

  const isDone = (line) => line.done > 0 && line.done >= line.quantity;

  /** Whether a line that was fulfilled or billed in part would change in what was fulfilled or billed. */
  const breaks = (held, wanted) => {
    const id = (value) => String(value !== null && typeof value === "object" ? value.id : value);
    const differs = (name, same) => wanted[name] !== undefined && wanted[name] !== null && !same(wanted[name]);
    return (
      held.done > 0 &&
      (differs("quantity", (quantity) => number(quantity) >= held.done) ||
        differs("item", (item) => id(item) === String(held.item)) ||
        differs("rate", (rate) => number(rate) === number(held.rate)))
    );
  };

  /**
   * How the lines that a record holds, [{line, key, item, quantity, rate, closed, done}], become the ones wanted:
   * {locked, set: [{line, fields}], add: [fields], close: [line]}.
   *
   * Lines are known by their key. What is not wanted any more is closed, not removed; what was fulfilled or billed in full stays
   * open. Lines without a key are somebody's of the account: they stay, unless nothing is wanted at all (a cancelled order). If one
   * line may not change as wanted, none does.
   */
  const planLines = (held, wanted) => {
    const open = new Map(wanted.map((line) => [line[LINE_FIELD], line]));
    const plan = { locked: false, set: [], add: [], close: [] };
    const seen = new Set();
    for (const line of held) {
      const fields = open.get(line.key);
      if (line.key && seen.has(line.key)) {
        // A line that was split or copied by hand: which of the two is ours cannot be known.
        plan.locked = true;
      } else if (fields !== undefined) {
        plan.locked = plan.locked || breaks(line, fields);
        plan.set.push({ line: line.line, fields });
      } else if (!line.closed && !isDone(line) && (line.key || wanted.length === 0)) {
        plan.close.push(line.line);
      }
      seen.add(line.key);
    }
    plan.add = wanted.filter((line) => !seen.has(line[LINE_FIELD]));
    return plan.locked ? { locked: true, set: [], add: [], close: [] } : plan;
  };

  // A price level decides the rate, and the item all others: they are set in this order.
  const FIRST = ["country", "item", "quantity", "price", "rate", "amount"];

  /** Field and value pairs by SuiteScript's names, in the order in which they are set. */
  const inOrder = (fields) => {
    const rank = ([name]) => (FIRST.indexOf(name) + 1 || FIRST.length + 1);
    const pairs = Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]);
    return pairs.filter(([name]) => name !== "line").sort((a, b) => rank(a) - rank(b));
  };

  /** A value as SuiteScript takes it: references by their id, dates as dates. */
  const plain = (name, value) => {
    if (value !== null && typeof value === "object") {
      if (value.id === undefined) {
        throw refusal("UNSUPPORTED_FIELD", name + ": expected a value or a reference by id");
      }
      return value.id;
    }
    const day = typeof value === "string" && /date$/.test(name) && /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
    return day ? new Date(Number(day[1]), Number(day[2]) - 1, Number(day[3])) : value === null ? "" : value;
  };

  /** The code of an error: SuiteScript's or ours; of all else UNEXPECTED_ERROR, which says that it may have taken effect. */
  const code = (error) => {
    const name = error && error.name;
    return typeof name === "string" && /^[A-Z][A-Z0-9_]*$/.test(name) ? name : "UNEXPECTED_ERROR";
  };

  return { LINE_FIELD, read, isSettled, stampWithoutLines, number, planLines, inOrder, plain, code };
});
