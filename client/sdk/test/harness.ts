import { vi } from "vitest";

import { Api } from "../src/api.ts";
import { Chat } from "../src/chat.ts";
import { Login } from "../src/login.ts";
import { outboxStorage } from "../src/outbox-storage.ts";
import type { ChatView } from "../src/view.ts";
import { FakeServer } from "./fake-server.ts";

/** A chat against a fake server, on fake time. */
export interface Harness {
  readonly server: FakeServer;
  readonly storage: Storage;
  readonly chat: Chat;
  readonly view: ChatView;
  /** The texts of the room, in the order shown. */
  readonly texts: string[];
  /** The numbers of the room, in the order shown. */
  readonly seqs: number[];
  /** Lets time pass. */
  pass(ms: number): Promise<void>;
}

/** What a test may set up before the chat connects. */
export interface Setup {
  server?: FakeServer;
  storage?: Storage;
  random?: () => number;
  /** The room to show first. */
  room?: string;
}

/** Starts a chat. The caller has switched fake timers on. */
export async function start({ server, storage, random, room }: Setup = {}): Promise<Harness> {
  const harness = await prepare({
    server: server ?? new FakeServer(),
    storage: storage ?? memoryStorage(),
    ...(random && { random }),
    ...(room !== undefined && { room }),
  });
  harness.chat.connect();
  await harness.pass(20);
  return harness;
}

async function prepare({
  server,
  storage,
  random,
  room,
}: Setup & { server: FakeServer; storage: Storage }): Promise<Harness> {
  const environment = server.environment(random);
  const api = new Api(environment);
  const session = api.logIn({ login: "me", password: "correct horse" });
  await vi.advanceTimersByTimeAsync(5);
  const login = new Login(environment, api, await session);
  server.calls.length = 0;
  const chat = new Chat({
    environment,
    login,
    socketUrl: "ws://parley.test/ws",
    outbox: outboxStorage(storage, login.userId),
    ...(room !== undefined && { room }),
    changed: ({ room }) => {
      // True at every moment, not only when all is quiet.
      const mine = room.messages.filter(({ userId }) => userId === login.userId);
      const shown = [...mine, ...room.outgoing].map(({ clientId }) => clientId);
      if (new Set(shown).size < shown.length) throw new Error("a message is shown twice");
    },
  });
  return {
    server,
    storage,
    chat,
    get view() {
      return chat.view;
    },
    get texts() {
      return chat.view.room.messages.map((message) => message.content);
    },
    get seqs() {
      return chat.view.room.messages.map((message) => message.seq);
    },
    async pass(ms) {
      await vi.advanceTimersByTimeAsync(ms);
    },
  };
}

/** 1, 2, ... `n`. */
export function upTo(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}

/** Picks among `items`. */
export function pick<T>(random: () => number, items: readonly T[]): T {
  const item = items[Math.floor(random() * items.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

/** A tab's storage, with a copy of what is in `other`. */
export function memoryStorage(other?: Storage): Storage {
  const items = new Map<string, string>();
  for (let i = 0; i < (other?.length ?? 0); i++) {
    const key = other?.key(i) ?? "";
    items.set(key, other?.getItem(key) ?? "");
  }
  return {
    get length() {
      return items.size;
    },
    clear: () => items.clear(),
    getItem: (key) => items.get(key) ?? null,
    key: (index) => [...items.keys()][index] ?? null,
    removeItem: (key) => void items.delete(key),
    setItem: (key, value) => void items.set(key, value),
  };
}

/** A repeatable source of random numbers (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
