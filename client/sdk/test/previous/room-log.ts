// The log of the version before, as it was: it knows messages, and passes over the rest.
import type { ChangesPage, Message, MessagesPage } from "./protocol.ts";

/** What a client knows of a room's log. */
export interface RoomLog {
  /** Which log this is; null before the first page. */
  readonly epoch: number | null;
  /** The number up to which nothing is missing; null when the newest page has to be taken first. */
  readonly last: number | null;
  /** The highest number that we have heard of. Above `last`, there is a gap. */
  readonly head: number;
  /** In order, without a hole between the oldest and `last`. */
  readonly messages: readonly Message[];
  /** Messages that came before their predecessors did, in order. */
  readonly held: readonly Message[];
  /** Whether the server has messages older than these. */
  readonly more: boolean;
}

/** What happens to a room's log. */
export type RoomInput =
  /** An event brought messages. */
  | { readonly kind: "live"; readonly messages: readonly Message[] }
  /** We heard where the log stands. */
  | { readonly kind: "head"; readonly head: number; readonly epoch: number }
  /** The reply to a write of ours named its number. */
  | { readonly kind: "stored"; readonly seq: number }
  /** A page of what followed `after`. */
  | { readonly kind: "changes"; readonly after: number; readonly page: ChangesPage }
  /** The newest page. */
  | { readonly kind: "newest"; readonly page: MessagesPage }
  /** A page of what came before the oldest message, which had the number `before`. */
  | { readonly kind: "older"; readonly before: number; readonly page: MessagesPage };

/** A log of which nothing is known yet. */
export const EMPTY_LOG: RoomLog = {
  epoch: null,
  last: null,
  head: 0,
  messages: [],
  held: [],
  more: false,
};

/** Whether we know of numbers that we do not have. */
export function hasGap(log: RoomLog): boolean {
  return log.last !== null && log.head > log.last;
}

/** The log after an input. Whatever comes twice, late or out of order, the log stays in order. */
export function reduceRoom(log: RoomLog, input: RoomInput): RoomLog {
  switch (input.kind) {
    case "live":
      return receive(log, input.messages);
    case "head":
      if (log.epoch !== null && log.epoch !== input.epoch) return forget(log);
      return { ...log, head: Math.max(log.head, input.head) };
    case "stored":
      return { ...log, head: Math.max(log.head, input.seq) };
    case "changes":
      return follow(log, input.after, input.page);
    case "newest":
      return begin(log, input.page);
    case "older":
      return precede(log, input.before, input.page);
  }
}

/**
 * Drops the numbers, and keeps the messages on show until the newest page replaces them. What comes
 * live from now on is held, since it belongs to the new log.
 */
function forget(log: RoomLog): RoomLog {
  return { ...log, epoch: null, last: null, head: 0, held: [] };
}

function receive(log: RoomLog, messages: readonly Message[]): RoomLog {
  const held = new Map([...log.held, ...messages].map((message) => [message.seq, message]));
  const ordered = [...held.values()].sort((a, b) => a.seq - b.seq);
  const head = Math.max(log.head, ordered.at(-1)?.seq ?? 0);
  return release({ ...log, head, held: ordered });
}

/** Moves the held messages that are next into their place, and drops those that we have. */
function release(log: RoomLog): RoomLog {
  if (log.last === null || log.held.length === 0) return log;
  let last = log.last;
  const next: Message[] = [];
  const held: Message[] = [];
  for (const message of log.held) {
    if (message.seq === last + 1) {
      next.push(message);
      last = message.seq;
    } else if (message.seq > last) {
      held.push(message);
    }
  }
  return {
    ...log,
    last,
    messages: next.length > 0 ? [...log.messages, ...next] : log.messages,
    held,
  };
}

function follow(log: RoomLog, after: number, page: ChangesPage): RoomLog {
  // The answer to a question from before we forgot: it joins on to nothing.
  if (log.last === null || after > log.last) return log;
  if (!page.recovered || page.epoch !== log.epoch) return forget(log);
  const from = log.last;
  const next: Message[] = [];
  for (const change of page.changes) {
    // A newer server may log kinds that we do not know: their numbers pass all the same.
    if ((change.kind as string) === "message" && change.seq > from) next.push(change.message);
  }
  return release({
    ...log,
    last: Math.max(from, page.through),
    head: Math.max(log.head, page.head),
    messages: next.length > 0 ? [...log.messages, ...next] : log.messages,
  });
}

function begin(log: RoomLog, page: MessagesPage): RoomLog {
  const newer = log.held.filter((message) => message.seq > page.head);
  return release({
    epoch: page.epoch,
    last: page.head,
    head: Math.max(page.head, newer.at(-1)?.seq ?? 0),
    messages: page.messages,
    held: newer,
    more: page.more,
  });
}

function precede(log: RoomLog, before: number, page: MessagesPage): RoomLog {
  if (log.messages[0]?.seq !== before) return log;
  if (page.epoch !== log.epoch) return forget(log);
  return { ...log, messages: [...page.messages, ...log.messages], more: page.more };
}
