// What NetSuite would refuse to deploy: objects that are not named as their files, or that refer to what is not there.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const SOURCE = new URL("../src/", import.meta.url);
const objects = readdirSync(new URL("Objects/", SOURCE)).map((file) => [file, readFileSync(new URL(`Objects/${file}`, SOURCE), "utf8")]);

test("every object is named as its file", () => {
  assert.ok(objects.length >= 4);
  for (const [file, xml] of objects) {
    assert.equal(/^<\w+ scriptid="(\w+)">$/m.exec(xml)?.[1], file.replace(".xml", ""));
  }
});

test("what an object refers to is in the project", () => {
  const known = new Set(objects.flatMap(([, xml]) => [...xml.matchAll(/ scriptid="(\w+)"/g)].map(([, id]) => id)));
  const references = objects.flatMap(([, xml]) => [...xml.matchAll(/>\[(?:scriptid=)?([^\]]+)\]</g)].map(([, name]) => name));
  assert.ok(references.length >= 4);
  for (const name of references) {
    assert.ok(known.has(name) || existsSync(new URL(`FileCabinet${name}`, SOURCE)), name);
  }
  assert.ok(known.has("customdeploy_order_relay"));
});
