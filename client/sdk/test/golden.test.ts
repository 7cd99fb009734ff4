import { readFileSync } from "node:fs";

import { expect, test } from "vitest";

import { entriesOf } from "../src/entries.ts";
import { readFrame } from "../src/frames.ts";
import type { Frame } from "../src/frames.ts";
import type { Actions, ChangesPage, Event, MessagesPage } from "../src/protocol.ts";
import { EMPTY_LOG, reduceRoom } from "../src/room-log.ts";
import type { RoomLog } from "../src/room-log.ts";

const DOCUMENT = readFileSync(new URL("../../../docs/protocol.md", import.meta.url), "utf8");
/** Every frame that the protocol's document shows, which the server's tests read too. */
const LINES = [...DOCUMENT.matchAll(/^```json\n([\s\S]*?)^```$/gm)].flatMap(([, block = ""]) =>
  block.trimEnd().split("\n"),
);

const ACTIONS: Readonly<Record<keyof Actions, true>> = {
  hello: true,
  ping: true,
  sendMessage: true,
  editMessage: true,
  deleteMessage: true,
  createRoom: true,
  joinRoom: true,
  leaveRoom: true,
  listRooms: true,
  getRecentMessages: true,
};

const REQUESTS = LINES.filter((line) => line.startsWith('{"action"'));
const FRAMES = LINES.filter((line) => !line.startsWith('{"action"'));

function events(kind: Event["event"]): Event[] {
  return FRAMES.map(readFrame)
    .filter((frame): frame is Frame & { kind: "event" } => frame.kind === "event")
    .map(({ event }) => event)
    .filter(({ event }) => event === kind);
}

/** A room's log after these events of it, when all before them is known. */
function logOf(room: string, upTo: number): RoomLog {
  const told = [...events("messages"), ...events("changes")].filter(
    (event) => event.event !== "bye" && event.room === room,
  );
  const entries = told.flatMap(entriesOf).filter(({ seq }) => seq <= upTo);
  const first = Math.min(...entries.map(({ seq }) => seq));
  const begun = reduceRoom(EMPTY_LOG, { kind: "start", head: first - 1, epoch: 1 });
  return entries.reduce((log, entry) => reduceRoom(log, { kind: "live", entries: [entry] }), begun);
}

test("the document shows frames of all sorts", () => {
  expect(REQUESTS.length).toBeGreaterThan(0);
  const kinds = new Set(FRAMES.map((line) => readFrame(line).kind));
  expect(kinds).toEqual(new Set(["reply", "refusal", "event", "platform"]));
  const told = events("changes").flatMap(entriesOf);
  const shown = new Set(told.map(({ kind }) => kind));
  expect(shown).toEqual(new Set(["edit", "delete", "create", "join", "leave"]));
});

test.each(REQUESTS)("a request of an action that there is: %s", (line) => {
  const { action } = JSON.parse(line) as { action: string };
  expect(Object.keys(ACTIONS)).toContain(action);
});

test.each(FRAMES)("a frame that is read as what it is: %s", (line) => {
  const value = JSON.parse(line) as Record<string, unknown>;
  const frame = readFrame(line);
  if ("event" in value) expect(frame).toEqual({ kind: "event", event: value });
  else if (value["ok"] === true) {
    expect(frame).toEqual({ kind: "reply", id: value["reply"], body: value });
  } else if (value["ok"] === false) {
    const error = value["error"] as object;
    expect(frame).toEqual({ kind: "refusal", id: value["reply"], error });
    expect(Object.keys(error)).toEqual(expect.arrayContaining(["code", "message", "retryable"]));
  } else expect(frame).toEqual({ kind: "platform" });
});

test("a message is written, edited, and deleted", () => {
  expect(logOf("general", 42)).toMatchObject({ last: 42, messages: [{ seq: 42, content: "hi" }] });
  expect(logOf("general", 43)).toMatchObject({
    last: 43,
    messages: [{ seq: 42, content: "hi all", editedAt: "2026-11-22T12:01:00.000Z" }],
  });
  expect(logOf("general", 44)).toMatchObject({ last: 44, messages: [] });
});

test("a room is made, and somebody comes and goes", () => {
  expect(logOf("dev", 3)).toMatchObject({
    last: 3,
    topic: "What we build",
    messages: [],
    notices: [
      { kind: "create", seq: 1, username: "ada", at: "2026-11-22T12:02:00.000Z" },
      { kind: "join", seq: 2, username: "eve" },
      { kind: "leave", seq: 3, username: "eve" },
    ],
  });
});

/** The bodies of the replies that have this field. */
function pages<P extends MessagesPage | ChangesPage>(field: keyof P & string): P[] {
  return FRAMES.map(readFrame)
    .flatMap((frame) => (frame.kind === "reply" ? [frame.body as object] : []))
    .filter((body): body is P => field in body);
}

test("a page of history, and pages of changes before and after a deletion", () => {
  const [history] = pages<MessagesPage>("messages");
  if (history === undefined) throw new Error("no page of history");
  const begun = reduceRoom(EMPTY_LOG, { kind: "newest", page: history });
  expect(begun.messages.map(({ content }) => content)).toEqual(["Anybody here?", "hi all"]);

  const { epoch } = history;
  const log = reduceRoom(EMPTY_LOG, { kind: "start", head: 41, epoch });
  const followed = pages<ChangesPage>("changes").map((page) =>
    reduceRoom(log, { kind: "changes", after: 41, page }),
  );
  expect(followed.map(({ last, messages }) => [last, messages.map((m) => m.content)])).toEqual([
    [43, ["hi all"]],
    [44, []],
  ]);
});
