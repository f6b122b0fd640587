import assert from "node:assert/strict";
import { test } from "node:test";

import { cards, disagreements, otherwise, pages, piles, share } from "../../../lib/ui/web/wall.js";

const say = new Proxy({}, { get: (_, name) => `${String(name)} {n} {of}` });
const photo = (number, more = {}) => ({ photo: number, src: `/rooms/x/photos/${number}.jpg`, by: "Mina", hidden: false, guesses: 3, of: 4, rightGuesses: 1, ...more });
const shown = (number, more) => photo(number, { caption: "<b>cat</b> 87%", look: "clear", pile: "cat", ...more });

test("a page has as many places as ever, whatever is in them", () => {
  for (const photos of [[], [photo(1)], Array.from({ length: 8 }, (_, n) => photo(n))])
    assert.equal(cards(photos, { page: 0, each: 8 }, say).text.match(/<li class="card one/g).length, 8);
});

test("the next page goes on where this one ends", () => {
  const photos = Array.from({ length: 9 }, (_, n) => photo(n + 1));
  assert.deepEqual([...cards(photos, { page: 1, each: 8 }, say).text.matchAll(/<li [^>]*data-photo="(\d+)"/g)].map(([, id]) => id), ["9"]);
  assert.deepEqual([pages(0, 8), pages(8, 8), pages(9, 8)], [1, 1, 2]);
});

test("before answers are shown a card says how many have guessed, and afterwards how many were right", () => {
  assert.match(cards([photo(1)], { page: 0, each: 8 }, say).text, /--p:75/);
  assert.match(cards([shown(1)], { page: 0, each: 8 }, say).text, /--p:25.*>1\/4</);
});

test("a name is text", () => {
  const { text } = cards([shown(1, { by: "<b>&\"'" })], { page: 0, each: 8 }, say);
  assert.ok(!text.includes("<b>&"));
  assert.match(text, /<span class="who">&#60;b&#62;&#38;&#34;&#39;</);
});

test("piles are sorted by size; what the model is not sure of comes last", () => {
  const found = piles([shown(1, { pile: "" }), shown(2, { pile: "" }), shown(3), shown(4, { pile: "dog" }), shown(5, { pile: "dog" }), photo(6)]);
  assert.deepEqual(found.map(({ name, photos }) => [name, photos.length]), [["dog", 2], ["cat", 1], ["", 2]]);
});

test("the class says something else only where more than half of those who guessed did", () => {
  const options = (cat, dog) => [{ name: "cat", count: cat, isRight: true }, { name: "dog", count: dog, isRight: false }];
  assert.equal(otherwise(photo(1, { options: options(1, 2), guesses: 3 }))?.name, "dog");
  assert.equal(otherwise(photo(1, { options: options(2, 2), guesses: 4 })), null);
  assert.equal(otherwise(photo(1, { options: options(3, 0), guesses: 3 })), null);
  assert.equal(otherwise(photo(1)), null);
});

test("disagreements show the disputed ones alone", () => {
  const { text } = disagreements([shown(1), shown(2, { disputed: true, votes: { right: 1, wrong: 2 } })], say);
  assert.deepEqual([...text.matchAll(/data-photo="(\d+)"/g)].map(([, id]) => id), ["2"]);
  assert.match(disagreements([shown(1)], say).text, /agreed/);
});

test("a share is never more than all, nor anything of nothing", () => {
  assert.deepEqual([share(1, 3), share(5, 4), share(0, 0)], [33, 100, 0]);
});
