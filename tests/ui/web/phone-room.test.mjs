// How a phone and its room keep in touch, with a server that is made up.
import assert from "node:assert/strict";
import test from "node:test";

/** @type {{ url: URL, body: any, answer(told: any, status?: number): void, fail(): void }[]} */
const asked = [];
/** @type {(() => void)[]} */
let waiting = [];

globalThis.document = /** @type {any} */ ({ hidden: false, addEventListener() {} });
globalThis.window = /** @type {any} */ ({ addEventListener() {} });
globalThis.fetch = /** @type {any} */ ((address, { body, signal }) => new Promise((done, fail) => {
  signal.addEventListener("abort", () => fail(new Error("aborted")));
  asked.push({
    url: new URL(address, "http://room"),
    body: body && JSON.parse(body),
    answer: (told, status = 200) => done({ status, json: async () => told }),
    fail: () => fail(new Error("away")),
  });
  waiting.splice(0).forEach((up) => up());
}));

/** The next request whose path ends so. */
async function next(path) {
  for (;;) {
    const place = asked.findIndex(({ url }) => url.pathname.endsWith(path));
    if (place >= 0) return asked.splice(place, 1)[0];
    await new Promise((done) => { waiting.push(() => done(null)); });
  }
}
const settled = () => new Promise((done) => setTimeout(done, 20));

const me = { id: 1, name: "Mina", score: 0 };
const state = (version, more = {}) => ({ version, answers: "K", phase: "photos", round: 1, me, out: false, mine: [], guess: [], shown: [], ...more });
const guess = (chosen) => [{ photo: 7, src: "", options: [], chosen, guessed: 0, of: 1 }];

const room = await import("../../../lib/ui/web/phone-room.js");
const complaints = [];
room.begin({ code: "fox47", language: "en" }, { change() {}, complain: (words) => complaints.push(words) });

test("it asks at once, then for what is new", async () => {
  const first = await next("/state");
  assert.equal(first.url.searchParams.get("since"), null);
  first.answer(state("b.1.5."));
  const second = await next("/state");
  assert.equal(second.url.searchParams.get("since"), "b.1.5.");
});

test("what comes late is passed over, unless the server was started anew", async () => {
  room.hear(state("b.1.4.", { round: 9 }));
  assert.equal(room.state.round, 1);
  room.hear(state("b.1.6.", { round: 2 }));
  assert.equal(room.state.round, 2);
  room.hear(state("c.1.1.", { round: 3 }));
  assert.equal(room.state.round, 3);
});

test("answers come once, and are asked for again where one is missing", async () => {
  const shot = (photo, answer) => ({ photo, ...(answer && { answer }) });
  room.hear(state("c.2.2.", { phase: "shown", shown: [shot(1, "<b>1")], mine: [shot(2, "<b>2")] }));
  asked.splice(0);
  room.listen();
  (await next("/state")).answer(state("c.2.3.", { phase: "shown", shown: [shot(1)], mine: [shot(2)] }));
  await settled();
  assert.deepEqual([room.state.shown[0].answer, room.state.mine[0].answer], ["<b>1", "<b>2"]);
  const second = await next("/state");
  assert.equal(second.url.searchParams.get("answers"), "K");
  second.answer(state("c.2.4.", { phase: "shown", shown: [shot(1), shot(3)] }));
  const third = await next("/state");
  assert.equal(third.url.searchParams.get("answers"), "");
  third.answer(state("c.2.5.", { phase: "shown", shown: [shot(1, "<b>1"), shot(3, "<b>3")] }));
  await settled();
  assert.equal(room.state.shown[1].answer, "<b>3");
});

test("the last guess of a photo is told until it is heard", async () => {
  room.hear(state("c.3.6.", { guess: guess("") }));
  room.press("guess", { photo: 7, guess: "1" });
  room.press("guess", { photo: 7, guess: "2" });
  assert.equal(room.unheard("guess", 7).guess, "2");
  const first = await next("/guess");
  assert.equal(first.body.guess, "1"); // it was on its way
  first.fail();
  const second = await next("/guess");
  assert.equal(second.body.guess, "2");
  second.answer(state("c.3.7.", { guess: guess("2") }));
  await settled();
  assert.equal(room.unheard("guess", 7), undefined);
  assert.equal(room.state.guess[0].chosen, "2");
});

test("a guess that is refused is told to who pressed, and not again", async () => {
  room.press("guess", { photo: 8, guess: "1" });
  (await next("/guess")).answer({ code: "photo-unknown", detail: "No photo." }, 404);
  await settled();
  assert.deepEqual(complaints, ["No photo."]);
  assert.equal(room.unheard("guess", 8), undefined);
});

test("a guess that came after the answers were shown is no fault of who guessed", async () => {
  asked.splice(0);
  room.press("guess", { photo: 7, guess: "1" });
  (await next("/guess")).answer({ code: "room-paused", detail: "Paused." }, 409);
  assert.equal((await next("/state")).url.searchParams.get("since"), null);
  assert.deepEqual(complaints, ["No photo."]);
});

test("a room that is gone is not asked any more", async () => {
  asked.splice(0);
  room.listen();
  (await next("/state")).answer({ code: "room-unknown", detail: "No room." }, 404);
  await settled();
  assert.equal(room.gone, "No room.");
  assert.deepEqual(asked, []);
});
