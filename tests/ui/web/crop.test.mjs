import assert from "node:assert/strict";
import { test } from "node:test";

import { between, pressed } from "../../../lib/ui/web/crop.js";

const BOX = { left: 0.2, top: 0.2, right: 0.8, bottom: 0.8 };
const close = (found, expected) => {
  for (const [side, share] of Object.entries(expected)) assert.ok(Math.abs(found[side] - share) < 1e-9, `${side} ${found[side]}`);
};

test("two points in any order are a rectangle inside the picture", () => {
  close(between([0.9, -1], [0.3, 0.5]), { left: 0.3, top: 0, right: 0.9, bottom: 0.5 });
});

test("a click is a rectangle that can be seen, also in the corner", () => {
  const { left, top, right, bottom } = between([1, 1], [1, 1]);
  assert.ok(right - left > 0.03 && bottom - top > 0.03 && right <= 1 && bottom <= 1);
});

test("arrows move it, and stop at the edge", () => {
  close(pressed(BOX, "ArrowLeft", false), { ...BOX, left: 0.18, right: 0.78 });
  close(pressed({ ...BOX, right: 0.99, left: 0.5 }, "ArrowRight", false), { ...BOX, left: 0.51, right: 1 });
});

test("with Shift they change its size, never to nothing", () => {
  close(pressed(BOX, "ArrowDown", true), { ...BOX, bottom: 0.82 });
  const least = pressed({ ...BOX, right: 0.24 }, "ArrowLeft", true);
  assert.ok(least.right - least.left > 0.03);
});

test("other keys change nothing", () => close(pressed(BOX, "a", false), BOX));
