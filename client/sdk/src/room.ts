import { backoffMs } from "./backoff.ts";
import type { Environment, Timer } from "./environment.ts";
import { Refused } from "./errors.ts";
import type { Change, ChangesPage, GetRecentMessages, MessagesPage, RoomHead } from "./protocol.ts";
import { LIMITS } from "./protocol.ts";
import { EMPTY_LOG, hasGap, reduceRoom } from "./room-log.ts";
import type { RoomInput, RoomLog } from "./room-log.ts";

/** What a room needs of the connection. */
export interface RoomSource {
  /** Asks for a page. */
  fetch(request: GetRecentMessages): Promise<MessagesPage | ChangesPage>;
  /** The room's log, or {@link Room.loadingOlder}, has changed. */
  changed(room: Room): void;
}

/** The room that everyone is in. */
export const GENERAL = "general";
/** How many messages a page of history brings at the most. */
const PAGE = 50;
/** The most that a fetch is put off, so that the clients of a room do not all ask at once. */
const FETCH_JITTER_MS = 1_000;
const FETCH_RETRY = { baseMs: 1_000, capMs: 15_000 };

/**
 * One room's log, and the fetching that keeps it without a hole. Messages from before we came are
 * fetched when the room is first on show.
 */
export class Room {
  /** The room's name. */
  readonly name: string;
  readonly #environment: Environment;
  readonly #source: RoomSource;
  #log: RoomLog = EMPTY_LOG;
  #online = false;
  #closed = false;
  #onShow = false;
  /** It was on show once, and so the first page is wanted. */
  #wanted = false;
  /** A page of history has come. */
  #paged = false;
  /** The server named a head below our number: an old answer, or a log that was cut. */
  #doubted = false;
  #topicAsked = false;
  /** The last number that was on show; null before there was one. */
  #seen: number | null = null;
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

  /** Whether the first page has come. */
  get loaded(): boolean {
    const { last, messages, more } = this.#log;
    return this.#paged ? last !== null || messages.length > 0 : last !== null && !more;
  }

  /** Whether a page of older messages is on its way. */
  get loadingOlder(): boolean {
    return this.#loadingOlder;
  }

  /** How many messages, not of `userId`, came since the room was last on show, or since we know it. */
  unseen(userId: string): number {
    const { messages } = this.#log;
    if (this.#seen === null) return 0;
    let unseen = 0;
    for (let i = messages.length - 1; i >= 0; i--) {
      const message = messages[i];
      if (message === undefined || message.seq <= this.#seen) break;
      if (message.userId !== userId) unseen += 1;
    }
    return unseen;
  }

  /** Somebody looks at it from now on. */
  show(): void {
    if (this.#onShow) return;
    this.#onShow = this.#wanted = true;
    this.#seen = this.#log.last;
    void this.#catchUp();
  }

  /** Nobody looks at it any more. */
  hide(): void {
    this.#onShow = false;
  }

  /**
   * The connection is up. `stand` is where the log stands, and whatever was missed is caught up with;
   * undefined while nobody has said: {@link standsAt} is to follow.
   */
  online(stand: RoomHead | undefined): void {
    this.#online = true;
    this.#failures = 0;
    if (stand !== undefined) this.standsAt(stand);
    else if (this.#wanted) void this.#catchUp();
  }

  /** The connection is down. */
  offline(): void {
    this.#online = false;
    this.#clearTimer();
  }

  /** It is none of mine any more: nothing changes from now on. */
  close(): void {
    this.offline();
    this.#closed = true;
  }

  /** The server said where the log stands: what is missing is asked for. */
  standsAt({ head, epoch }: RoomHead): void {
    const unknown = this.#log.last === null && !this.loaded;
    this.#apply({ kind: unknown && !this.#wanted ? "start" : "head", head, epoch });
    this.#doubted = this.#log.last !== null && head < this.#log.last;
    if (this.#onShow) void this.#catchUp();
    // Many rooms may have moved at once, and nobody waits for this one.
    else if (this.#missing()) this.#fetchSoon();
  }

  /** An event brought entries. */
  receive(entries: readonly Change[]): void {
    this.#apply({ kind: "live", entries });
    this.#waitForGap();
  }

  /** A write of ours was stored: its event should come, and is fetched if it does not. */
  stored(seq: number): void {
    this.#apply({ kind: "stored", seq });
    this.#waitForGap();
  }

  /** Fetches a page of older messages, if there are any. When it fails, a later call may succeed. */
  async loadOlder(): Promise<void> {
    const { last, more } = this.#log;
    if (!this.#online || this.#loadingOlder || !this.loaded || !more || last === null) return;
    this.#loadingOlder = true;
    this.#source.changed(this);
    try {
      while (await this.#fetchOlder());
    } catch {
      // The messages are still there; the reader asks again by scrolling.
    }
    this.#loadingOlder = false;
    this.#source.changed(this);
    if (this.#log.last === null) void this.#catchUp();
  }

  /** Fetches one page of older messages. True when it brought none, and there are more. */
  async #fetchOlder(): Promise<boolean> {
    const { from: before } = this.#log;
    const page = await this.#source.fetch({ room: this.name, before, limit: PAGE });
    if (isChanges(page)) return false;
    this.#apply({ kind: "older", before, page });
    return page.messages.length === 0 && page.more && this.#log.from < before;
  }

  #apply(input: RoomInput): void {
    if (this.#closed) return;
    const before = this.#log;
    this.#log = reduceRoom(before, input);
    const { last } = this.#log;
    if (this.#onShow || last === null) this.#seen = last;
    else if (this.#seen === null) this.#seen = input.kind === "start" ? input.head : last;
    if (this.#log !== before) this.#source.changed(this);
  }

  /** Whether there is anything that a fetch would bring. */
  #missing(): boolean {
    return (
      this.#log.last === null ||
      hasGap(this.#log) ||
      this.#doubted ||
      (this.#wanted && (!this.loaded || this.#lacksTopic()))
    );
  }

  #lacksTopic(): boolean {
    return this.name !== GENERAL && this.#log.topic === null && !this.#topicAsked;
  }

  /** Gives the missing events a moment to come by themselves, then fetches them. */
  #waitForGap(): void {
    if (hasGap(this.#log)) this.#fetchSoon();
    else this.#clearTimer();
  }

  #fetchSoon(): void {
    if (this.#timer !== null || this.#fetching || !this.#online) return;
    this.#fetchAfter(LIMITS.holdMs + this.#environment.random() * FETCH_JITTER_MS);
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
      while (this.#online && this.#missing() && (await this.#fetchNext()));
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

  /** Fetches what is missed most. False when that brought us no further. */
  async #fetchNext(): Promise<boolean> {
    const { name: room } = this;
    const { last, from } = this.#log;
    if (last === null) {
      const page = await this.#source.fetch({ room, limit: PAGE });
      if (isChanges(page)) return false;
      this.#paged ||= this.#log.last === null;
      this.#apply({ kind: "newest", page });
      return true;
    }
    if (this.#wanted && !this.loaded) {
      const page = await this.#source.fetch({ room, before: from, limit: PAGE });
      if (isChanges(page)) return false;
      this.#paged = true;
      this.#apply({ kind: "older", before: from, page });
      return true;
    }
    if (hasGap(this.#log) || this.#doubted) {
      const request = { room, after: last, limit: LIMITS.pageMessages };
      const page = await this.#source.fetch(request);
      this.#doubted = false;
      if (!isChanges(page)) return false;
      this.#apply({ kind: "changes", after: last, page });
      return this.#log.last === null || page.through > last;
    }
    // The first entry of a room is its `create`.
    const page = await this.#source.fetch({ room, after: 0, limit: 1 });
    this.#topicAsked = true;
    if (isChanges(page) && page.recovered) this.#apply({ kind: "live", entries: page.changes });
    return true;
  }

  #clearTimer(): void {
    if (this.#timer !== null) this.#environment.clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function isChanges(page: MessagesPage | ChangesPage): page is ChangesPage {
  return "changes" in page;
}
