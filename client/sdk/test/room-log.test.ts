import { expect, test } from "vitest";

import { asEntry } from "../src/entries.ts";
import type { ChangesPage, Message, MessagesPage } from "../src/protocol.ts";
import { EMPTY_LOG, reduceRoom } from "../src/room-log.ts";
import type { RoomLog } from "../src/room-log.ts";
import { FakeRoom } from "./fake-room.ts";

const room = new FakeRoom("general");
const ALL: readonly Message[] = Array.from({ length: 20 }, (_, i) => room.append(`m${i + 1}`));

function newest(from: number, through: number, epoch = 1): MessagesPage {
  const messages = ALL.slice(from - 1, through);
  return { room: "general", messages, more: from > 1, head: through, epoch };
}

function changes(from: number, through: number, epoch = 1): ChangesPage {
  return {
    room: "general",
    changes: ALL.slice(from - 1, through).map((message) => ({
      kind: "message",
      seq: message.seq,
      message,
    })),
    through,
    more: false,
    head: through,
    recovered: true,
    floor: 1,
    epoch,
  };
}

function begun(from: number, through: number, epoch = 1): RoomLog {
  return reduceRoom(EMPTY_LOG, { kind: "newest", page: newest(from, through, epoch) });
}

const seqs = (log: RoomLog) => log.messages.map(({ seq }) => seq);

test("an answer to a question from before the numbers were forgotten changes nothing", () => {
  const log = begun(1, 5, 2);
  expect(reduceRoom(log, { kind: "changes", after: 9, page: changes(10, 12, 2) })).toBe(log);
  expect(reduceRoom(log, { kind: "older", before: 9, page: newest(1, 8, 2) })).toBe(log);
});

test("a page of another epoch makes the log forget its numbers, but not what is on show", () => {
  for (const log of [
    reduceRoom(begun(1, 5), { kind: "changes", after: 5, page: changes(6, 7, 2) }),
    reduceRoom(begun(3, 5), { kind: "older", before: 3, page: newest(1, 2, 2) }),
  ]) {
    expect(log.last).toBeNull();
    expect(log.messages.at(-1)?.seq).toBe(5);
  }
});

test("while the numbers are forgotten, live messages wait for the newest page", () => {
  let log = reduceRoom(begun(1, 5), { kind: "head", head: 2, epoch: 2 });
  log = reduceRoom(log, { kind: "live", entries: ALL.slice(2, 3).map(asEntry) });
  expect(log).toMatchObject({ last: null, head: 3 });
  log = reduceRoom(log, { kind: "newest", page: newest(1, 2, 2) });
  expect(seqs(log)).toEqual([1, 2, 3]);
  expect(log).toMatchObject({ last: 3, head: 3, epoch: 2, held: [] });
});

test("an entry that we have still brings the state that it shows", () => {
  const other = new FakeRoom("general");
  other.append("m1");
  const page = other.page({ size: 9 }) as MessagesPage;
  const [edit, gone] = [other.edit(1, "edited"), other.delete(1)];
  // The page was read in the middle of the changes' commits.
  let log = reduceRoom(EMPTY_LOG, { kind: "newest", page: { ...page, head: 3 } });
  log = reduceRoom(log, { kind: "live", entries: [edit] });
  expect(log.messages).toMatchObject([{ content: "edited", ver: 2 }]);
  log = reduceRoom(log, { kind: "live", entries: [gone] });
  expect(log.messages).toEqual([]);
  expect(reduceRoom(log, { kind: "live", entries: [edit] }).messages).toEqual([]);
});

test("a page of which all has been deleted meanwhile moves on all the same", () => {
  const other = new FakeRoom("general");
  for (let i = 1; i <= 4; i++) other.append(`m${i}`);
  let log = reduceRoom(EMPTY_LOG, { kind: "start", ...other.stand });
  const page = other.page({ before: 5, size: 2 }) as MessagesPage;
  const entries = [other.delete(3), other.delete(4)];
  log = reduceRoom(log, { kind: "live", entries });
  log = reduceRoom(log, { kind: "older", before: 5, page });
  expect(log).toMatchObject({ messages: [], from: 3, more: true });
  expect(log.states.size).toBe(0);
});

test("pages without a message lead on by where they say that they begin", () => {
  const empty = { ...newest(1, 20), messages: [], more: true };
  let log = reduceRoom(EMPTY_LOG, { kind: "newest", page: { ...empty, from: 15 } });
  expect(log).toMatchObject({ from: 15, more: true, messages: [] });
  log = reduceRoom(log, { kind: "older", before: 15, page: { ...empty, from: 9 } });
  expect(log).toMatchObject({ from: 9, more: true, messages: [] });
  log = reduceRoom(log, { kind: "older", before: 9, page: newest(1, 8) });
  expect(log).toMatchObject({ from: 1, more: false });
  expect(seqs(log)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
});

test("when all that was loaded is deleted, older messages join on", () => {
  const other = new FakeRoom("general");
  for (let i = 1; i <= 4; i++) other.append(`m${i}`);
  let log = reduceRoom(EMPTY_LOG, {
    kind: "newest",
    page: other.page({ size: 1 }) as MessagesPage,
  });
  log = reduceRoom(log, { kind: "live", entries: [other.delete(4)] });
  const page = other.page({ before: log.from, size: 9 }) as MessagesPage;
  log = reduceRoom(log, { kind: "older", before: log.from, page });
  expect(seqs(log)).toEqual([1, 2, 3]);
});

test("numbers advance to `through`, whatever kinds the page ends with", () => {
  const page = { ...changes(6, 6), through: 9, head: 9 };
  const log = reduceRoom(begun(1, 5), { kind: "changes", after: 5, page });
  expect(log.last).toBe(9);
  expect(seqs(reduceRoom(log, { kind: "live", entries: ALL.slice(9, 10).map(asEntry) }))).toEqual([
    1, 2, 3, 4, 5, 6, 10,
  ]);
});
