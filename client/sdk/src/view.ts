import type { ConnectionState } from "./connection.ts";
import type { Limits, Message } from "./protocol.ts";
import type { Room } from "./room.ts";
import { GENERAL } from "./room.ts";
import { isRoomWrite } from "./writes.ts";
import type { DeleteWrite, EditWrite, OutgoingMessage, Write } from "./writes.ts";

/** All there is to show. A new object after every change. */
export interface ChatView {
  readonly connection: ConnectionState;
  readonly limits: ShownLimits;
  /** My rooms: `general` first, then by name. */
  readonly rooms: readonly RoomSummary[];
  /** The room on show. */
  readonly room: RoomView;
  /** How many messages, edits and deletions of mine, in all rooms, are not stored yet. */
  readonly unsent: number;
}

/** The server's limits that a person can run into, or see at work. */
export type ShownLimits = Pick<
  Limits,
  "textBytes" | "topicBytes" | "pingAfterMs" | "roomsPerSocket"
>;

/** A room that I am in, as a list has it. */
export interface RoomSummary {
  readonly name: string;
  /** How many messages of others have come since it was last on show, or since we connected. */
  readonly unseen: number;
}

/** A room, as it is to be shown. */
export interface RoomView {
  readonly name: string;
  /** What it is about; may be empty. Null while that is unknown, and for `general`. */
  readonly topic: string | null;
  /** False until the first page has come. */
  readonly loaded: boolean;
  /** Exactly once each, in order, without the deleted ones. */
  readonly messages: readonly ShownMessage[];
  /** What else happened between them, in order, as far as we heard of it. */
  readonly notices: readonly Notice[];
  /** My messages that are not among them yet, in the order of writing. */
  readonly outgoing: readonly OutgoingMessage[];
  /** Whether there are older messages. */
  readonly more: boolean;
  /** Whether older messages are on their way. */
  readonly loadingOlder: boolean;
}

/** A message, as it is to be shown: with the new text of an edit that is on its way. */
export interface ShownMessage extends Message {
  /** My change of it that is on its way. */
  readonly pending?: "edit" | "delete";
  /** My change of it that was refused: it stands as before, until I try again or dismiss. */
  readonly refused?: RefusedChange;
}

/** An edit or a deletion that the server did not take. */
export interface RefusedChange {
  readonly kind: "edit" | "delete";
  /** What `Chat.retry` and `Chat.dismiss` call it by. */
  readonly clientId: string;
  /** Why, for a person. */
  readonly problem: string;
  /** The text that an edit would have given it; absent for a deletion. */
  readonly content?: string;
}

/** Something that happened to a room, between its messages. */
export interface Notice {
  readonly kind: "create" | "join" | "leave";
  /** Its place among the messages. */
  readonly seq: number;
  readonly userId: string;
  /** The person's name then; empty when the person was erased. */
  readonly username: string;
  /** RFC 3339. */
  readonly at: string;
}

/** The view of a room, for the writer `userId` of these writes. */
export function viewRoom(room: Room, writes: readonly Write[], userId: string): RoomView {
  const { name, log, loaded, loadingOlder } = room;
  const mine = writes.filter((write) => write.room === name);
  return {
    name,
    topic: name === GENERAL ? null : log.topic,
    loaded,
    messages: withChanges(log.messages, mine),
    // That of the room's beginning is known before the messages after it are.
    notices: log.notices.filter(({ seq }) => seq >= log.from),
    outgoing: withoutShown(mine, log.messages, userId),
    more: log.more,
    loadingOlder,
  };
}

/** How many of these writes would be lost with the page. */
export function countUnsent(writes: readonly Write[]): number {
  return writes.filter((write) => write.state !== "stored" && !isRoomWrite(write)).length;
}

/** The messages, as my changes make them look. */
function withChanges(
  messages: readonly Message[],
  writes: readonly Write[],
): readonly ShownMessage[] {
  const changes = new Map<number, (EditWrite | DeleteWrite)[]>();
  for (const write of writes) {
    if (write.kind !== "edit" && write.kind !== "delete") continue;
    changes.set(write.of, [...(changes.get(write.of) ?? []), write]);
  }
  if (changes.size === 0) return messages;
  return messages.map((message) => (changes.get(message.seq) ?? []).reduce(withChange, message));
}

function withChange(message: ShownMessage, write: EditWrite | DeleteWrite): ShownMessage {
  const { kind, clientId, state, problem = "" } = write;
  const text = kind === "edit" ? { content: write.text } : {};
  return state === "failed"
    ? { ...message, refused: { kind, clientId, problem, ...text } }
    : { ...message, ...text, pending: kind };
}

/** My messages that the log does not show yet. */
function withoutShown(
  writes: readonly Write[],
  messages: readonly Message[],
  userId: string,
): readonly OutgoingMessage[] {
  const sends = writes.filter((write) => write.kind === "send");
  if (sends.length === 0) return sends;
  const mine = messages.filter((message) => message.userId === userId);
  const shown = new Set(mine.map(({ clientId }) => clientId));
  return sends.filter(({ clientId }) => !shown.has(clientId));
}
