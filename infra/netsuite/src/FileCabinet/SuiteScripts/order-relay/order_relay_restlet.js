/**
 * POST {"type","externalId","stamp","fields","lines"?} answers {"id","stamp","already"} or {"error":{"code","message"}}.
 *
 * Creates the record of the external id, or brings it up to date: ../../../../README.md has the contract.
 *
 * @NApiVersion 2.1
 * @NScriptType Restlet
 * @NModuleScope SameAccount
 */
define(["N/log", "N/record", "N/search", "./order_relay_plan"], (log, record, search, plan) => {
  "use strict";

  const ADDRESSES = ["billingaddress", "shippingaddress"];

  /** The id of the record with the external id, or null. */
  const find = (asked) => {
    const filters = [["externalid", "anyof", asked.externalId]];
    const found = search.create({ type: asked.type, filters }).run().getRange({ start: 0, end: 1 });
    return found.length === 0 ? null : String(found[0].id);
  };

  const setFields = (entry, fields) => {
    for (const [fieldId, value] of plan.inOrder(fields)) {
      if (ADDRESSES.includes(fieldId) && value !== null && typeof value === "object") {
        setFields(entry.getSubrecord({ fieldId }), value);
      } else {
        entry.setValue({ fieldId, value: plan.plain(fieldId, value) });
      }
    }
  };

  const setLine = (entry, line, fields) => {
    for (const [fieldId, value] of plan.inOrder(fields)) {
      entry.setSublistValue({ sublistId: "item", fieldId, line, value: plan.plain(fieldId, value) });
    }
  };

  const heldLines = (entry) => {
    const count = entry.getLineCount({ sublistId: "item" });
    return Array.from({ length: count }, (_, line) => {
      const value = (fieldId) => entry.getSublistValue({ sublistId: "item", fieldId, line });
      return {
        line,
        key: value(plan.LINE_FIELD) || null,
        item: value("item"),
        quantity: plan.number(value("quantity")),
        rate: value("rate"),
        closed: value("isclosed") === true,
        done: Math.max(plan.number(value("quantityfulfilled")), plan.number(value("quantitybilled"))),
      };
    });
  };

  /** Carries out a plan for the lines of a record that holds `count`. */
  const setLines = (entry, count, { set, add, close }) => {
    set.forEach(({ line, fields }) => setLine(entry, line, fields));
    close.forEach((line) => setLine(entry, line, { isclosed: true }));
    add.forEach((fields, index) => setLine(entry, count + index, fields));
  };

  const create = (asked) => {
    const entry = record.create({ type: asked.type, isDynamic: false });
    entry.setValue({ fieldId: "externalid", value: asked.externalId });
    setFields(entry, asked.fields);
    if (asked.stampField !== null) {
      entry.setValue({ fieldId: asked.stampField, value: asked.stamp });
    }
    setLines(entry, 0, { set: [], close: [], add: asked.lines || [] });
    try {
      return { id: String(entry.save()), stamp: asked.stamp, already: false };
    } catch (error) {
      // Another call was faster, or a script of the account failed after the record was saved.
      const id = find(asked);
      if (id === null) {
        throw error;
      }
      return update(asked, id);
    }
  };

  const update = (asked, id) => {
    const load = () => record.load({ type: asked.type, id, isDynamic: false });
    const stampOf = (entry) => (asked.stampField === null ? null : entry.getValue({ fieldId: asked.stampField }) || null);
    const entry = load();
    const held = stampOf(entry);
    if (plan.isSettled(held, asked.stamp)) {
      return { id, stamp: held, already: true };
    }
    const lines = asked.lines === null ? [] : heldLines(entry);
    const change = plan.planLines(lines, asked.lines || []);
    const stamp = change.locked ? plan.stampWithoutLines(held, asked.stamp) : asked.stamp;
    setFields(entry, asked.fields);
    setLines(entry, lines.length, change);
    if (asked.stampField !== null) {
      entry.setValue({ fieldId: asked.stampField, value: stamp });
    }
    try {
      entry.save();
    } catch (error) {
      if (asked.stampField === null || stampOf(load()) !== stamp) {
        throw error;
      }
    }
    return { id, stamp, already: false };
  };

  const post = (request) => {
    try {
      const asked = plan.read(request);
      const id = find(asked);
      return id === null ? create(asked) : update(asked, id);
    } catch (error) {
      const code = plan.code(error);
      // The message may quote a customer: it goes to the caller, who drops it, and not into the log.
      log.error({ title: "order-relay", details: code });
      return { error: { code, message: String((error && error.message) || "") } };
    }
  };

  return { post };
});
