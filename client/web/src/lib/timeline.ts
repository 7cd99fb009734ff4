import type { Notice, OutgoingMessage, RefusedChange, ShownMessage } from "@parley/sdk";

/** A message as one row, wherever it stands between keyboard and log. */
export interface MessageRow {
  readonly kind: "message";
  /** The same before and after it is stored, so that the row stays where it is. */
  readonly key: string;
  readonly userId: string;
  readonly username: string;
  readonly mine: boolean;
  readonly content: string;
  /** Its number; null while it is not in the log. */
  readonly seq: number | null;
  /** When the server took it; null while it is not in the log. */
  readonly at: Date | null;
  /** When its text was last changed; null when it never was. */
  readonly editedAt: Date | null;
  /** Whether it goes on from the row before: same writer, soon after, same day. */
  readonly continues: boolean;
  /** How it stands if it is not in the log. */
  readonly outgoing: OutgoingMessage | null;
  /** My change of it that is on its way. */
  readonly pending: "edit" | "delete" | null;
  /** My change of it that the server did not take. */
  readonly refused: RefusedChange | null;
}

/** Something else that happened to the room. */
export interface NoticeRow {
  readonly kind: "notice";
  readonly key: string;
  readonly what: Notice["kind"];
  /** Empty when the person was erased. */
  readonly username: string;
  readonly mine: boolean;
  readonly at: Date;
}

/** The first row of a day follows. */
export interface DayRow {
  readonly kind: "day";
  readonly key: string;
  readonly day: Date;
}

export type Row = MessageRow | NoticeRow | DayRow;

/** What a room has to show. */
export interface Shown {
  readonly messages: readonly ShownMessage[];
  readonly notices: readonly Notice[];
  readonly outgoing: readonly OutgoingMessage[];
}

/** Who is looking. */
export interface Me {
  readonly userId: string;
  readonly username: string;
}

const GROUP_MS = 5 * 60_000;

/**
 * The rows of a room: days, messages grouped by writer, what else happened between them, and what is
 * on its way.
 */
export function timeline({ messages, notices, outgoing }: Shown, me: Me): Row[] {
  const rows: Row[] = [];
  let day: string | null = null;
  // Asserted, or the compiler takes it for null forever: it sees no assignment before the loop.
  let previous = null as MessageRow | null;
  // Each is in order already, which makes the sorting cheap.
  for (const entry of [...messages, ...notices].sort((a, b) => a.seq - b.seq)) {
    const at = new Date("kind" in entry ? entry.at : entry.timestamp);
    if (at.toDateString() !== day) {
      rows.push({ kind: "day", key: `day ${entry.seq}`, day: at });
      day = at.toDateString();
      previous = null;
    }
    if ("kind" in entry) {
      rows.push(noticeRow(entry, at, me));
      previous = null;
    } else {
      previous = messageRow(entry, at, previous, me);
      rows.push(previous);
    }
  }
  for (const item of outgoing) {
    previous = outgoingRow(item, previous, me);
    rows.push(previous);
  }
  return rows;
}

function noticeRow({ kind, seq, userId, username }: Notice, at: Date, me: Me): NoticeRow {
  const mine = userId === me.userId;
  return { kind: "notice", key: `notice ${seq}`, what: kind, username, mine, at };
}

function messageRow(
  message: ShownMessage,
  at: Date,
  before: MessageRow | null,
  me: Me,
): MessageRow {
  return {
    kind: "message",
    key: `${message.userId} ${message.clientId}`,
    userId: message.userId,
    username: message.username,
    mine: message.userId === me.userId,
    content: message.content,
    seq: message.seq,
    at,
    editedAt: message.editedAt === undefined ? null : new Date(message.editedAt),
    continues: before !== null && goesOn(before, message, at),
    outgoing: null,
    pending: message.pending ?? null,
    refused: message.refused ?? null,
  };
}

function outgoingRow(item: OutgoingMessage, before: MessageRow | null, me: Me): MessageRow {
  return {
    kind: "message",
    key: `${me.userId} ${item.clientId}`,
    userId: me.userId,
    username: me.username,
    mine: true,
    content: item.content,
    seq: null,
    at: null,
    editedAt: null,
    continues: before?.mine === true,
    outgoing: item,
    pending: null,
    refused: null,
  };
}

function goesOn(before: MessageRow, message: ShownMessage, at: Date): boolean {
  return (
    before.userId === message.userId &&
    // A name is a label that may change: a new one is shown.
    before.username === message.username &&
    at.getTime() - (before.at?.getTime() ?? 0) < GROUP_MS
  );
}
