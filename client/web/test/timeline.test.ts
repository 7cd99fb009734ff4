import type { Message, OutgoingMessage } from "@parley/sdk";
import { expect, test } from "vitest";

import { timeline } from "../src/lib/timeline.ts";
import type { Row } from "../src/lib/timeline.ts";

const ME = { userId: "u_me", username: "me" };

function message(seq: number, userId: string, timestamp: string, username = userId): Message {
  const clientId = `c${seq}`;
  return {
    seq,
    id: `m_${seq}`,
    userId,
    username,
    content: `m${seq}`,
    timestamp,
    ver: seq,
    clientId,
  };
}

function sketch(rows: readonly Row[]): string[] {
  return rows.map((row) => {
    if (row.kind === "day") return "day";
    return `${row.continues ? "+" : ""}${row.mine ? "You" : row.username}: ${row.content}`;
  });
}

test("messages are grouped by writer, within minutes, and parted by days", () => {
  const rows = timeline(
    [
      message(1, "u_a", "2026-01-01T12:00:00.000Z"),
      message(2, "u_a", "2026-01-01T12:04:00.000Z"),
      message(3, "u_me", "2026-01-01T12:04:30.000Z"),
      message(4, "u_a", "2026-01-01T12:05:00.000Z"),
      message(5, "u_a", "2026-01-01T12:10:00.000Z"),
      message(6, "u_a", "2026-01-01T12:10:01.000Z", "renamed"),
      message(7, "u_a", "2026-01-03T12:10:02.000Z", "renamed"),
    ],
    [],
    ME,
  );
  expect(sketch(rows)).toEqual([
    "day",
    "u_a: m1",
    "+u_a: m2",
    "You: m3",
    "u_a: m4",
    "u_a: m5",
    "renamed: m6",
    "day",
    "renamed: m7",
  ]);
});

test("a namesake is somebody else", () => {
  const at = "2026-01-01T12:00:00.000Z";
  const rows = timeline([message(1, "u_me", at, "me"), message(2, "u_2", at, "me")], [], ME);
  expect(sketch(rows)).toEqual(["day", "You: m1", "me: m2"]);
});

test("a message keeps its key when it is stored", () => {
  const outgoing: OutgoingMessage = {
    clientId: "c1",
    room: "general",
    content: "m1",
    state: "sending",
  };
  const [before] = timeline([], [outgoing], ME);
  const [, after] = timeline([message(1, "u_me", "2026-01-01T12:00:00.000Z")], [], ME);
  expect(before?.key).toBe(after?.key);
});
