import assert from "node:assert/strict";
import { test } from "node:test";

import { arrive, counts, escaped, fill, merge, next, priced, step, unknown, waiting } from "../../../lib/ui/web/album.js";

const card = (id, order = id, kind = "clear") => ({ ...waiting(id, order, `${id}.jpg`), kind });
const ids = (cards) => cards.map(({ id }) => id);

test("the newest stands first, in whatever order answers come", () => {
  assert.deepEqual(ids(merge([card(1), card(3)], [card(2)])), [3, 2, 1]);
});

test("an answer replaces the card of its photo, and keeps what only the page has", () => {
  const [merged] = merge([{ ...card(1), url: "blob:1", kind: "waiting" }], [card(1)]);
  assert.equal(merged.kind, "clear");
  assert.equal(merged.url, "blob:1");
});

test("a photo that arrives stays in its place, under its number", () => {
  const there = arrive([card("n5", 5, "waiting"), card(3)], "n5", card(9, 5));
  assert.deepEqual(ids(there), [9, 3]);
});

test("only kinds that occur are counted", () => {
  const found = counts([card(1), card(2, 2, "failed"), card(3)]);
  assert.deepEqual(found, [{ kind: "clear", count: 2 }, { kind: "failed", count: 1 }]);
});

test("steps end at both ends", () => {
  const cards = [card(3), card(2), card(1)];
  assert.deepEqual([step(cards, 3, 1), step(cards, 3, -1), step(cards, 1, 1), step([], 1, 1)], [2, 3, 1, null]);
});

test("after a removed photo the next is shown, at the end the one before", () => {
  const cards = [card(3), card(2), card(1)];
  assert.deepEqual([next(cards, 3), next(cards, 1), next([card(1)], 1)], [2, 2, null]);
});

test("photos of the server's that the page does not know wait for an answer, but not those just removed", () => {
  const found = unknown([card(1)], [[1, 1, "a"], [2, 2, "b"], [3, 3, "c"]], new Set([3]));
  assert.deepEqual(found.map(({ id, name, kind }) => [id, name, kind]), [[2, "b", "waiting"]]);
});

test("gaps are filled, also with what looks like a gap", () => {
  assert.equal(fill("{file} of {n}, {other}", { file: "{n}$&", n: 3 }), "{n}$& of 3, {other}");
});

test("names are text", () => {
  assert.equal(escaped(`<b a="1">&'`), "&#60;b a=&#34;1&#34;&#62;&#38;&#39;");
});

test("what a threshold costs lies on a line between those that were measured, and ends where they end", () => {
  const shares = { threshold: [2, 4, 8], known_kept: [1, 0.9, 0.5], unknown_clear: [0.4, 0.2, 0.1], elsewhere_kept: [0.9, 0.5, 0] };
  assert.deepEqual(priced(shares, 4), { known: 90, unknown: 20, elsewhere: 50 });
  assert.deepEqual(priced(shares, 3), { known: 95, unknown: 30, elsewhere: 30 });
  assert.deepEqual(priced(shares, 6), { known: 70, unknown: 15, elsewhere: 75 });
  assert.deepEqual(priced(shares, 1), { known: 100, unknown: 40, elsewhere: 10 });
  assert.deepEqual(priced(shares, 9), { known: 50, unknown: 10, elsewhere: 100 });
});

test("of a threshold alone that was measured, its own share is told wherever the range stands", () => {
  assert.equal(priced({ known_kept: [0.94] }, 0.3).known, 94);
});
