import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Refused } from "../src/errors.ts";
import type { Event } from "../src/protocol.ts";
import { LIMITS } from "../src/protocol.ts";
import { FakeRoom, somebody } from "./fake-room.ts";
import { FakeServer } from "./fake-server.ts";
import { pick, seeded, start, upTo } from "./harness.ts";
import * as previous from "./previous/room-log.ts";
import type * as previousFrames from "./previous/protocol.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Whatever this version says goes over the wire as text. */
function overTheWire<T>(frame: unknown): T {
  return JSON.parse(JSON.stringify(frame)) as T;
}

test.each(upTo(50))("the version before reads this one's frames, seed %i", (seed) => {
  const random = seeded(seed);
  const room = new FakeRoom("general");
  for (let i = 0; i < 3; i++) room.append(`m${i}`);
  let log = previous.reduceRoom(previous.EMPTY_LOG, {
    kind: "newest",
    page: overTheWire<previousFrames.MessagesPage>(room.page({ size: 2 })),
  });
  const resume = () => {
    log = previous.reduceRoom(log, { kind: "head", head: room.head, epoch: room.epoch });
    while (previous.hasGap(log)) {
      const after = log.last ?? 0;
      const page = overTheWire<previousFrames.ChangesPage>(room.page({ after, size: 3 }));
      log = previous.reduceRoom(log, { kind: "changes", after, page });
    }
  };
  const sent: number[] = [];
  for (let step = 0; step < 60; step++) {
    const what = random();
    const target = pick(random, [...room.messages, room.append(`m${room.head}`)]);
    sent.push(room.head);
    const entries = [room.change(room.head)];
    if (what < 0.3) entries.push(room.edit(target.seq, "edited"));
    else if (what < 0.5) entries.push(room.delete(target.seq));
    else if (what < 0.6) entries.push(room.move("join", somebody("u_eve")));
    for (const entry of entries) {
      const event: Event =
        entry.kind === "message"
          ? { event: "messages", room: "general", messages: [entry.message] }
          : { event: "changes", room: "general", changes: [entry] };
      // It skips the events that it does not know.
      if (event.event === "messages" && random() < 0.8) {
        const { messages } = overTheWire<{ messages: previousFrames.Message[] }>(event);
        log = previous.reduceRoom(log, { kind: "live", messages });
      }
    }
    if (random() < 0.3) resume();
  }
  resume();
  expect(log).toMatchObject({ last: room.head, head: room.head, held: [] });
  const seqs = log.messages.map(({ seq }) => seq);
  expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
  // All that is there is shown, though not always in its last state.
  expect(seqs).toEqual(expect.arrayContaining(room.messages.map(({ seq }) => seq).slice(1)));
  expect(sent).toEqual(expect.arrayContaining(seqs.filter((seq) => seq > 3)));

  while (log.more) {
    const before = log.messages[0]?.seq ?? 0;
    const page = overTheWire<previousFrames.MessagesPage>(room.page({ before, size: 3 }));
    log = previous.reduceRoom(log, { kind: "older", before, page });
  }
  expect(log.messages.length).toBeGreaterThanOrEqual(room.messages.length);
});

function olderServer(): FakeServer {
  const server = new FakeServer();
  server.isOld = true;
  server.general.append("mine", somebody("u_me"));
  return server;
}

test("a server of the version before: general works as it did", async () => {
  const server = olderServer();
  const h = await start({ server });
  h.chat.send("hi");
  await h.pass(10);
  server.socket.end(1006);
  server.say("missed");
  await h.pass(2_000);
  server.general.append("lost");
  await h.pass(243_000);
  expect(h.texts).toEqual(["mine", "hi", "missed", "lost"]);
  expect(h.view.rooms).toEqual([{ name: "general", unseen: 0 }]);
  const { topicBytes, roomsPerSocket } = LIMITS;
  expect(h.view.limits).toMatchObject({ topicBytes, roomsPerSocket });
});

test("a server of the version before: what it cannot do is said in words", async () => {
  const h = await start({ server: olderServer() });
  const refusals = [h.chat.createRoom("dev", ""), h.chat.joinRoom("dev"), h.chat.listRooms()];
  const settled = Promise.allSettled(refusals);
  h.chat.edit(1, "better");
  await h.pass(20);
  const words = "The server cannot do this yet. Please try again later.";
  for (const result of await settled) {
    if (result.status === "fulfilled") throw new Error("done after all");
    expect(result.reason).toBeInstanceOf(Refused);
    expect(result.reason).toMatchObject({ message: words });
  }
  expect(h.view.room.messages).toMatchObject([{ content: "mine", refused: { problem: words } }]);
});

test("rooms that the version before does not know of come with the new one", async () => {
  const server = olderServer();
  const h = await start({ server });
  server.openMine("dev");
  server.isOld = false;
  await h.pass(241_000);
  expect(h.view.rooms.map(({ name }) => name)).toEqual(["general", "dev"]);
});
