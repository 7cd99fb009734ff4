import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { LIMITS } from "../src/protocol.ts";
import { somebody } from "./fake-room.ts";
import { FakeServer } from "./fake-server.ts";
import { memoryStorage, start, upTo } from "./harness.ts";
import type { Harness, Setup } from "./harness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const edits = (h: Harness) => h.server.requests("editMessage");
const shown = (h: Harness) =>
  h.view.room.messages.map(({ content, pending, refused }) => [
    content,
    ...(pending === undefined ? [] : [pending]),
    ...(refused === undefined ? [] : [refused.problem]),
  ]);

/** A chat with a message of mine, number 1, and one of somebody else's, number 2. */
async function startWithTwo(setup: Setup = {}): Promise<Harness> {
  const server = new FakeServer();
  server.general.append("mine", somebody("u_me"));
  server.general.append("theirs");
  return start({ server, ...setup });
}

test("an edit is shown at once, as on its way, and then as the log has it", async () => {
  const h = await startWithTwo();
  h.chat.edit(1, "better");
  expect(shown(h)).toEqual([["better", "edit"], ["theirs"]]);
  expect(h.view.unsent).toBe(1);
  await h.pass(10);
  expect(shown(h)).toEqual([["better"], ["theirs"]]);
  expect(h.view.room.messages[0]).toMatchObject({ seq: 1, ver: 3 });
  expect(h.view.room.messages[0]?.editedAt).toBeDefined();
  expect(h.view.unsent).toBe(0);
});

test("a deletion is shown as on its way, and then the message is gone", async () => {
  const h = await startWithTwo();
  h.chat.delete(1);
  expect(shown(h)).toEqual([["mine", "delete"], ["theirs"]]);
  await h.pass(10);
  expect(shown(h)).toEqual([["theirs"]]);
  h.server.say("the numbers go on");
  expect(shown(h)).toEqual([["theirs"], ["the numbers go on"]]);
});

test("others' edits and deletions are shown as they come", async () => {
  const h = await startWithTwo();
  const { general } = h.server;
  h.server.tell(general, general.edit(2, "theirs, edited"));
  expect(h.texts).toEqual(["mine", "theirs, edited"]);
  h.server.tell(general, general.delete(2));
  expect(h.texts).toEqual(["mine"]);
});

test("a change that was missed is fetched", async () => {
  const h = await startWithTwo();
  h.server.general.edit(2, "not heard of");
  h.server.say("next");
  await h.pass(2_000);
  expect(h.texts).toEqual(["mine", "not heard of", "next"]);
});

test("a refused edit is put back, and says why, until it is dismissed or tried again", async () => {
  const h = await startWithTwo();
  h.chat.edit(2, "not mine to edit");
  expect(shown(h)[1]).toEqual(["not mine to edit", "edit"]);
  await h.pass(10);
  expect(shown(h)[1]).toEqual(["theirs", "refused: forbidden"]);
  const refused = h.view.room.messages[1]?.refused;
  expect(refused).toMatchObject({ kind: "edit", content: "not mine to edit" });
  h.chat.retry(refused?.clientId ?? "");
  await h.pass(10);
  expect(new Set(edits(h).map(({ clientId }) => clientId)).size).toBe(2);
  h.chat.dismiss(h.view.room.messages[1]?.refused?.clientId ?? "");
  expect(shown(h)).toEqual([["mine"], ["theirs"]]);
  expect(h.storage.length).toBe(0);
});

test("a refused deletion is put back, and says why", async () => {
  const h = await startWithTwo();
  h.chat.delete(2);
  await h.pass(10);
  expect(shown(h)[1]).toEqual(["theirs", "refused: forbidden"]);
  expect(h.view.room.messages[1]?.refused?.kind).toBe("delete");
});

test("what was refused of a message goes with it", async () => {
  const h = await startWithTwo();
  h.chat.edit(2, "not mine to edit");
  await h.pass(10);
  h.server.tell(h.server.general, h.server.general.delete(2));
  expect(h.storage.length).toBe(0);
});

test("a change of a message that is gone by then leaves nothing behind", async () => {
  const h = await startWithTwo();
  h.server.general.delete(1);
  h.chat.edit(1, "too late");
  h.chat.delete(1);
  await h.pass(20);
  expect(h.view.unsent).toBe(0);
  await h.pass(300_000);
  expect(shown(h)).toEqual([["theirs"]]);
});

test("an edit that is too long fails at once", async () => {
  const h = await startWithTwo();
  h.chat.edit(1, "x".repeat(LIMITS.textBytes + 1));
  await h.pass(10);
  expect(edits(h)).toEqual([]);
  expect(shown(h)[0]).toEqual(["mine", "This is too long to be sent."]);
});

test.each(["ignore", "lose-reply", "platform"] as const)(
  "an edit is stored once, whatever becomes of the answer: %s",
  async (fault) => {
    const h = await startWithTwo();
    let faults = 1;
    h.server.fault = ({ action }) => (action === "editMessage" && faults-- > 0 ? fault : undefined);
    h.chat.edit(1, "better");
    await h.pass(9_000);
    h.server.say("so that the connection is known to live");
    await h.pass(10_000);
    expect(h.server.general.head).toBe(4);
    expect(new Set(edits(h).map(({ clientId }) => clientId)).size).toBe(1);
    expect(shown(h)[0]).toEqual(["better"]);
    expect(h.view.unsent).toBe(0);
  },
);

test.each(["live", "fetched"])("an entry that is %s acknowledges an edit", async (how) => {
  const h = await startWithTwo();
  h.server.fault = (request, socket) => {
    if (request.action !== "editMessage") return undefined;
    const { general } = socket.server;
    const entry = general.edit(1, "better", { userId: "u_me", clientId: request.clientId ?? "" });
    if (how === "live") socket.server.tell(general, entry);
    return "ignore";
  };
  h.chat.edit(1, "better");
  h.chat.send("next");
  await h.pass(5);
  if (how === "fetched") h.server.say("so that the gap is found");
  await h.pass(2_000);
  expect(edits(h)).toHaveLength(1);
  expect(h.texts).toContain("next");
  expect(h.view.unsent).toBe(0);
});

test("messages, edits and deletions of a room keep my order", async () => {
  const h = await startWithTwo();
  let stumbles = 3;
  h.server.fault = ({ content }) =>
    content === "first" && stumbles-- > 0 ? { refuse: "busy", retryable: true } : undefined;
  h.chat.edit(1, "first");
  h.chat.edit(1, "second");
  h.chat.send("third");
  h.chat.delete(1);
  expect(shown(h)[0]).toEqual(["second", "delete"]);
  await h.pass(20_000);
  const kinds = h.server.general.changes.slice(2).map(({ seq }) => seq);
  expect(kinds).toEqual([3, 4, 5, 6]);
  const order = h.server.sockets.flatMap(({ requests }) => requests);
  expect(order.filter(({ clientId }) => clientId).map(({ action }) => action)).toEqual([
    ...upTo(4).map(() => "editMessage"),
    "editMessage",
    "sendMessage",
    "deleteMessage",
  ]);
  expect(h.texts).toEqual(["theirs", "third"]);
});

test("too many writes: the next waits as long as it is told, and goes by itself", async () => {
  const h = await startWithTwo();
  let limited = true;
  h.server.fault = ({ action }) => {
    if (action !== "editMessage" || !limited) return undefined;
    limited = false;
    return { refuse: "rate_limited", retryable: true, retryAfterMs: 4_000 };
  };
  h.chat.edit(1, "patient");
  await h.pass(3_900);
  expect(shown(h)[0]).toEqual(["patient", "edit"]);
  expect(edits(h)).toHaveLength(1);
  await h.pass(200);
  expect(shown(h)[0]).toEqual(["patient"]);
});

test("a reload keeps edits and deletions that were not stored", async () => {
  const first = await startWithTwo();
  first.server.general.append("also mine", somebody("u_me"));
  await first.pass(0);
  first.server.fault = ({ action }) => (action.endsWith("Message") ? "lose-reply" : undefined);
  first.chat.edit(1, "better");
  first.chat.delete(3);
  await first.pass(5);
  const storage = memoryStorage(first.storage);
  first.chat.close();
  first.server.fault = () => undefined;
  const second = await start({ server: first.server, storage });
  await second.pass(2_000);
  expect(second.texts).toEqual(["better", "theirs"]);
  expect(first.server.general.head).toBe(5);
  expect(storage.length).toBe(0);
});

test("the outbox of the version before is read, and it reads nothing wrong into ours", async () => {
  const storage = memoryStorage();
  const saved = { clientId: "c-old", room: "general", content: "from before", state: "sending" };
  storage.setItem("parley.outbox.u_me", JSON.stringify([saved, { clientId: "broken" }, null]));
  const h = await startWithTwo({ storage });
  await h.pass(10);
  expect(h.texts).toContain("from before");

  h.server.fault = () => "ignore";
  h.chat.edit(1, "better");
  h.chat.delete(1);
  h.chat.send("a message");
  const left = JSON.parse(storage.getItem("parley.outbox.u_me") ?? "") as { content?: string }[];
  // It takes whatever has a `content` for a message.
  expect(left.flatMap(({ content }) => content ?? [])).toEqual(["a message"]);
});

test("an edit of an older message that is not loaded is kept until its page comes", async () => {
  const server = new FakeServer();
  for (let i = 1; i <= 60; i++) server.general.append(`m${i}`);
  const h = await start({ server });
  // The page is read before the changes are made, and comes after they were heard of.
  let late: (() => void) | undefined;
  server.fault = (request, socket) => {
    if (request.before === undefined) return undefined;
    const page = server.general.page({ before: request.before, size: 50 });
    late = () => socket.push({ reply: request.id, ok: true, ...page });
    return "ignore";
  };
  void h.chat.loadOlder();
  await h.pass(5);
  server.tell(server.general, server.general.edit(3, "m3, edited"));
  server.tell(server.general, server.general.delete(4));
  late?.();
  await h.pass(1);
  expect(h.seqs).toEqual(upTo(60).filter((seq) => seq !== 4));
  expect(h.texts[2]).toBe("m3, edited");
});
