import assert from "node:assert/strict";
import { test } from "node:test";

import { FRESH, guessing, named, shown, turned } from "../../../lib/ui/web/projector.js";

test("answers are shown until one is hidden", () => {
  assert.equal(shown(shown(FRESH, 1), 2).isHidden, false);
});

test("a revealed answer stays revealed, also when it comes or is painted again", () => {
  assert.equal(shown(turned(turned(shown(FRESH, 1))), 1).isHidden, false);
});

test("once one was hidden, every other photo begins hidden", () => {
  const revealed = turned(turned(shown(FRESH, 1)));
  assert.equal(shown(revealed, 2).isHidden, true);
  assert.equal(shown(turned(shown(revealed, 2)), 1).isHidden, true);
});

test("guessing begins with the next photo, and hides nothing where there is none", () => {
  const state = guessing(shown(FRESH, 1));
  assert.equal(shown(state, 1).isHidden, false);
  assert.equal(shown(state, 2).isHidden, true);
});

test("a key is its letter, whichever script is written", () => {
  assert.equal(named({ key: "H", code: "KeyD" }), "h");
  assert.equal(named({ key: "ㅗ", code: "KeyH" }), "h");
  assert.equal(named({ key: " ", code: "Space" }), "space");
  assert.equal(named({ key: "ArrowLeft", code: "ArrowLeft" }), "arrowleft");
});
