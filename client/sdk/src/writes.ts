import type { Connection } from "./connection.ts";
import type { PromiseWithHandles } from "./promise.ts";
import type { RoomHead } from "./protocol.ts";
import { LIMITS } from "./protocol.ts";
import { utf8Bytes } from "./utf8.ts";

/** How a write stands. */
interface Writing {
  /** Our own name of it, the same on every resend. */
  readonly clientId: string;
  readonly room: string;
  /**
   * `waiting` for its turn or for the connection; `sending`; `stored` under `seq`, until the log
   * shows it; `failed`, with `problem`, until the writer decides.
   */
  readonly state: "waiting" | "sending" | "stored" | "failed";
  readonly seq?: number;
  /** Why the server refused it, for a person. */
  readonly problem?: string;
}

/** A message on its way out. */
export interface OutgoingMessage extends Writing {
  readonly content: string;
}

interface SendWrite extends OutgoingMessage {
  readonly kind: "send";
}

/** Another text for the message `of`. */
export interface EditWrite extends Writing {
  readonly kind: "edit";
  readonly of: number;
  // Not `content`: an earlier version that found it in its storage would send it as a message.
  readonly text: string;
}

/** The end of the message `of`. */
export interface DeleteWrite extends Writing {
  readonly kind: "delete";
  readonly of: number;
}

interface Awaited {
  /** Whoever asked waits for this. */
  readonly settled: PromiseWithHandles<Receipt>;
}

interface CreateWrite extends Writing, Awaited {
  readonly kind: "create";
  readonly topic: string;
}

interface MemberWrite extends Writing, Awaited {
  readonly kind: "join" | "leave";
}

/** A write that changes what is said in a room. It is kept until it is stored, or thrown away. */
export type TextWrite = SendWrite | EditWrite | DeleteWrite;

/** A write by which I come to a room or go. It lives as long as somebody waits for it. */
export type RoomWrite = CreateWrite | MemberWrite;

/** Whatever gets a number in a room's log. */
export type Write = TextWrite | RoomWrite;

/** A write without what the outbox adds. */
export type Draft<W extends Write> = W extends Write
  ? Omit<W, "clientId" | "state" | "seq" | "problem" | "settled">
  : never;

/** What the server says of a write that it has stored. */
export interface Receipt {
  /** The number in the room's log. */
  readonly seq: number;
  /** Where the log of a room that I came to stands. */
  readonly stand?: RoomHead;
}

/** Whether it lives as long as somebody waits for it, and no longer. */
export function isRoomWrite(write: Write): write is RoomWrite {
  return "settled" in write;
}

/** Sends a write. Rejects with `Refused` or `OutcomeUnknown`. */
export async function carryOut(
  write: Write,
  connection: Pick<Connection, "request">,
): Promise<Receipt> {
  const { room, clientId } = write;
  switch (write.kind) {
    case "send":
      return connection.request("sendMessage", { room, content: write.content, clientId });
    case "edit": {
      const { of: seq, text: content } = write;
      const { ver } = await connection.request("editMessage", { room, seq, content, clientId });
      return { seq: ver };
    }
    case "delete": {
      const { ver } = await connection.request("deleteMessage", { room, seq: write.of, clientId });
      return { seq: ver };
    }
    case "create": {
      const fields = { room, topic: write.topic, clientId };
      const { seq, head, epoch } = await connection.request("createRoom", fields);
      return { seq, stand: { head, epoch } };
    }
    case "join": {
      const { seq, head, epoch } = await connection.request("joinRoom", { room, clientId });
      return { seq, stand: { head, epoch } };
    }
    case "leave":
      return connection.request("leaveRoom", { room, clientId });
  }
}

/** What `action`, `id` and the names of fields add to a frame, generously. */
const ENVELOPE_BYTES = 256;

/**
 * Whether the server, and the platform before it, will take it. The platform answers a frame that is
 * too long by ending the connection, and would do so on every resend.
 */
export function fits(write: Draft<Write>): boolean {
  const text = write.kind === "send" ? write.content : write.kind === "edit" ? write.text : "";
  return (
    utf8Bytes(text) <= LIMITS.textBytes &&
    utf8Bytes(JSON.stringify(write)) + ENVELOPE_BYTES <= LIMITS.frameBytes
  );
}
