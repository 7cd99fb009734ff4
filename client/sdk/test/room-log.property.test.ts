import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { asEntry } from "../src/entries.ts";
import type { Message } from "../src/protocol.ts";
import { EMPTY_LOG, reduceRoom } from "../src/room-log.ts";
import { FakeServer } from "./fake-server.ts";
import { seeded, start, upTo } from "./harness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Picks among `items`. */
function pick<T>(random: () => number, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

test.each(upTo(200))("any order, doubling or loss of events, seed %i", (seed) => {
  const random = seeded(seed);
  const server = new FakeServer();
  const total = 1 + Math.floor(random() * 40);
  const firstPage = Math.floor(random() * total);
  const all: Message[] = upTo(total).map((i) => server.append(`m${i}`));
  const shared = { room: "general", epoch: 1, more: false };

  const pages = () =>
    reduceRoom(log, {
      kind: "newest",
      page: { ...shared, head: firstPage, messages: all.slice(0, firstPage) },
    });
  const resume = (after: number, size: number) => {
    const entries = all.slice(after, after + size);
    return reduceRoom(log, {
      kind: "changes",
      after,
      page: {
        ...shared,
        changes: entries.map((message) => ({ kind: "message", seq: message.seq, message })),
        through: after + entries.length,
        more: after + entries.length < total,
        head: total,
        recovered: true,
        floor: 1,
      },
    });
  };

  let log = EMPTY_LOG;
  for (let step = 0; step < 80; step++) {
    const what = random();
    const before = log;
    if (log.last === null) {
      if (what < 0.2) log = pages();
      else log = reduceRoom(log, { kind: "live", entries: [asEntry(pick(random, all))] });
    } else if (what < 0.8) {
      const from = Math.floor(random() * total);
      const messages = all.slice(from, from + 1 + Math.floor(random() * 3));
      log = reduceRoom(log, { kind: "live", entries: messages.map(asEntry) });
    } else {
      // A late answer asks from an earlier number than we have now.
      log = resume(Math.floor(random() * (log.last + 1)), 1 + Math.floor(random() * 5));
    }
    const seqs = log.messages.map(({ seq }) => seq);
    expect(seqs).toEqual(upTo(log.last ?? 0));
    expect(log.last ?? 0).toBeGreaterThanOrEqual(before.last ?? 0);
  }
  if (log.last === null) log = pages();
  log = resume(log.last ?? 0, total);
  expect(log.messages).toEqual(all);
  expect(log.held).toEqual([]);
});

test.each(upTo(30))("a day of accidents, end to end, seed %i", async (seed) => {
  const random = seeded(seed);
  const server = new FakeServer();
  server.fault = ({ action }) => {
    const what = random();
    if (action === "hello") return undefined;
    if (what < 0.06) return "ignore";
    if (what < 0.16) return "lose-reply";
    if (what < 0.22) return "platform";
    if (what < 0.3) return { refuse: "busy", retryable: true };
    return undefined;
  };
  const deliver = server.deliver.bind(server);
  server.deliver = (messages) => {
    const what = random();
    if (what < 0.2) return;
    if (what < 0.4) setTimeout(() => deliver(messages), random() * 2_000);
    else deliver(messages);
    if (what > 0.8) deliver(messages);
  };
  const h = await start({ server, random });
  const mine: string[] = [];
  for (let step = 0; step < 60; step++) {
    const what = random();
    if (what < 0.4) {
      const text = `mine ${mine.length}`;
      mine.push(text);
      h.chat.send(text);
    } else if (what < 0.8) server.say(`theirs ${step}`);
    else if (what < 0.86) server.socket.end(1006);
    else if (what < 0.9) server.socket.dead = true;
    else server.socket.push({ event: "bye", code: 4200, reason: "", reconnect: true });
    await h.pass(random() * 1_500);
  }
  server.fault = () => undefined;
  server.deliver = deliver;
  await h.pass(300_000);
  expect(h.seqs).toEqual(upTo(server.head));
  expect(h.texts).toEqual(server.log.map(({ content }) => content));
  expect(h.texts.filter((text) => text.startsWith("mine"))).toEqual(mine);
  expect(h.view.room.outgoing).toEqual([]);
});
