import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { LIMITS } from "../src/protocol.ts";
import { memoryStorage, start } from "./harness.ts";
import type { Harness } from "./harness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sends = (h: Harness) => h.server.requests("sendMessage");
const outgoing = (h: Harness) => h.view.room.outgoing.map(({ content, state }) => [content, state]);

test("a message is shown at once, and once it is stored, as the log has it", async () => {
  const h = await start();
  h.chat.send("hi");
  expect(outgoing(h)).toEqual([["hi", "sending"]]);
  await h.pass(10);
  expect(h.texts).toEqual(["hi"]);
  expect(outgoing(h)).toEqual([]);
});

test("the event may come before the reply", async () => {
  const h = await start();
  h.server.eventFirst = true;
  h.chat.send("one");
  h.chat.send("two");
  await h.pass(20);
  expect(h.texts).toEqual(["one", "two"]);
  expect(outgoing(h)).toEqual([]);
  expect(sends(h)).toHaveLength(2);
});

test("the event alone acknowledges: the next message does not wait for the reply", async () => {
  const h = await start();
  h.server.fault = (request, socket) => {
    if (request.content !== "one") return undefined;
    const { clientId = "" } = request;
    socket.server.deliver([socket.server.general.append("one", { userId: "u_me", clientId })]);
    return "ignore";
  };
  h.chat.send("one");
  h.chat.send("two");
  await h.pass(20);
  expect(h.texts).toEqual(["one", "two"]);
  await h.pass(30_000);
  expect(sends(h)).toHaveLength(2);
});

test("an event that is held for its predecessor acknowledges all the same", async () => {
  const h = await start();
  h.server.fault = (request, socket) => {
    if (request.content !== "one") return undefined;
    const { clientId = "" } = request;
    socket.server.general.append("theirs, not heard of");
    socket.server.deliver([socket.server.general.append("one", { userId: "u_me", clientId })]);
    return "ignore";
  };
  h.chat.send("one");
  h.chat.send("two");
  await h.pass(20);
  expect(h.server.general.head).toBe(3);
  expect(h.texts).toEqual([]);
  await h.pass(2_000);
  expect(h.texts).toEqual(["theirs, not heard of", "one", "two"]);
});

test("a fetched page acknowledges as well as an event", async () => {
  const h = await start();
  h.server.fault = ({ content }) => (content === "one" ? "lose-reply" : undefined);
  h.chat.send("one");
  h.chat.send("two");
  await h.pass(5);
  h.server.say("theirs");
  await h.pass(2_000);
  expect(h.texts).toEqual(["one", "theirs", "two"]);
});

test("an event ends the wait for a resend", async () => {
  const h = await start();
  h.server.fault = ({ content }) =>
    content === "one" ? { refuse: "busy", retryable: true, retryAfterMs: 60_000 } : undefined;
  h.chat.send("one");
  h.chat.send("two");
  await h.pass(5);
  const { clientId = "" } = sends(h)[0] ?? {};
  h.server.deliver([h.server.general.append("one", { userId: "u_me", clientId })]);
  await h.pass(20);
  expect(h.texts).toEqual(["one", "two"]);
  expect(sends(h)).toHaveLength(2);
});

test("somebody else's message under the same clientId acknowledges nothing", async () => {
  const h = await start();
  h.server.fault = (request) => (request.action === "sendMessage" ? "ignore" : undefined);
  h.chat.send("mine");
  await h.pass(5);
  const { clientId = "" } = sends(h)[0] ?? {};
  h.server.deliver([h.server.general.append("theirs", { userId: "u_other", clientId })]);
  expect(outgoing(h)).toEqual([["mine", "sending"]]);
});

test("silence: the same clientId is sent again after ten seconds, and stored once", async () => {
  const h = await start();
  let lost = false;
  h.server.fault = (request) => {
    if (request.action !== "sendMessage" || lost) return undefined;
    lost = true;
    return "lose-reply";
  };
  h.chat.send("hi");
  await h.pass(9_900);
  h.server.say("somebody else, so that the connection is known to live");
  expect(sends(h)).toHaveLength(1);
  await h.pass(200);
  expect(sends(h)).toHaveLength(2);
  expect(sends(h)[1]?.clientId).toBe(sends(h)[0]?.clientId);
  await h.pass(2_000);
  expect(h.texts.filter((text) => text === "hi")).toHaveLength(1);
  expect(outgoing(h)).toEqual([]);
});

test("silence on everything: the connection is replaced, and the message sent there", async () => {
  const h = await start();
  h.server.socket.dead = true;
  h.chat.send("hi");
  await h.pass(9_900);
  expect(h.server.sockets).toHaveLength(1);
  await h.pass(2_000);
  expect(h.server.sockets).toHaveLength(2);
  expect(h.texts).toEqual(["hi"]);
});

test("a platform frame means unknown: the same clientId is sent again", async () => {
  const h = await start();
  let crashes = 2;
  h.server.fault = ({ action }) =>
    action === "sendMessage" && crashes-- > 0 ? "platform" : undefined;
  h.chat.send("hi");
  await h.pass(5_000);
  expect(new Set(sends(h).map(({ clientId }) => clientId)).size).toBe(1);
  expect(sends(h)).toHaveLength(3);
  expect(h.texts).toEqual(["hi"]);
  expect(outgoing(h)).toEqual([]);
});

test("a retryable error is tried again, not before the time it names", async () => {
  const h = await start();
  let busy = true;
  h.server.fault = ({ action }) => {
    if (action !== "sendMessage" || !busy) return undefined;
    busy = false;
    return { refuse: "busy", retryable: true, retryAfterMs: 3_000 };
  };
  h.chat.send("hi");
  await h.pass(2_900);
  expect(sends(h)).toHaveLength(1);
  await h.pass(200);
  expect(h.texts).toEqual(["hi"]);
});

test("a refusal is shown with its sentence; the next message goes; retry and dismiss work", async () => {
  const h = await start();
  h.server.fault = ({ content }) =>
    content === "bad" ? { refuse: "too_large", retryable: false } : undefined;
  h.chat.send("bad");
  h.chat.send("good");
  await h.pass(20);
  expect(h.texts).toEqual(["good"]);
  const [failed] = h.view.room.outgoing;
  expect(failed).toMatchObject({ state: "failed", problem: "refused: too_large" });
  h.chat.retry(failed?.clientId ?? "");
  await h.pass(20);
  const [again] = h.view.room.outgoing;
  expect(again).toMatchObject({ content: "bad", state: "failed" });
  h.server.fault = () => undefined;
  h.chat.retry(again?.clientId ?? "");
  await h.pass(20);
  expect(h.texts).toEqual(["good", "bad"]);

  h.server.fault = () => ({ refuse: "bad_request", retryable: false });
  h.chat.send("never");
  await h.pass(20);
  h.chat.dismiss(h.view.room.outgoing[0]?.clientId ?? "");
  expect(outgoing(h)).toEqual([]);
});

test("a message that no frame can carry is not sent, since it would break every connection", async () => {
  const h = await start();
  h.chat.send("x".repeat(LIMITS.textBytes + 1));
  h.chat.send("\u0001".repeat(LIMITS.textBytes));
  h.chat.send("ü".repeat(LIMITS.textBytes / 2));
  await h.pass(20);
  expect(outgoing(h).map(([, state]) => state)).toEqual(["failed", "failed"]);
  expect(sends(h)).toHaveLength(1);
});

test("one unacknowledged write at a time keeps the writer's order", async () => {
  const h = await start();
  let stumbles = 3;
  h.server.fault = ({ content }) =>
    content === "1" && stumbles-- > 0 ? { refuse: "busy", retryable: true } : undefined;
  for (const text of ["1", "2", "3", "4"]) h.chat.send(text);
  await h.pass(5);
  expect(
    outgoing(h)
      .slice(1)
      .every(([, state]) => state === "waiting"),
  ).toBe(true);
  await h.pass(20_000);
  expect(h.texts).toEqual(["1", "2", "3", "4"]);
});

test("what is written offline is sent in order on coming back", async () => {
  const h = await start();
  h.server.httpFault = () => "unreachable";
  h.server.socket.end(1006);
  h.chat.send("a");
  h.chat.send("b");
  await h.pass(10_000);
  expect(outgoing(h)).toEqual([
    ["a", "waiting"],
    ["b", "waiting"],
  ]);
  h.server.httpFault = () => undefined;
  h.chat.wake();
  await h.pass(50);
  expect(h.texts).toEqual(["a", "b"]);
});

test("stored before the connection broke: sent again, shown once", async () => {
  const h = await start();
  h.server.fault = ({ action }) => (action === "sendMessage" ? "lose-reply" : undefined);
  h.chat.send("hi");
  await h.pass(5);
  expect(h.server.general.head).toBe(1);
  h.server.fault = () => undefined;
  h.server.socket.end(1006);
  await h.pass(3_000);
  expect(h.texts).toEqual(["hi"]);
  expect(outgoing(h)).toEqual([]);
});

test("the reply came but the event was lost: the message stays on show and is fetched", async () => {
  const h = await start();
  h.server.fanOut = false;
  h.chat.send("hi");
  await h.pass(10);
  expect(h.texts).toEqual([]);
  expect(outgoing(h)).toEqual([["hi", "stored"]]);
  expect(h.storage.length).toBe(0);
  await h.pass(1_500);
  expect(h.texts).toEqual(["hi"]);
  expect(outgoing(h)).toEqual([]);
});

test.each(["ignore", "lose-reply"] as const)(
  "a reload keeps what was not sent: %s",
  async (fault) => {
    const first = await start();
    first.server.fault = ({ action }) => (action === "sendMessage" ? fault : undefined);
    first.chat.send("on its way");
    first.chat.send("waiting");
    await first.pass(5);

    // The page dies without a word, so what it saved last is what it leaves.
    const { server } = first;
    const storage = memoryStorage(first.storage);
    first.chat.close();
    server.fault = () => undefined;
    const second = await start({ server, storage });
    await second.pass(2_000);
    expect(second.texts).toEqual(["on its way", "waiting"]);
    expect(outgoing(second)).toEqual([]);
    expect(storage.length).toBe(0);
  },
);

test("another person's outbox is left alone", async () => {
  const first = await start();
  first.server.httpFault = (call) => (call.endsWith("/tickets") ? "unreachable" : undefined);
  first.server.socket.end(1006);
  first.chat.send("mine");
  first.chat.close();

  const { server, storage } = first;
  server.httpFault = () => undefined;
  server.userId = "u_somebody";
  const second = await start({ server, storage });
  expect(outgoing(second)).toEqual([]);
  expect(second.texts).toEqual([]);
  expect(storage.length).toBe(1);
});

test("logging out throws away what was not sent", async () => {
  const h = await start();
  h.server.socket.dead = true;
  h.chat.send("hi");
  h.chat.discard();
  expect(h.storage.length).toBe(0);
});

test("a storage that refuses does not stop the sending", async () => {
  const h = await start();
  vi.spyOn(h.storage, "setItem").mockImplementation(() => {
    throw new DOMException("full", "QuotaExceededError");
  });
  h.chat.send("hi");
  await h.pass(10);
  expect(h.texts).toEqual(["hi"]);
});
