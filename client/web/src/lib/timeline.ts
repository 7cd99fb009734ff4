import type { Message, OutgoingMessage } from "@parley/sdk";

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
  /** Whether it goes on from the row before: same writer, soon after, same day. */
  readonly continues: boolean;
  /** How it stands if it is not in the log. */
  readonly outgoing: OutgoingMessage | null;
}

/** The first message of a day follows. */
export interface DayRow {
  readonly kind: "day";
  readonly key: string;
  readonly day: Date;
}

export type Row = MessageRow | DayRow;

/** Who is looking. */
export interface Me {
  readonly userId: string;
  readonly username: string;
}

const GROUP_MS = 5 * 60_000;

/** The rows of a room: days, messages grouped by writer, and what is on its way. */
export function timeline(
  messages: readonly Message[],
  outgoing: readonly OutgoingMessage[],
  me: Me,
): Row[] {
  const rows: Row[] = [];
  // Asserted, or the compiler takes it for null forever: it sees no assignment before the loop.
  let previous = null as MessageRow | null;
  for (const message of messages) {
    const at = new Date(message.timestamp);
    const before: MessageRow | null = isSameDay(previous?.at, at) ? previous : null;
    if (before === null) rows.push({ kind: "day", key: `day ${message.seq}`, day: at });
    previous = {
      kind: "message",
      key: `${message.userId} ${message.clientId}`,
      userId: message.userId,
      username: message.username,
      mine: message.userId === me.userId,
      content: message.content,
      seq: message.seq,
      at,
      continues: before !== null && goesOn(before, message, at),
      outgoing: null,
    };
    rows.push(previous);
  }
  for (const item of outgoing) {
    const row: MessageRow = {
      kind: "message",
      key: `${me.userId} ${item.clientId}`,
      userId: me.userId,
      username: me.username,
      mine: true,
      content: item.content,
      seq: null,
      at: null,
      continues: previous?.mine === true,
      outgoing: item,
    };
    rows.push(row);
    previous = row;
  }
  return rows;
}

function goesOn(before: MessageRow, message: Message, at: Date): boolean {
  return (
    before.userId === message.userId &&
    // A name is a label that may change: a new one is shown.
    before.username === message.username &&
    at.getTime() - (before.at?.getTime() ?? 0) < GROUP_MS
  );
}

function isSameDay(a: Date | null | undefined, b: Date): boolean {
  return a?.toDateString() === b.toDateString();
}
