import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { OutcomeUnknown, Refused } from "../src/errors.ts";
import { somebody } from "./fake-room.ts";
import { FakeServer } from "./fake-server.ts";
import { start, upTo } from "./harness.ts";
import type { Harness } from "./harness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const names = (h: Harness) => h.view.rooms.map(({ name }) => name);
const unseen = (h: Harness) => Object.fromEntries(h.view.rooms.map((r) => [r.name, r.unseen]));
const pages = (h: Harness, room: string) =>
  h.server.requests("getRecentMessages").filter((request) => request.room === room);
/** Another window of mine. */
const me = () => somebody("u_me");

function withRooms(...rooms: string[]): FakeServer {
  const server = new FakeServer();
  for (const name of rooms) server.openMine(name);
  return server;
}

/** How a promise stands, once it has settled. */
async function outcome(promise: Promise<void>): Promise<unknown> {
  return promise.then(
    () => "done",
    (error: unknown) => error,
  );
}

test("my rooms are listed, general first, and nothing is fetched of those not on show", async () => {
  const server = withRooms("zoo", "dev");
  server.open("not-mine").create("Something else");
  const h = await start({ server });
  expect(names(h)).toEqual(["general", "dev", "zoo"]);
  expect(h.view.room.name).toBe("general");
  expect(pages(h, "dev")).toEqual([]);
});

test("a room's first page and its topic are fetched when it is first on show, and once", async () => {
  const server = withRooms("dev");
  const dev = server.rooms.get("dev");
  for (let i = 0; i < 60; i++) dev?.append(`m${i}`);
  const h = await start({ server });
  h.chat.show("dev");
  expect(h.view.room).toMatchObject({ name: "dev", loaded: false, topic: null });
  await h.pass(10);
  expect(h.view.room).toMatchObject({ loaded: true, more: true, topic: "About dev" });
  expect(h.view.room.messages).toHaveLength(50);
  // What is known of the room's beginning is not shown before what followed it.
  expect(h.view.room.notices).toEqual([]);
  h.chat.show("general");
  h.chat.show("dev");
  await h.pass(10);
  expect(pages(h, "dev")).toHaveLength(2);
  void h.chat.loadOlder();
  await h.pass(10);
  expect(h.view.room.messages).toHaveLength(60);
  expect(h.view.room.notices).toMatchObject([{ kind: "create", seq: 1, userId: "u_other" }]);
});

test("a first page that fails is tried again by itself", async () => {
  const server = withRooms("dev");
  const h = await start({ server });
  let failures = 2;
  server.fault = ({ action }) =>
    action === "getRecentMessages" && failures-- > 0 ? "platform" : undefined;
  h.chat.show("dev");
  await h.pass(8_000);
  expect(h.view.room).toMatchObject({ name: "dev", loaded: true, topic: "About dev" });
});

test("who comes and goes is noted between the messages", async () => {
  const server = withRooms("dev");
  const dev = server.rooms.get("dev");
  if (dev === undefined) throw new Error("no room");
  const h = await start({ server, room: "dev" });
  server.say("before", dev);
  server.tell(dev, dev.move("join", somebody("u_eve")));
  server.say("between", dev);
  server.tell(dev, dev.move("leave", somebody("u_eve")));
  expect(h.texts).toEqual(["before", "between"]);
  expect(h.view.room.notices.filter(({ userId }) => userId === "u_eve")).toEqual([
    { kind: "join", seq: 4, userId: "u_eve", username: "eve", at: "2026-01-01T12:00:04.000Z" },
    { kind: "leave", seq: 6, userId: "u_eve", username: "eve", at: "2026-01-01T12:00:06.000Z" },
  ]);
});

test("others' messages in a room that is not on show are counted until it is", async () => {
  const server = withRooms("dev");
  const dev = server.rooms.get("dev");
  if (dev === undefined) throw new Error("no room");
  dev.append("from before we connected");
  const h = await start({ server });
  expect(unseen(h)).toEqual({ general: 0, dev: 0 });
  const first = server.say("one", dev);
  server.say("two", dev);
  server.deliver([dev.append("mine, from another window", me())], dev);
  server.tell(dev, dev.edit(first.seq, "one, edited"));
  server.say("on show");
  expect(unseen(h)).toEqual({ general: 0, dev: 2 });
  server.tell(dev, dev.delete(first.seq));
  expect(unseen(h)).toEqual({ general: 0, dev: 1 });
  h.chat.show("dev");
  server.say("three", dev);
  server.say("not on show");
  expect(unseen(h)).toEqual({ general: 1, dev: 0 });
  h.chat.show("general");
  server.say("four", dev);
  expect(unseen(h)).toEqual({ general: 0, dev: 1 });
});

test("after an outage each room catches up by its own number", async () => {
  const server = withRooms("dev", "ops", "quiet");
  const h = await start({ server, room: "dev" });
  server.socket.end(1006);
  server.say("missed on show", server.rooms.get("dev"));
  server.say("missed elsewhere", server.rooms.get("ops"));
  await h.pass(4_000);
  expect(h.texts).toEqual(["missed on show"]);
  expect(unseen(h)).toMatchObject({ dev: 0, ops: 1, quiet: 0 });
  expect(pages(h, "ops")).toMatchObject([{ after: 2 }]);
  expect(pages(h, "quiet")).toEqual([]);
  h.chat.show("ops");
  await h.pass(10);
  expect(h.texts).toEqual(["missed elsewhere"]);
});

test("silent rooms are pinged, and a lost tail in one that is not on show is found", async () => {
  const server = withRooms("dev", "ops");
  const h = await start({ server });
  server.rooms.get("dev")?.append("lost");
  await h.pass(120_000);
  server.say("heard", server.rooms.get("ops"));
  await h.pass(121_000);
  expect(server.requests("ping")).toMatchObject([{ rooms: { general: 0, dev: 2 } }]);
  await h.pass(2_000);
  expect(unseen(h)).toEqual({ general: 0, dev: 1, ops: 1 });
});

test("a ping names a hundred rooms at the most", async () => {
  const server = withRooms(...upTo(150).map((i) => `room${i}`));
  const h = await start({ server });
  await h.pass(241_000);
  const named = server.requests("ping").map(({ rooms = {} }) => Object.keys(rooms).length);
  expect(named).toEqual([100, 51]);
  expect(h.view.rooms).toHaveLength(151);
});

test("a room that another window of mine joins or leaves comes and goes", async () => {
  const server = withRooms();
  const dev = server.open("dev");
  server.tell(dev, dev.create("What we build"));
  const h = await start({ server });
  expect(names(h)).toEqual(["general"]);
  server.tell(dev, dev.move("join", me()));
  expect(names(h)).toEqual(["general", "dev"]);
  server.say("heard", dev);
  await h.pass(10);
  h.chat.show("dev");
  await h.pass(10);
  expect(h.texts).toEqual(["heard"]);
  server.tell(dev, dev.move("leave", me()));
  expect(names(h)).toEqual(["general"]);
  expect(h.view.room.name).toBe("general");
});

test("entries of my coming and going that come twice or late say nothing new", async () => {
  const server = withRooms();
  const dev = server.open("dev");
  dev.create("What we build");
  const h = await start({ server });
  const [joined, left] = [dev.move("join", me()), dev.move("leave", me())];
  dev.members.add("u_me");
  server.tell(dev, joined);
  server.tell(dev, left);
  server.tell(dev, joined);
  expect(names(h)).toEqual(["general"]);
  server.tell(dev, dev.move("join", me()));
  server.tell(dev, left);
  await h.pass(10);
  server.tell(dev, left);
  expect(names(h)).toEqual(["general", "dev"]);
});

test("a ping finds rooms that were joined or left without a word", async () => {
  const server = withRooms("left");
  const joined = server.open("joined");
  joined.create("");
  const h = await start({ server });
  server.rooms.get("left")?.move("leave", me());
  joined.move("join", me());
  await h.pass(241_000);
  expect(names(h)).toEqual(["general", "joined"]);
  server.say("heard", joined);
  expect(unseen(h)).toEqual({ general: 0, joined: 1 });
});

test("a room of which the server says that I am not in it is gone", async () => {
  const server = withRooms("dev");
  const h = await start({ server });
  server.rooms.get("dev")?.move("leave", me());
  h.chat.show("dev");
  await h.pass(10);
  expect(names(h)).toEqual(["general"]);
  expect(h.view.room.name).toBe("general");
});

test("a room that is made is mine when the promise resolves", async () => {
  const h = await start();
  const made = h.chat.createRoom("dev", "What we build").then(() => h.chat.show("dev"));
  await h.pass(10);
  await made;
  expect(h.view.room).toMatchObject({ name: "dev", topic: "What we build", loaded: true });
  expect(h.view.room.notices).toMatchObject([{ kind: "create", userId: "u_me" }]);
  h.chat.send("first");
  await h.pass(10);
  expect(h.texts).toEqual(["first"]);
});

test.each(["ignore", "lose-reply", "platform"] as const)(
  "a room is made once, whatever becomes of the answer: %s",
  async (fault) => {
    const h = await start();
    let faults = 2;
    h.server.fault = ({ action }) => (action === "createRoom" && faults-- > 0 ? fault : undefined);
    const made = outcome(h.chat.createRoom("dev", ""));
    await h.pass(9_000);
    h.server.say("so that the connection is known to live");
    await h.pass(10_000);
    h.server.say("so that the connection is known to live");
    await h.pass(10_000);
    expect(await made).toBe("done");
    const requests = h.server.requests("createRoom");
    expect(requests).toHaveLength(3);
    expect(new Set(requests.map(({ clientId }) => clientId)).size).toBe(1);
    expect(names(h)).toEqual(["general", "dev"]);
  },
);

test("an entry with my name of it is as good as the reply", async () => {
  const h = await start();
  h.server.fault = (request, socket) => {
    if (request.action !== "createRoom") return undefined;
    const { clientId = "" } = request;
    const dev = socket.server.open("dev");
    socket.server.tell(dev, dev.create("", { userId: "u_me", clientId }));
    return "ignore";
  };
  const made = outcome(h.chat.createRoom("dev", ""));
  await h.pass(10);
  expect(await made).toBe("done");
  expect(names(h)).toEqual(["general", "dev"]);
});

test("a refusal is told in the server's words, and nothing is left behind", async () => {
  const h = await start();
  h.server.open("dev").create("");
  const made = outcome(h.chat.createRoom("dev", ""));
  const joined = outcome(h.chat.joinRoom("nowhere"));
  const long = outcome(h.chat.createRoom("long", "x".repeat(40_000)));
  await h.pass(10);
  const [taken, missing] = [await made, await joined];
  expect(taken).toBeInstanceOf(Refused);
  expect(taken).toMatchObject({ message: "refused: room_taken" });
  expect(missing).toMatchObject({ body: { code: "not_found" } });
  expect(await long).toMatchObject({ body: { code: "too_large" } });
  expect(names(h)).toEqual(["general"]);
  expect(h.storage.length).toBe(0);
});

test("joining and leaving", async () => {
  const h = await start();
  const dev = h.server.open("dev");
  dev.create("What we build");
  dev.append("from before");
  const joined = h.chat.joinRoom("dev");
  await h.pass(10);
  await joined;
  h.chat.show("dev");
  await h.pass(10);
  expect(h.texts).toEqual(["from before"]);
  const left = h.chat.leaveRoom("dev");
  await h.pass(10);
  await left;
  expect(names(h)).toEqual(["general"]);
  expect(h.view.room.name).toBe("general");
});

test("whoever is in already has joined, and whoever is not has left", async () => {
  const server = withRooms("left");
  const h = await start({ server });
  server.openMine("joined");
  server.rooms.get("left")?.members.delete("u_me");
  const both = Promise.all([h.chat.joinRoom("joined"), h.chat.leaveRoom("left")]);
  await h.pass(10);
  await both;
  expect(names(h)).toEqual(["general", "joined"]);
});

test("what was written before leaving is stored before", async () => {
  const server = withRooms("dev");
  const h = await start({ server, room: "dev" });
  h.chat.send("goodbye");
  const left = h.chat.leaveRoom("dev");
  await h.pass(20);
  await left;
  expect(server.rooms.get("dev")?.messages.map(({ content }) => content)).toEqual(["goodbye"]);
});

test("whoever waits for an answer when the connection stops hears of it", async () => {
  const h = await start();
  h.server.fault = () => "ignore";
  const made = outcome(h.chat.createRoom("dev", ""));
  await h.pass(5);
  h.server.socket.end(4005, "too many");
  expect(await made).toBeInstanceOf(OutcomeUnknown);
  expect(h.view.unsent).toBe(0);
});

test("the rooms that anybody may join are listed in pages", async () => {
  const server = withRooms("b");
  for (const name of ["a", "c"]) server.open(name).create("");
  const h = await start({ server });
  const listed = h.chat.listRooms("a");
  await h.pass(10);
  expect((await listed).rooms.map(({ room, joined }) => [room, joined])).toEqual([
    ["b", true],
    ["c", false],
  ]);
});

test("a wish to see a room is believed until the server tells what I am in", async () => {
  const server = withRooms("dev", "constructor");
  server.open("not-mine").create("");
  const h = await start({ server, room: "not-mine" });
  expect(h.view.room.name).toBe("general");
  expect(names(h)).toEqual(["general", "constructor", "dev"]);
  h.chat.close();

  const other = await start({ server, room: "dev" });
  expect(other.view.room).toMatchObject({ name: "dev", loaded: true });
  expect(server.socket.requests.map(({ room }) => room)).not.toContain("general");
  other.chat.show("not-mine");
  expect(other.view.room.name).toBe("general");
  // It comes on show as soon as it is mine.
  const joined = other.chat.joinRoom("not-mine");
  await other.pass(10);
  await joined;
  expect(other.view.room.name).toBe("not-mine");
});

test("an event that comes before the answer that names its room is not lost", async () => {
  const server = withRooms("dev");
  const dev = server.rooms.get("dev");
  server.fault = ({ action }, socket) => {
    if (action !== "hello" || dev === undefined) return undefined;
    const { stand } = dev;
    vi.spyOn(dev, "stand", "get").mockReturnValueOnce(stand);
    socket.server.say("meanwhile", dev);
    return undefined;
  };
  const h = await start({ server });
  expect(unseen(h)).toEqual({ general: 0, dev: 1 });
});

test("a greeting that was asked for before I joined does not take the room away", async () => {
  const server = withRooms();
  server.open("dev").create("");
  const h = await start({ server });
  let late: (() => void) | undefined;
  server.fault = (request, socket) => {
    if (request.action !== "hello") return undefined;
    server.fault = () => undefined;
    late = () => {
      const dev = server.rooms.get("dev");
      if (dev === undefined) return;
      dev.members.delete("u_me");
      server.handle(socket, request);
      dev.members.add("u_me");
    };
    return "ignore";
  };
  server.socket.push({ event: "bye", code: 4200, reason: "", reconnect: true });
  await h.pass(4);
  const joined = h.chat.joinRoom("dev");
  await h.pass(3);
  await joined;
  late?.();
  await h.pass(10);
  expect(server.sockets.map(({ closed }) => closed)).toEqual([true, false]);
  expect(names(h)).toEqual(["general", "dev"]);
});

test("another epoch of a room that is not on show", async () => {
  const server = withRooms("dev");
  const dev = server.rooms.get("dev");
  if (dev === undefined) throw new Error("no room");
  for (let i = 0; i < 9; i++) dev.append(`m${i}`);
  const h = await start({ server });
  server.socket.end(1006);
  dev.cut(4);
  dev.epoch = 2;
  await h.pass(4_000);
  server.say("after the restore", dev);
  expect(unseen(h)).toEqual({ general: 0, dev: 1 });
  h.chat.show("dev");
  await h.pass(10);
  expect(h.texts).toEqual(["m0", "m1", "after the restore"]);
});
