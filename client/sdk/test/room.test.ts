import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakeServer } from "./fake-server.ts";
import { start, upTo } from "./harness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function filled(count: number): FakeServer {
  const server = new FakeServer();
  for (let i = 1; i <= count; i++) server.general.append(`m${i}`);
  return server;
}

test("the first page is the newest one", async () => {
  const h = await start({ server: filled(120) });
  expect(h.seqs).toEqual(upTo(120).slice(70));
  expect(h.view.room).toMatchObject({ loaded: true, more: true });
});

test("an empty room is loaded, and its first message is shown", async () => {
  const h = await start();
  expect(h.view.room).toMatchObject({ loaded: true, more: false, messages: [] });
  h.server.say("first");
  expect(h.texts).toEqual(["first"]);
});

test("events that come before the first page are neither lost nor doubled", async () => {
  const server = filled(3);
  server.fault = (request, socket) => {
    if (request.action === "hello") socket.server.say("m4");
    if (request.action === "getRecentMessages" && socket.server.general.head === 4) {
      server.later(() => server.say("m5"));
    }
    return undefined;
  };
  const h = await start({ server });
  expect(h.seqs).toEqual(upTo(5));
});

test("the next number is applied, a lower or equal one is dropped", async () => {
  const h = await start({ server: filled(2) });
  const third = h.server.say("m3");
  h.server.deliver([third]);
  h.server.deliver(h.server.general.messages);
  expect(h.seqs).toEqual(upTo(3));
});

test("a gap is given time to close by itself", async () => {
  const h = await start({ server: filled(1) });
  const [late, early] = [h.server.general.append("m2"), h.server.general.append("m3")];
  h.server.deliver([early]);
  expect(h.seqs).toEqual([1]);
  await h.pass(290);
  h.server.deliver([late]);
  expect(h.seqs).toEqual([1, 2, 3]);
  await h.pass(5_000);
  expect(h.server.requests("getRecentMessages")).toHaveLength(1);
});

test("a gap that stays is fetched after the hold and the jitter, once", async () => {
  const h = await start({ server: filled(1), random: () => 0.5 });
  h.server.general.append("m2");
  h.server.say("m3");
  h.server.general.append("m4");
  h.server.say("m5");
  await h.pass(799);
  expect(h.server.requests("getRecentMessages")).toHaveLength(1);
  await h.pass(10);
  expect(h.seqs).toEqual(upTo(5));
  expect(h.server.requests("getRecentMessages").slice(1)).toMatchObject([{ after: 1 }]);
});

test("a long gap is fetched page by page", async () => {
  const h = await start({ server: filled(1) });
  h.server.pageMax = 7;
  for (let i = 2; i < 60; i++) h.server.general.append(`m${i}`);
  h.server.say("m60");
  await h.pass(2_000);
  expect(h.seqs).toEqual(upTo(60));
});

test("a fetch that fails is tried again", async () => {
  const h = await start({ server: filled(1) });
  let failures = 2;
  h.server.fault = (request) =>
    request.action === "getRecentMessages" && failures-- > 0
      ? { refuse: "unavailable", retryable: true }
      : undefined;
  h.server.general.append("m2");
  h.server.say("m3");
  await h.pass(6_000);
  expect(h.seqs).toEqual(upTo(3));
});

test("a kind of change that we do not know is passed over", async () => {
  const h = await start({ server: filled(1) });
  h.server.general.append("an entry of another kind");
  const third = h.server.general.append("m3");
  h.server.fault = (request, socket) => {
    if (request.after === undefined) return undefined;
    socket.push({
      reply: request.id,
      ok: true,
      room: "general",
      changes: [
        { seq: 2, kind: "pin", pinned: "m_1" },
        { seq: 3, kind: "message", message: third },
      ],
      through: 3,
      more: false,
      head: 3,
      recovered: true,
      floor: 1,
      epoch: 1,
    });
    return "ignore";
  };
  h.server.deliver([third]);
  await h.pass(2_000);
  expect(h.seqs).toEqual([1, 3]);
  h.server.fault = () => undefined;
  h.server.say("m4");
  expect(h.seqs).toEqual([1, 3, 4]);
});

test("an event that we do not know is skipped", async () => {
  const h = await start();
  h.server.socket.push({ event: "typing", room: "general", userId: "u_other" });
  h.server.say("still here");
  expect(h.texts).toEqual(["still here"]);
});

test("older messages come on demand, once, until there are none", async () => {
  const h = await start({ server: filled(120) });
  void h.chat.loadOlder();
  void h.chat.loadOlder();
  expect(h.view.room.loadingOlder).toBe(true);
  await h.pass(20);
  expect(h.seqs).toEqual(upTo(120).slice(20));
  void h.chat.loadOlder();
  await h.pass(20);
  expect(h.seqs).toEqual(upTo(120));
  expect(h.view.room.more).toBe(false);
  void h.chat.loadOlder();
  await h.pass(20);
  expect(h.server.requests("getRecentMessages")).toHaveLength(3);
});

test("a page of older messages that fails can be asked for again", async () => {
  const h = await start({ server: filled(60) });
  h.server.fault = () => ({ refuse: "internal", retryable: true });
  void h.chat.loadOlder();
  await h.pass(20);
  h.server.fault = () => undefined;
  expect(h.view.room.loadingOlder).toBe(false);
  void h.chat.loadOlder();
  await h.pass(20);
  expect(h.seqs).toEqual(upTo(60));
});

test("after an outage, only what was missed is fetched", async () => {
  const h = await start({ server: filled(3) });
  h.server.socket.end(1006);
  h.server.say("m4");
  h.server.say("m5");
  await h.pass(2_000);
  expect(h.seqs).toEqual(upTo(5));
  expect(h.server.requests("getRecentMessages").at(-1)).toMatchObject({ after: 3 });
});

test("after an outage without news, nothing is fetched", async () => {
  const h = await start({ server: filled(3) });
  h.server.socket.end(1006);
  await h.pass(2_000);
  expect(h.view.connection.phase).toBe("online");
  expect(h.server.requests("getRecentMessages")).toHaveLength(1);
});

test("another epoch: the numbers are forgotten, and the newest page is taken", async () => {
  const h = await start({ server: filled(30) });
  h.server.socket.end(1006);
  h.server.general.epoch = 2;
  h.server.general.cut(10);
  await h.pass(2_000);
  expect(h.seqs).toEqual(upTo(10));
  h.server.say("m11");
  expect(h.seqs).toEqual(upTo(11));
});

test("another epoch is noticed even if its log is just as long", async () => {
  const h = await start({ server: filled(3) });
  h.server.socket.end(1006);
  h.server.general.epoch = 2;
  h.server.general.cut(0);
  for (const text of ["a", "b", "c"]) h.server.general.append(text);
  await h.pass(2_000);
  expect(h.texts).toEqual(["a", "b", "c"]);
});

test("recovered: false has the same effect", async () => {
  const h = await start({ server: filled(30) });
  h.server.socket.end(1006);
  h.server.general.cut(10);
  h.server.general.recovered = false;
  await h.pass(2_000);
  expect(h.seqs).toEqual(upTo(10));
});

test("a ping finds a lost tail and a lost subscription", async () => {
  const h = await start({ server: filled(1) });
  h.server.socket.subscribed = false;
  h.server.say("m2");
  h.server.say("m3");
  await h.pass(239_000);
  expect(h.seqs).toEqual([1]);
  await h.pass(2_000);
  expect(h.server.requests("ping")).toMatchObject([{ rooms: { general: 1 } }]);
  expect(h.seqs).toEqual(upTo(3));
  h.server.say("m4");
  expect(h.seqs).toEqual(upTo(4));
});

test("a ping names only rooms that were silent for four minutes", async () => {
  const h = await start({ server: filled(1) });
  await h.pass(120_000);
  h.server.say("m2");
  await h.pass(125_000);
  // We said nothing for four minutes, so the connection is kept open, but the room was not silent.
  expect(h.server.requests("ping").map(({ rooms }) => rooms)).toEqual([{}]);
  await h.pass(116_000);
  expect(h.server.requests("ping").at(-1)).toMatchObject({ rooms: { general: 2 } });
});

test("another epoch found by a ping", async () => {
  const h = await start({ server: filled(5) });
  h.server.general.epoch = 2;
  h.server.general.cut(2);
  await h.pass(241_000);
  expect(h.seqs).toEqual([1, 2]);
});
