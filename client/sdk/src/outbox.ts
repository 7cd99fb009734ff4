import { backoffMs } from "./backoff.ts";
import type { Environment, Timer } from "./environment.ts";
import { OutcomeUnknown, Refused } from "./errors.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import { promiseWithHandles } from "./promise.ts";
import { fits, isRoomWrite } from "./writes.ts";
import type { Draft, Receipt, RoomWrite, TextWrite, Write } from "./writes.ts";

/** What an outbox needs of the connection. */
export interface OutboxSink {
  /** Sends a write. Rejects with {@link Refused} or {@link OutcomeUnknown}. */
  send(write: Write): Promise<Receipt>;
  /** The server holds a write under this number. */
  stored(room: string, seq: number): void;
  /** The writes have changed. */
  changed(): void;
}

const RESEND = { baseMs: 1_000, capMs: 15_000 };
const TOO_LONG = "This is too long to be sent.";

/**
 * Writes that are not yet known to be stored. Each room has at most one on its way, so that a
 * person's own order holds; it is sent again, under the same name, until the server has answered.
 */
export class Outbox {
  readonly #environment: Environment;
  readonly #storage: OutboxStorage;
  readonly #sink: OutboxSink;
  #writes: readonly Write[];
  #online = false;
  /** Per room: the wait before the next resend, and how many went wrong in a row. */
  readonly #retries = new Map<string, { timer: Timer | null; failures: number }>();

  constructor(environment: Environment, storage: OutboxStorage, sink: OutboxSink) {
    this.#environment = environment;
    this.#storage = storage;
    this.#sink = sink;
    this.#writes = storage.load();
  }

  /** Everything in it, in the order of writing. */
  get writes(): readonly Write[] {
    return this.#writes;
  }

  /** Takes a write in, and sends it when its turn comes; one that is too long fails at once. */
  add(draft: Draft<TextWrite>): void {
    this.#enqueue(this.#writes, draft);
  }

  /**
   * Takes in a write that somebody waits for. Rejects with {@link Refused}, or with
   * {@link OutcomeUnknown} when it is given up.
   */
  request(draft: Draft<RoomWrite>): Promise<Receipt> {
    const settled = promiseWithHandles<Receipt>();
    if (fits(draft)) {
      const clientId = this.#environment.newId();
      this.#update([...this.#writes, { ...draft, clientId, settled, state: "waiting" }]);
      this.#pump(draft.room);
    } else {
      settled.reject(new Refused({ code: "too_large", message: TOO_LONG, retryable: false }));
    }
    return settled.promise;
  }

  /** Queues a failed write again, as the last one. */
  retry(clientId: string): void {
    const write = this.#find(clientId);
    if (write?.state !== "failed" || isRoomWrite(write)) return;
    // It was refused, so it is not stored, and a new name cannot double it. The old name may be the
    // very reason for the refusal.
    const others = this.#writes.filter((other) => other !== write);
    const { problem: _, seq: __, ...draft } = write;
    this.#enqueue(others, draft);
  }

  /** Throws a failed write away. */
  dismiss(clientId: string): void {
    if (this.#find(clientId)?.state === "failed") this.#remove(clientId);
  }

  /** Gives up what somebody waits for; the rest stays. */
  giveUp(): void {
    for (const write of this.#writes) {
      if (isRoomWrite(write)) write.settled.reject(new OutcomeUnknown("closed"));
    }
    const rest = this.#writes.filter((write) => !isRoomWrite(write));
    if (rest.length < this.#writes.length) this.#update(rest);
  }

  /** Throws everything away. */
  clear(): void {
    this.offline();
    this.giveUp();
    this.#update([]);
  }

  /** The connection is up. */
  online(): void {
    this.#online = true;
    for (const room of new Set(this.#writes.map((write) => write.room))) {
      this.#clearRetry(room);
      this.#pump(room);
    }
  }

  /** The connection is down. */
  offline(): void {
    this.#online = false;
    for (const room of this.#retries.keys()) this.#clearRetry(room);
  }

  /** The server holds this write: its reply has come, or its event, whichever was first. */
  acknowledge(clientId: string, receipt: Receipt): void {
    const write = this.#find(clientId);
    if (write === undefined || write.state === "stored") return;
    this.#clearRetry(write.room);
    if (isRoomWrite(write)) {
      this.#remove(clientId);
      write.settled.resolve(receipt);
    } else {
      this.#replace(clientId, { ...write, state: "stored", seq: receipt.seq });
      this.#sink.stored(write.room, receipt.seq);
    }
    this.#pump(write.room);
  }

  /** The message is gone, and with it what was refused to be changed in it. */
  gone(room: string, seq: number): void {
    const rest = this.#writes.filter(
      (write) => !(write.room === room && isChangeOf(write, seq) && write.state === "failed"),
    );
    if (rest.length < this.#writes.length) this.#update(rest);
  }

  /** The log of the room shows every number up to `last`; null when it was begun anew. */
  shown(room: string, last: number | null): void {
    const rest = this.#writes.filter(
      (write) =>
        write.room !== room ||
        write.state !== "stored" ||
        (last !== null && write.seq !== undefined && write.seq > last),
    );
    if (rest.length < this.#writes.length) this.#update(rest);
  }

  #enqueue(before: readonly Write[], draft: Draft<TextWrite>): void {
    const clientId = this.#environment.newId();
    this.#update([
      ...before,
      fits(draft)
        ? { ...draft, clientId, state: "waiting" }
        : { ...draft, clientId, state: "failed", problem: TOO_LONG },
    ]);
    this.#pump(draft.room);
  }

  #pump(room: string): void {
    if (!this.#online || this.#retries.get(room)?.timer != null) return;
    const next = this.#writes.find(
      (write) => write.room === room && (write.state === "waiting" || write.state === "sending"),
    );
    if (next === undefined || next.state === "sending") return;
    this.#replace(next.clientId, { ...next, state: "sending" });
    void this.#send(next);
  }

  async #send(sent: Write): Promise<void> {
    const { clientId, room } = sent;
    try {
      this.acknowledge(clientId, await this.#sink.send(sent));
    } catch (error) {
      const write = this.#find(clientId);
      // Its event has acknowledged it already.
      if (write?.state !== "sending") return;
      if (error instanceof Refused && !error.body.retryable) {
        this.#clearRetry(room);
        this.#refuse(write, error);
      } else {
        this.#replace(clientId, { ...write, state: "waiting" });
        this.#resendLater(room, error);
      }
      this.#pump(room);
    }
  }

  #refuse(write: Write, error: Refused): void {
    if (isRoomWrite(write)) {
      this.#remove(write.clientId);
      write.settled.reject(error);
    } else if (write.kind !== "send" && error.body.code === "not_found") {
      // The message is gone, and there is nothing that could show the refusal.
      this.#remove(write.clientId);
    } else {
      this.#replace(write.clientId, { ...write, state: "failed", problem: error.message });
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

  #find(clientId: string): Write | undefined {
    return this.#writes.find((write) => write.clientId === clientId);
  }

  #replace(clientId: string, write: Write): void {
    this.#update(this.#writes.map((other) => (other.clientId === clientId ? write : other)));
  }

  #remove(clientId: string): void {
    this.#update(this.#writes.filter((write) => write.clientId !== clientId));
  }

  #update(writes: readonly Write[]): void {
    this.#writes = writes;
    this.#storage.save(writes);
    this.#sink.changed();
  }
}

function isChangeOf(write: Write, seq: number): boolean {
  return (write.kind === "edit" || write.kind === "delete") && write.of === seq;
}
