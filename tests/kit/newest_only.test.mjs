// Run by tests/kit/test_front_end.py, or by hand: node --test tests/kit/

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import { newestOnly } from "../../lib/engineroom/kit/newest_only.mjs";

let value, sent, told, requests;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"] });
  [value, sent, told] = [0, [], []];
  requests = newestOnly({
    patienceMs: 4000,
    send: (seq) => sent.push({ seq, value }),
    told: (state) => told.push(state),
  });
});

const move = (to) => {
  value = to;
  requests.ask();
};
const newest = () => sent.at(-1);

test("a first move is sent at once", () => {
  move(1);
  assert.deepEqual(sent.map((one) => one.value), [1]);
  assert.deepEqual(told, ["busy"]);
});

test("of the moves during a request only the newest is sent, and only once it is answered", () => {
  for (const to of [1, 2, 3, 4]) move(to);
  assert.deepEqual(sent.map((one) => one.value), [1]);
  requests.answered(newest().seq);
  assert.deepEqual(sent.map((one) => one.value), [1, 4]);
  requests.answered(newest().seq);
  assert.deepEqual(sent.map((one) => one.value), [1, 4]);
  assert.deepEqual(told, ["busy", "idle", "busy", "idle"]);
});

test("an answer to something else does not end the request", () => {
  move(1);
  move(2);
  requests.answered(0); // a change from code
  requests.answered(newest().seq - 1); // an answer to an earlier request
  assert.deepEqual(sent.map((one) => one.value), [1]);
  assert.deepEqual(told, ["busy"]);
});

test("every request has a number of its own, even within one millisecond", () => {
  for (const to of [1, 2, 3]) {
    move(to);
    requests.answered(newest().seq);
  }
  assert.equal(new Set(sent.map((one) => one.seq)).size, 3);
  assert.ok(sent.every((one) => Number.isSafeInteger(one.seq)));
});

test("a kernel that does not answer is told of, and the next move tries again", () => {
  move(1);
  mock.timers.tick(3999);
  assert.deepEqual(told, ["busy"]);
  mock.timers.tick(1);
  assert.deepEqual(told, ["busy", "silent"]);
  move(2);
  assert.deepEqual(sent.map((one) => one.value), [1, 2]);
});

test("a late answer ends the silence and sends what had waited", () => {
  move(1);
  move(2);
  mock.timers.tick(4000);
  requests.answered(newest().seq);
  assert.deepEqual(sent.map((one) => one.value), [1, 2]);
  assert.deepEqual(told, ["busy", "silent", "idle", "busy"]);
});

test("an answer in time leaves no alarm behind, and neither does closing", () => {
  move(1);
  requests.answered(newest().seq);
  move(2);
  requests.close();
  mock.timers.tick(10_000);
  assert.ok(!told.includes("silent"));
});

test("a run waits until the kernel knows the newest values", () => {
  const ran = [];
  requests.settled(() => ran.push("at once"));
  move(1);
  move(2);
  requests.settled(() => ran.push(newest().value));
  requests.answered(newest().seq);
  assert.deepEqual(ran, ["at once"]);
  requests.answered(newest().seq);
  assert.deepEqual(ran, ["at once", 2]);
  move(3);
  requests.answered(newest().seq);
  assert.deepEqual(ran, ["at once", 2]);
});

test("a run that waited for a silent kernel is not made up for later", () => {
  const ran = [];
  move(1);
  requests.settled(() => ran.push("late"));
  mock.timers.tick(4000);
  requests.answered(newest().seq);
  assert.deepEqual(ran, []);
});
