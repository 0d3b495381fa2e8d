// An account in memory: as much of N/record, N/search and N/log as the script uses, and a loader for its modules.

import { readFileSync } from "node:fs";

const FOLDER = new URL("../src/FileCabinet/SuiteScripts/order-relay/", import.meta.url);

/** Loads a module of the script with the modules of NetSuite given. */
export function load(name, modules = {}) {
  const text = readFileSync(new URL(`${name}.js`, FOLDER), "utf8");
  let made;
  const define = (names, factory) => {
    made = factory(...names.map((it) => modules[it] ?? load(it.replace("./", ""), modules)));
  };
  new Function("define", text)(define);
  return made;
}

const failure = (name, message) => Object.assign(new Error(message), { name });

export class Account {
  records = new Map();
  saves = 0;
  logged = [];
  // What an account's own scripts do, before and after a record is saved.
  beforeSave = () => {};
  afterSave = () => {};

  constructor() {
    const entry = (stored) => this.#entry(stored);
    const record = {
      create: ({ type }) => entry({ type, id: null, values: {}, lines: [] }),
      load: ({ type, id }) => {
        const stored = this.records.get(id);
        if (stored?.type !== type) throw failure("RCRD_DSNT_EXIST", "That record does not exist.");
        return entry(structuredClone(stored));
      },
    };
    const search = {
      create: ({ type, filters: [[field, operator, externalId]] }) => {
        if (field !== "externalid" || operator !== "anyof") throw new Error(`filter ${field} ${operator}`);
        const found = [...this.records.values()].filter((it) => it.type === type && it.values.externalid === externalId);
        return { run: () => ({ getRange: ({ start, end }) => found.slice(start, end).map(({ id }) => ({ id })) }) };
      },
    };
    const log = { error: (line) => this.logged.push(line) };
    this.post = load("order_relay_restlet", { "N/log": log, "N/record": record, "N/search": search }).post;
  }

  only() {
    if (this.records.size !== 1) throw new Error(`${this.records.size} records`);
    return this.records.values().next().value;
  }

  #entry(stored) {
    const readAt = this.saves;
    return {
      getValue: ({ fieldId }) => stored.values[fieldId] ?? "",
      setValue: ({ fieldId, value }) => (stored.values[fieldId] = value),
      getSubrecord: ({ fieldId }) => {
        const address = (stored.values[fieldId] ??= {});
        return { setValue: ({ fieldId, value }) => (address[fieldId] = value) };
      },
      getLineCount: () => stored.lines.length,
      getSublistValue: ({ fieldId, line }) => stored.lines[line][fieldId],
      setSublistValue: ({ fieldId, line, value }) => {
        if (line > stored.lines.length) throw failure("SSS_INVALID_SUBLIST_OPERATION", "line");
        (stored.lines[line] ??= {})[fieldId] = value;
      },
      save: () => {
        this.beforeSave(stored);
        const twin = [...this.records.values()].find(
          (it) => it.type === stored.type && it.values.externalid === stored.values.externalid && it.id !== stored.id,
        );
        if (twin) throw failure("DUP_RCRD", "This record already exists");
        if (stored.id !== null && this.saves !== readAt) {
          throw failure("RCRD_HAS_BEEN_CHANGED", "Record has been changed");
        }
        stored.id ??= String(647 + this.records.size);
        this.records.set(stored.id, structuredClone(stored));
        this.saves += 1;
        this.afterSave(stored);
        return Number(stored.id);
      },
    };
  }
}
