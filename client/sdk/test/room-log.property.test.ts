import { expect, test } from "vitest";

import type { Change, ChangesPage, MessagesPage } from "../src/protocol.ts";
import { EMPTY_LOG, hasGap, reduceRoom } from "../src/room-log.ts";
import type { RoomInput, RoomLog } from "../src/room-log.ts";
import { FakeRoom, somebody } from "./fake-room.ts";
import { pick, seeded, upTo } from "./harness.ts";

/** Somebody does something, of any kind. */
function happen(room: FakeRoom, random: () => number): Change {
  const { messages } = room;
  const what = random();
  if (messages.length === 0 || what < 0.45) {
    return room.change(room.append(`m${room.head + 1}`).seq);
  }
  const { seq } = pick(random, messages);
  if (what < 0.7) return room.edit(seq, `m${seq}, edited ${room.head + 1}`);
  if (what < 0.85) return room.delete(seq);
  if (what < 0.9) return room.surprise();
  return room.move(what < 0.95 ? "join" : "leave", somebody("u_eve"));
}

/** The fold of the whole log, in order. */
function whole(room: FakeRoom): RoomLog {
  const begun = reduceRoom(EMPTY_LOG, { kind: "start", head: 0, epoch: 1 });
  const page = room.page({ after: 0, size: room.head }) as ChangesPage;
  return reduceRoom(begun, { kind: "changes", after: 0, page });
}

/** Fetches whatever is missing behind and before, in pages of `size`. */
function complete(start: RoomLog, room: FakeRoom, size: number): RoomLog {
  let log = start;
  if (log.last === null) {
    log = reduceRoom(log, { kind: "newest", page: room.page({ size }) as MessagesPage });
  }
  log = reduceRoom(log, { kind: "head", ...room.stand });
  while (hasGap(log)) {
    const after = log.last ?? 0;
    const page = room.page({ after, size }) as ChangesPage;
    log = reduceRoom(log, { kind: "changes", after, page });
    expect(log.last).toBeGreaterThan(after);
  }
  while (log.more) {
    const before = log.from;
    const page = room.page({ before, size }) as MessagesPage;
    log = reduceRoom(log, { kind: "older", before, page });
    expect(log.from).toBeLessThan(before);
  }
  return log;
}

/** What is wrong with a step, in words; nothing should be. */
function faults(before: RoomLog, log: RoomLog): string[] {
  const { from, last, messages, held, states } = log;
  if (last === null) return [];
  const wrong: string[] = [];
  let previous = from - 1;
  for (const { seq } of messages) {
    if (seq <= previous) wrong.push(`${seq} after ${previous}`);
    previous = seq;
  }
  if (previous > last) wrong.push(`${previous} is beyond ${last}`);
  for (const { seq } of held) if (seq <= last) wrong.push(`${seq} is held`);
  for (const seq of states.keys()) if (seq >= from) wrong.push(`the state of ${seq} is kept`);
  if (before.last === null) return wrong;
  if (last < before.last) wrong.push(`from ${before.last} back to ${last}`);
  if (from > before.from) wrong.push(`from ${before.from} on to ${from}`);
  const vers = new Map(before.messages.map(({ seq, ver }) => [seq, ver]));
  for (const { seq, ver } of messages) {
    if (ver < (vers.get(seq) ?? 0)) wrong.push(`${seq} is as it was before`);
    const wasGone = seq >= before.from && seq <= before.last && !vers.has(seq);
    if (wasGone) wrong.push(`${seq} is back`);
  }
  return wrong;
}

test.each(upTo(200))("any order, doubling, loss and race, seed %i", (seed) => {
  const random = seeded(seed);
  const upToNow = (n: number) => Math.floor(random() * (n + 1));
  const room = new FakeRoom("general");
  for (let i = upToNow(30); i > 0; i--) happen(room, random);

  let log = EMPTY_LOG;
  /** What is on its way: each shows the state of when it was read. */
  let underWay: RoomInput[] = [];
  const apply = (input: RoomInput) => {
    const before = log;
    log = reduceRoom(log, input);
    expect(faults(before, log)).toEqual([]);
    // An answer to a question from before the numbers were forgotten may be older than what was shown.
    if (before.last !== null && log.last === null) underWay = [];
  };
  for (let step = 0; step < 150; step++) {
    const { last, from } = log;
    const size = 1 + upToNow(5);
    const what = random();
    if (what < 0.25) {
      const entry = happen(room, random);
      if (random() < 0.8) underWay.push({ kind: "live", entries: [entry] });
    } else if (what < 0.3 && room.head > 0) {
      // Told once more, in its state of now.
      const first = 1 + upToNow(room.head - 1);
      const entries = room.changes.slice(first - 1, first + upToNow(3));
      underWay.push({ kind: "live", entries });
    } else if (what < 0.4) {
      const after = upToNow(last ?? 0);
      const page = room.page({ after, size }) as ChangesPage;
      underWay.push({ kind: "changes", after, page });
    } else if (what < 0.5 && log.more) {
      const page = room.page({ before: from, size }) as MessagesPage;
      underWay.push({ kind: "older", before: from, page });
    } else if (what < 0.55) {
      const page = room.page({ size }) as MessagesPage;
      underWay.push(random() < 0.5 ? { kind: "newest", page } : { kind: "start", ...room.stand });
    } else if (what < 0.56) {
      const page = room.page({ after: 0, size }) as ChangesPage;
      underWay.push({ kind: "changes", after: 0, page: { ...page, recovered: false } });
    } else if (what < 0.58) {
      apply({ kind: "head", ...room.stand });
    } else if (underWay.length > 0) {
      const input = pick(random, underWay);
      if (random() < 0.8) underWay = underWay.filter((other) => other !== input);
      apply(input);
    }
  }
  log = complete(log, room, 1 + upToNow(5));
  expect(log.messages).toEqual(room.messages);
  expect(log.messages).toEqual(whole(room).messages);
  expect(log).toMatchObject({ last: room.head, head: room.head, from: 1, held: [] });
  const notices = whole(room).notices.map(({ seq }) => seq);
  expect(notices).toEqual(expect.arrayContaining(log.notices.map(({ seq }) => seq)));
});

test.each(upTo(40))("a resume at every boundary, in pages of every size, seed %i", (seed) => {
  const random = seeded(seed);
  const room = new FakeRoom("general");
  const stopped: RoomLog[] = [];
  for (let i = 0; i < 14; i++) {
    stopped.push(whole(room));
    happen(room, random);
  }
  const expected = whole(room);
  for (const reader of stopped) {
    for (const size of [1, 2, 3, 14]) {
      const log = complete(reader, room, size);
      expect(log.messages).toEqual(expected.messages);
      expect(log.notices).toEqual(expected.notices);
    }
  }
});
