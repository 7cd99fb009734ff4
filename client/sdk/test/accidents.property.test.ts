import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Refused } from "../src/errors.ts";
import { somebody } from "./fake-room.ts";
import type { FakeRoom } from "./fake-room.ts";
import { FakeServer } from "./fake-server.ts";
import { pick, seeded, start, upTo } from "./harness.ts";
import type { Harness } from "./harness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const NAMES = ["dev", "ops", "zoo", "new"];

/** A server on whose wire requests, replies and events get lost, late and doubled. */
function clumsyServer(random: () => number): { server: FakeServer; mend: () => void } {
  const server = new FakeServer();
  for (const name of ["dev", "ops"]) server.openMine(name);
  server.open("zoo").create("Animals");
  server.fault = ({ action }) => {
    const what = random();
    if (action === "hello") return undefined;
    if (what < 0.06) return "ignore";
    if (what < 0.16) return "lose-reply";
    if (what < 0.22) return "platform";
    if (what < 0.28) return { refuse: "busy", retryable: true };
    if (what < 0.3) return { refuse: "rate_limited", retryable: true, retryAfterMs: 3_000 };
    return undefined;
  };
  const post = server.post.bind(server);
  server.post = (event) => {
    const what = random();
    if (what < 0.2) return;
    if (what < 0.4) setTimeout(() => post(event), random() * 2_000);
    else post(event);
    if (what > 0.8) post(event);
  };
  const mend = () => {
    server.fault = () => undefined;
    server.post = post;
  };
  return { server, mend };
}

/** Somebody else does something in a room. */
function others(server: FakeServer, room: FakeRoom, random: () => number, step: number): void {
  const theirs = room.messages.filter(({ userId }) => userId === "u_other");
  const what = random();
  if (theirs.length === 0 || what < 0.5) return void server.say(`theirs ${step}`, room);
  const { seq } = pick(random, theirs);
  if (what < 0.7) server.tell(room, room.edit(seq, `theirs, edited ${step}`));
  else if (what < 0.85) server.tell(room, room.delete(seq));
  else if (room.name !== "general") {
    const eve = somebody("u_eve");
    server.tell(room, room.move(room.has(eve.userId) ? "leave" : "join", eve));
  }
}

/** What I have done in `general`, where nobody can throw me out: texts by their first text. */
class Mine {
  readonly #texts = new Map<string, string | null>();
  #last = 0;

  /** Does something in the room on show. */
  act(h: Harness, random: () => number, step: number): void {
    const { name, messages } = h.view.room;
    const mine = messages.filter((message) => message.userId === "u_me" && !message.pending);
    const what = random();
    if (mine.length === 0 || what < 0.6) {
      const text = `mine ${name} ${String(this.#last++).padStart(3, "0")}`;
      if (name === "general") this.#texts.set(text, text);
      return h.chat.send(text);
    }
    const { seq, content } = pick(random, mine);
    const [first = ""] = content.split(",");
    if (what < 0.85) {
      if (name === "general") this.#texts.set(first, `${first}, edited ${step}`);
      h.chat.edit(seq, `${first}, edited ${step}`);
    } else {
      if (name === "general") this.#texts.set(first, null);
      h.chat.delete(seq);
    }
  }

  /** The texts that must be there, in my order. */
  get texts(): string[] {
    return [...this.#texts.values()].filter((text) => text !== null);
  }
}

/** Comes to a room or goes, or another window of mine does. */
function move(h: Harness, random: () => number): Promise<unknown> {
  const name = pick(random, NAMES);
  const room = h.server.rooms.get(name);
  const what = random();
  if (what < 0.2) return h.chat.createRoom(name, `About ${name}`);
  if (what < 0.5) return h.chat.joinRoom(name);
  if (what < 0.8 || room === undefined) return h.chat.leaveRoom(name);
  const kind = room.has("u_me") ? "leave" : "join";
  h.server.tell(room, room.move(kind, somebody("u_me")));
  return Promise.resolve();
}

test.each(upTo(60))("a day of accidents, end to end, seed %i", async (seed) => {
  const random = seeded(seed);
  const { server, mend } = clumsyServer(random);
  const h = await start({ server, random });
  const mine = new Mine();
  const moves: Promise<unknown>[] = [];
  for (let step = 0; step < 100; step++) {
    const what = random();
    if (what < 0.35) mine.act(h, random, step);
    else if (what < 0.65) others(server, pick(random, [...server.rooms.values()]), random, step);
    else if (what < 0.75) h.chat.show(pick(random, ["general", "general", ...NAMES]));
    else if (what < 0.85) moves.push(move(h, random).catch((error: unknown) => error));
    else if (what < 0.88) void h.chat.loadOlder();
    else if (what < 0.92) server.socket.end(1006);
    else if (what < 0.95) server.socket.dead = true;
    else server.socket.push({ event: "bye", code: 4200, reason: "", reconnect: true });
    await h.pass(random() * 1_500);
  }
  mend();
  await h.pass(600_000);

  for (const outcome of await Promise.all(moves)) {
    if (outcome === undefined) continue;
    expect(outcome).toBeInstanceOf(Refused);
    expect(["room_taken", "not_found"]).toContain((outcome as Refused).body.code);
  }
  const rooms = [...server.rooms.values()].filter((room) => room.has("u_me"));
  expect(h.view.rooms.map(({ name }) => name).sort()).toEqual(rooms.map(({ name }) => name).sort());
  for (const room of rooms) {
    h.chat.show(room.name);
    await h.pass(1_000);
    while (h.view.room.more) {
      void h.chat.loadOlder();
      await h.pass(100);
    }
    const { name, messages, topic } = h.view.room;
    expect(name).toBe(room.name);
    if (name !== "general") expect(topic).toBe(room.topic);
    expect(messages.map(({ refused: _, ...message }) => message)).toEqual(room.messages);
    // Refused was only what I wrote to a room that I had left meanwhile.
    for (const { problem } of h.view.room.outgoing) expect(problem).toBe("refused: not_member");
    for (const { refused } of messages) {
      if (refused !== undefined) expect(refused.problem).toBe("refused: not_member");
    }
  }
  h.chat.show("general");
  expect(h.view.room.outgoing).toEqual([]);
  expect(h.texts.filter((text) => text.startsWith("mine"))).toEqual(mine.texts);
  expect(h.view.rooms.map(({ unseen }) => unseen)).toEqual(rooms.map(() => 0));
});
