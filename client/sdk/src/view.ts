import type { ConnectionState } from "./connection.ts";
import type { OutgoingMessage } from "./outbox.ts";
import type { Limits, Message } from "./protocol.ts";

/** All there is to show. A new object after every change. */
export interface ChatView {
  readonly connection: ConnectionState;
  readonly limits: ShownLimits;
  /** My rooms: `general` first, then by name. */
  readonly rooms: readonly RoomSummary[];
  /** The room on show. */
  readonly room: RoomView;
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
