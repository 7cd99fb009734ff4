import type { Change, Event, Message } from "./protocol.ts";

/** Somebody's write, by its author's own name of it. */
export interface Authorship {
  readonly userId: string;
  readonly clientId: string;
}

/** The entries that an event tells of; none, if it is of another kind. */
export function entriesOf(event: Event): readonly Change[] {
  switch (event.event) {
    case "messages":
      return event.messages.map(asEntry);
    case "changes":
      return event.changes;
    default:
      return [];
  }
}

/** The entry that a message is. */
export function asEntry(message: Message): Change {
  return { kind: "message", seq: message.seq, message };
}

/** Who made an entry; null where it does not say so, and for kinds that we do not know. */
export function authorOf(entry: Change): Authorship | null {
  const { userId, clientId }: Partial<Authorship> =
    entry.kind === "message" ? entry.message : entry;
  return userId === undefined || clientId === undefined ? null : { userId, clientId };
}
