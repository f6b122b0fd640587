import assert from "node:assert/strict";
import { test } from "node:test";

import { classOf, empty, folderOf, freshName, isUnnamed, places, steady } from "../../../lib/ui/web/classes.js";

const named = (...names) => names.map((name, place) => empty(place + 1, name));

test("a new class has the first name that is free, in any language", () => {
  assert.equal(freshName(named("Class 1", "bird"), "Class {n}"), "Class 2");
  assert.equal(freshName(named("클래스 1", "클래스 2"), "클래스 {n}"), "클래스 3");
});

test("a name that somebody gave is told from one that a class began with", () => {
  const found = ["Class 12", "Class", "Class A", "My Class 1", "Class 1b"].map((name) => isUnnamed(name, "Class {n}"));
  assert.deepEqual(found, [true, false, false, false, false]);
  assert.ok(isUnnamed("3 번 클래스", "{n} 번 클래스"));
});

test("a folder goes to the class of its name, else to one that nobody used yet, else to a new one", () => {
  const [bird, fresh] = named("Bird", "Class 2"), used = { ...empty(3, "Class 3"), count: 4 };
  assert.equal(classOf([fresh, bird], "bird", "Class {n}"), bird);
  assert.equal(classOf([bird, fresh], "dog", "Class {n}"), fresh);
  assert.equal(classOf([bird, used], "dog", "Class {n}"), null);
});

test("the folder right above a photo names its class", () => {
  assert.deepEqual(["pets/cat/1.jpg", "cat/1.jpg", "1.jpg"].map(folderOf), ["cat", "cat", ""]);
});

test("the words of an answer change when another one has held for half a second", () => {
  let held = { words: "", since: 0, next: "" };
  const said = [["cat", 0], ["dog", 100], ["dog", 599], ["dog", 600], ["cat", 700], ["dog", 800], ["cat", 900], ["cat", 1399], ["cat", 1400]].map(([words, now]) => {
    held = steady(held, words, now);
    return held.words;
  });
  assert.deepEqual(said, ["cat", "cat", "cat", "dog", "dog", "dog", "dog", "dog", "cat"]);
});

test("bars keep the order of the classes, where each row is one of them", () => {
  assert.deepEqual(places(["dog", "cat"], ["cat", "bird", "dog"], 5), ["cat", "dog"]);
  assert.deepEqual(places(["dog", "cat"], ["cat", "dog"], 1), ["dog", "cat"]);
  assert.deepEqual(places(["dog", "newt"], ["cat", "dog"], 5), ["dog", "newt"]);
});
