import { backoffMs } from "./backoff.ts";
import type { Environment, Timer } from "./environment.ts";
import { Refused } from "./errors.ts";
import type {
  ChangesPage,
  GetRecentMessages,
  Message,
  MessagesPage,
  RoomHead,
} from "./protocol.ts";
import { LIMITS } from "./protocol.ts";
import { EMPTY_LOG, hasGap, reduceRoom } from "./room-log.ts";
import type { RoomInput, RoomLog } from "./room-log.ts";

/** What a room needs of the connection. */
export interface RoomSource {
  /** Asks for a page. */
  fetch(request: GetRecentMessages): Promise<MessagesPage | ChangesPage>;
  /** The log, or {@link Room.loadingOlder}, has changed. */
  changed(): void;
}

/** How many messages a page of history brings at the most. */
const PAGE = 50;
/** The most that a fetch is put off, so that the clients of a room do not all ask at once. */
const FETCH_JITTER_MS = 1_000;
const FETCH_RETRY = { baseMs: 1_000, capMs: 15_000 };

/** One room's log, and the fetching that keeps it without a hole. */
export class Room {
  /** The room's name. */
  readonly name: string;
  readonly #environment: Environment;
  readonly #source: RoomSource;
  #log: RoomLog = EMPTY_LOG;
  #online = false;
  #fetching = false;
  #loadingOlder = false;
  #failures = 0;
  #timer: Timer | null = null;

  constructor(environment: Environment, name: string, source: RoomSource) {
    this.#environment = environment;
    this.name = name;
    this.#source = source;
  }

  /** What we have. */
  get log(): RoomLog {
    return this.#log;
  }

  /** Whether a page of older messages is on its way. */
  get loadingOlder(): boolean {
    return this.#loadingOlder;
  }

  /** The connection is up, and said where the log stands: catches up with whatever was missed. */
  online(stand: RoomHead | undefined): void {
    this.#online = true;
    this.#failures = 0;
    if (stand === undefined) void this.#catchUp();
    else this.standsAt(stand);
  }

  /** The connection is down. */
  offline(): void {
    this.#online = false;
    this.#clearTimer();
  }

  /** The server said where the log stands: what is missing is asked for at once. */
  standsAt({ head, epoch }: RoomHead): void {
    this.#apply({ kind: "head", head, epoch });
    // A head below ours may be an old answer, or a log that was cut: the page will tell.
    if (this.#log.last !== head) void this.#catchUp();
  }

  /** An event brought messages. */
  receive(messages: readonly Message[]): void {
    this.#apply({ kind: "live", messages });
    this.#waitForGap();
  }

  /** A write of ours was stored: its event should come, and is fetched if it does not. */
  stored(seq: number): void {
    this.#apply({ kind: "stored", seq });
    this.#waitForGap();
  }

  /** Fetches a page of older messages, if there are any. When it fails, a later call may succeed. */
  async loadOlder(): Promise<void> {
    const before = this.#log.messages[0]?.seq;
    if (!this.#online || this.#loadingOlder || !this.#log.more || before === undefined) return;
    this.#loadingOlder = true;
    this.#source.changed();
    try {
      const page = await this.#source.fetch({ room: this.name, before, limit: PAGE });
      if (!isChanges(page)) this.#apply({ kind: "older", before, page });
    } catch {
      // The messages are still there; the reader asks again by scrolling.
    }
    this.#loadingOlder = false;
    this.#source.changed();
    if (this.#log.last === null) void this.#catchUp();
  }

  #apply(input: RoomInput): void {
    const before = this.#log;
    this.#log = reduceRoom(before, input);
    if (this.#log !== before) this.#source.changed();
  }

  /** Gives the missing events a moment to come by themselves, then fetches them. */
  #waitForGap(): void {
    if (!hasGap(this.#log)) return this.#clearTimer();
    if (this.#timer !== null || this.#fetching || !this.#online) return;
    const delay = LIMITS.holdMs + this.#environment.random() * FETCH_JITTER_MS;
    this.#fetchAfter(delay);
  }

  #fetchAfter(ms: number): void {
    this.#clearTimer();
    this.#timer = this.#environment.setTimeout(() => void this.#catchUp(), ms);
  }

  async #catchUp(): Promise<void> {
    this.#clearTimer();
    if (this.#fetching || !this.#online) return;
    this.#fetching = true;
    try {
      while (await this.#fetchNext());
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      const asked = error instanceof Refused ? (error.body.retryAfterMs ?? 0) : 0;
      const delay = Math.max(asked, backoffMs(FETCH_RETRY, this.#failures, this.#environment));
      if (this.#online) this.#fetchAfter(delay);
    }
    this.#fetching = false;
    if (this.#timer === null) this.#waitForGap();
  }

  /** Fetches one page. True when another must follow. */
  async #fetchNext(): Promise<boolean> {
    const { last } = this.#log;
    if (last === null) {
      const page = await this.#source.fetch({ room: this.name, limit: PAGE });
      if (!isChanges(page)) this.#apply({ kind: "newest", page });
      return false;
    }
    const request = { room: this.name, after: last, limit: LIMITS.pageMessages };
    const page = await this.#source.fetch(request);
    if (!isChanges(page)) return false;
    this.#apply({ kind: "changes", after: last, page });
    if (this.#log.last === null) return true;
    return page.more && page.through > last;
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#environment.clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function isChanges(page: MessagesPage | ChangesPage): page is ChangesPage {
  return "changes" in page;
}
