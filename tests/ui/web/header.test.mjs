import assert from "node:assert/strict";
import { test } from "node:test";

import { into, inWords, rowsOf } from "../../../lib/ui/web/header.js";

const WORDS = {
  said: {},
  languages: ["en", "ko"],
  streamlits: [
    ["Upload", "Choose files", "파일 선택"],
    ["Close", "Close", "닫기"],
    ["Select {n} matches", "Choose all {n}", "{n}개 모두 선택"],
  ],
};

test("Streamlit's words are put into the language, whichever they are in", () => {
  const korean = rowsOf(WORDS, "ko");
  for (const text of ["Upload", "Choose files", "파일 선택"]) assert.equal(korean.get(text), "파일 선택");
  assert.equal(rowsOf(WORDS, "en").get("닫기"), "Close");
  assert.equal(korean.get("a visitor's own"), undefined);
});

test("a number in Streamlit's words stays", () => {
  const korean = rowsOf(WORDS, "ko");
  assert.equal(inWords("Select 12 matches", korean), "12개 모두 선택");
  assert.equal(inWords("12개 모두 선택", rowsOf(WORDS, "en")), "Choose all 12");
  assert.equal(inWords("Close", korean), "닫기");
  for (const text of ["model 12", "a visitor's own", ""]) assert.ok(!inWords(text, korean));
});

test("a row is scrolled no further than what is to be seen needs", () => {
  assert.equal(into(0, 80, { scrollLeft: 0, clientWidth: 300 }), 0);
  assert.equal(into(350, 80, { scrollLeft: 0, clientWidth: 300 }), 130);
  assert.equal(into(100, 80, { scrollLeft: 50, clientWidth: 300 }), 50);
  assert.equal(into(20, 80, { scrollLeft: 50, clientWidth: 300 }), 20);
});
