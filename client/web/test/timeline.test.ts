import type { Message, Notice, OutgoingMessage, ShownMessage } from "@parley/sdk";
import { expect, test } from "vitest";

import { timeline } from "../src/lib/timeline.ts";
import type { MessageRow, Row, Shown } from "../src/lib/timeline.ts";

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

function notice(seq: number, kind: Notice["kind"], userId: string, at: string): Notice {
  return { kind, seq, userId, username: userId, at };
}

function rowsOf(shown: Partial<Shown>): Row[] {
  return timeline({ messages: [], notices: [], outgoing: [], ...shown }, ME);
}

function sketch(rows: readonly Row[]): string[] {
  return rows.map((row) => {
    if (row.kind === "day") return "day";
    if (row.kind === "notice") return `${row.mine ? "You" : row.username} ${row.what}`;
    return `${row.continues ? "+" : ""}${row.mine ? "You" : row.username}: ${row.content}`;
  });
}

test("messages are grouped by writer, within minutes, and parted by days", () => {
  const rows = rowsOf({
    messages: [
      message(1, "u_a", "2026-01-01T12:00:00.000Z"),
      message(2, "u_a", "2026-01-01T12:04:00.000Z"),
      message(3, "u_me", "2026-01-01T12:04:30.000Z"),
      message(4, "u_a", "2026-01-01T12:05:00.000Z"),
      message(5, "u_a", "2026-01-01T12:10:00.000Z"),
      message(6, "u_a", "2026-01-01T12:10:01.000Z", "renamed"),
      message(7, "u_a", "2026-01-03T12:10:02.000Z", "renamed"),
    ],
  });
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
  const rows = rowsOf({
    messages: [message(1, "u_me", at, "me"), message(2, "u_2", at, "me")],
  });
  expect(sketch(rows)).toEqual(["day", "You: m1", "me: m2"]);
});

test("a message keeps its key when it is stored", () => {
  const outgoing: OutgoingMessage = {
    clientId: "c1",
    room: "general",
    content: "m1",
    state: "sending",
  };
  const [before] = rowsOf({ outgoing: [outgoing] });
  const [, after] = rowsOf({
    messages: [message(1, "u_me", "2026-01-01T12:00:00.000Z")],
  });
  expect(before?.key).toBe(after?.key);
});

test("what else happened stands at its number, and ends a group", () => {
  const at = "2026-01-01T12:00:00.000Z";
  const rows = rowsOf({
    messages: [message(2, "u_a", at), message(3, "u_a", at), message(5, "u_a", at)],
    notices: [
      notice(1, "create", "u_a", "2025-12-31T12:00:00.000Z"),
      notice(4, "join", "u_me", at),
      notice(6, "leave", "u_b", at),
    ],
  });
  expect(sketch(rows)).toEqual([
    "day",
    "u_a create",
    "day",
    "u_a: m2",
    "+u_a: m3",
    "You join",
    "u_a: m5",
    "u_b leave",
  ]);
});

test("an edited message says when, and a change of mine how it stands", () => {
  const at = "2026-01-01T12:00:00.000Z";
  const refused = { kind: "edit", clientId: "c9", problem: "too late", content: "x" } as const;
  const messages: ShownMessage[] = [
    { ...message(1, "u_a", at), editedAt: "2026-01-01T12:01:00.000Z" },
    { ...message(2, "u_me", at), pending: "delete" },
    { ...message(3, "u_me", at), refused },
  ];
  const [edited, leaving, stands] = rowsOf({ messages }).filter(
    (row): row is MessageRow => row.kind === "message",
  );
  expect(edited?.editedAt).toEqual(new Date("2026-01-01T12:01:00.000Z"));
  expect(leaving).toMatchObject({ pending: "delete", refused: null, editedAt: null });
  expect(stands).toMatchObject({ pending: null, refused });
});
