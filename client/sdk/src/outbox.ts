import { backoffMs } from "./backoff.ts";
import type { Environment, Timer } from "./environment.ts";
import { OutcomeUnknown, Refused } from "./errors.ts";
import type { SendMessage, Stored } from "./protocol.ts";
import { LIMITS } from "./protocol.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import { utf8Bytes } from "./utf8.ts";

/** A message on its way out. */
export interface OutgoingMessage {
  /** Our own name of it, the same on every resend. */
  readonly clientId: string;
  readonly room: string;
  readonly content: string;
  /**
   * `waiting` for its turn or for the connection; `sending`; `stored` under `seq`, until the log
   * shows it; `failed`, with `problem`, until the writer decides.
   */
  readonly state: "waiting" | "sending" | "stored" | "failed";
  readonly seq?: number;
  /** Why the server refused it, for a person. */
  readonly problem?: string;
}

/** What an outbox needs of the connection. */
export interface OutboxSink {
  /** Sends a request. Rejects with {@link Refused} or {@link OutcomeUnknown}. */
  send(request: SendMessage): Promise<Stored>;
  /** The server holds the message under this number. */
  stored(room: string, seq: number): void;
  /** The items have changed. */
  changed(): void;
}

const RESEND = { baseMs: 1_000, capMs: 15_000 };

/**
 * Writes that are not yet known to be stored. Each room has at most one on its way, so that a
 * person's own order holds; it is sent again, under the same name, until the server has answered.
 */
export class Outbox {
  readonly #environment: Environment;
  readonly #storage: OutboxStorage;
  readonly #sink: OutboxSink;
  #items: readonly OutgoingMessage[];
  #online = false;
  /** Per room: the wait before the next resend, and how many went wrong in a row. */
  readonly #retries = new Map<string, { timer: Timer | null; failures: number }>();

  constructor(environment: Environment, storage: OutboxStorage, sink: OutboxSink) {
    this.#environment = environment;
    this.#storage = storage;
    this.#sink = sink;
    this.#items = storage.load();
  }

  /** Everything in it, in the order of writing. */
  get items(): readonly OutgoingMessage[] {
    return this.#items;
  }

  /** Takes a message in, and sends it when its turn comes; one that is too long fails at once. */
  add(room: string, content: string): void {
    this.#enqueue(this.#items, room, content);
  }

  /** Queues a failed message again, as the last one. */
  retry(clientId: string): void {
    const item = this.#find(clientId);
    if (item?.state !== "failed") return;
    // It was refused, so it is not stored, and a new name cannot double it. The old name may be the
    // very reason for the refusal.
    const others = this.#items.filter((other) => other !== item);
    this.#enqueue(others, item.room, item.content);
  }

  /** Throws a failed message away. */
  dismiss(clientId: string): void {
    if (this.#find(clientId)?.state === "failed") this.#remove(clientId);
  }

  /** Throws everything away. */
  clear(): void {
    this.offline();
    this.#update([]);
  }

  /** The connection is up. */
  online(): void {
    this.#online = true;
    for (const room of new Set(this.#items.map((item) => item.room))) {
      this.#clearRetry(room);
      this.#pump(room);
    }
  }

  /** The connection is down. */
  offline(): void {
    this.#online = false;
    for (const room of this.#retries.keys()) this.#clearRetry(room);
  }

  /** The server holds this message: its reply has come, or its event, whichever was first. */
  acknowledge(clientId: string, seq: number): void {
    const item = this.#find(clientId);
    if (item === undefined || item.state === "stored") return;
    this.#clearRetry(item.room);
    this.#replace(clientId, { ...item, state: "stored", seq });
    this.#sink.stored(item.room, seq);
    this.#pump(item.room);
  }

  /** The log of the room shows every number up to `last`; null when it was begun anew. */
  shown(room: string, last: number | null): void {
    const rest = this.#items.filter(
      (item) =>
        item.room !== room ||
        item.state !== "stored" ||
        (last !== null && item.seq !== undefined && item.seq > last),
    );
    if (rest.length < this.#items.length) this.#update(rest);
  }

  #enqueue(before: readonly OutgoingMessage[], room: string, content: string): void {
    const clientId = this.#environment.newId();
    const item = { clientId, room, content };
    this.#update([
      ...before,
      fits(item)
        ? { ...item, state: "waiting" }
        : { ...item, state: "failed", problem: "This message is too long." },
    ]);
    this.#pump(room);
  }

  #pump(room: string): void {
    if (!this.#online || this.#retries.get(room)?.timer != null) return;
    const next = this.#items.find(
      (item) => item.room === room && (item.state === "waiting" || item.state === "sending"),
    );
    if (next === undefined || next.state === "sending") return;
    this.#replace(next.clientId, { ...next, state: "sending" });
    void this.#send(next);
  }

  async #send({ clientId, room, content }: OutgoingMessage): Promise<void> {
    try {
      const stored = await this.#sink.send({ room, content, clientId });
      this.acknowledge(clientId, stored.seq);
    } catch (error) {
      const item = this.#find(clientId);
      // Its event has acknowledged it already.
      if (item?.state !== "sending") return;
      if (error instanceof Refused && !error.body.retryable) {
        this.#clearRetry(room);
        this.#replace(clientId, { ...item, state: "failed", problem: error.body.message });
      } else {
        this.#replace(clientId, { ...item, state: "waiting" });
        this.#resendLater(room, error);
      }
      this.#pump(room);
    }
  }

  #resendLater(room: string, error: unknown): void {
    // Silence has been a long enough wait, and a closed connection is waited for as such.
    if (!this.#online || (error instanceof OutcomeUnknown && error.why !== "platform")) return;
    const failures = (this.#retries.get(room)?.failures ?? 0) + 1;
    const asked = error instanceof Refused ? (error.body.retryAfterMs ?? 0) : 0;
    const delay = Math.max(asked, backoffMs(RESEND, failures, this.#environment));
    const timer = this.#environment.setTimeout(() => {
      this.#retries.set(room, { timer: null, failures });
      this.#pump(room);
    }, delay);
    this.#retries.set(room, { timer, failures });
  }

  #clearRetry(room: string): void {
    const timer = this.#retries.get(room)?.timer;
    if (timer != null) this.#environment.clearTimeout(timer);
    this.#retries.delete(room);
  }

  #find(clientId: string): OutgoingMessage | undefined {
    return this.#items.find((item) => item.clientId === clientId);
  }

  #replace(clientId: string, item: OutgoingMessage): void {
    this.#update(this.#items.map((other) => (other.clientId === clientId ? item : other)));
  }

  #remove(clientId: string): void {
    this.#update(this.#items.filter((item) => item.clientId !== clientId));
  }

  #update(items: readonly OutgoingMessage[]): void {
    this.#items = items;
    this.#storage.save(items);
    this.#sink.changed();
  }
}

/** What `action` and `id` add to a frame, generously. */
const ENVELOPE_BYTES = 64;

/**
 * Whether the server, and the platform before it, will take it. The platform answers a frame that is
 * too long by ending the connection, and would do so on every resend.
 */
function fits(message: SendMessage): boolean {
  return (
    utf8Bytes(message.content) <= LIMITS.textBytes &&
    utf8Bytes(JSON.stringify(message)) + ENVELOPE_BYTES <= LIMITS.frameBytes
  );
}
