import assert from "node:assert/strict";
import { test } from "node:test";

import { html, ready, sentence } from "../../../lib/ui/web/markup.js";

test("what is put into a template is text, unless it was made by one", () => {
  assert.equal(html`<p>${"<i>"}${html`<b>${"&"}</b>`}${ready("<hr>")}</p>`.text, "<p>&#60;i&#62;<b>&#38;</b><hr></p>");
});

test("lists stand one after the other, what is missing leaves nothing, and 0 is a number", () => {
  assert.equal(html`${[1, html`<br>`, "<"]}${false}${null}${undefined}${0}${""}`.text, "1<br>&#60;0");
});

test("the gaps of a sentence are filled by text or HTML, and what has none stays empty", () => {
  assert.equal(sentence("{n} of <{of}>{none}", { n: html`<b>3</b>`, of: "a&b" }).text, "<b>3</b> of &#60;a&#38;b&#62;");
});
