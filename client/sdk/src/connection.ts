import { backoffMs } from "./backoff.ts";
import { afterClose } from "./close.ts";
import type { Closure } from "./close.ts";
import type { Environment, Timer } from "./environment.ts";
import { OutcomeUnknown, SignedOut } from "./errors.ts";
import { Link } from "./link.ts";
import type { Login } from "./login.ts";
import type { Actions, Event, Greeting } from "./protocol.ts";
import { CLOSE_CODES } from "./protocol.ts";

/** Where the connection stands. */
export type ConnectionState =
  | { readonly phase: "connecting" }
  | { readonly phase: "online" }
  /** Offline until `retryAt`, on the environment's clock. */
  | { readonly phase: "waiting"; readonly retryAt: number }
  /** No attempt will follow by itself. */
  | { readonly phase: "stopped"; readonly reason: string; readonly signedOut: boolean };

/** What a connection tells its owner. */
export interface ConnectionHandlers {
  /** The state has changed. */
  changed(state: ConnectionState): void;
  /**
   * A new socket has taken over, after an outage or a handover. It was greeted at a question of the
   * time `askedAt`, on the environment's clock.
   */
  online(greeting: Greeting, askedAt: number): void;
  /** An event came, on whichever socket: during a handover the same one may come twice. */
  event(event: Event): void;
}

const RECONNECT = { baseMs: 1_000, capMs: 30_000 };
/** A socket that lived this long was a success; a shorter life counts as a failure. */
const STABLE_MS = 10_000;
/** A busy server asks for patience: the first wait after it is up to eight seconds. */
const BACK_OFF_FAILURES = 4;
/** The most that a handover is brought forward, so that clients do not move together. */
const HANDOVER_JITTER_MS = 60_000;
/** The soonest handover, should a server's times make no sense. */
const HANDOVER_MIN_MS = 1_000;

/**
 * Keeps one live link: a ticket for every attempt, back-off between attempts, and a new link in
 * good time before the old one must end.
 */
export class Connection {
  readonly #environment: Environment;
  readonly #login: Login;
  readonly #socketUrl: string;
  readonly #handlers: ConnectionHandlers;
  #state: ConnectionState = { phase: "connecting" };
  #current: Link | null = null;
  #onlineAt = 0;
  #attempt: { link: Link | null } | null = null;
  #failures = 0;
  #retryTimer: Timer | null = null;
  #handoverTimer: Timer | null = null;

  constructor(
    environment: Environment,
    login: Login,
    socketUrl: string,
    handlers: ConnectionHandlers,
  ) {
    this.#environment = environment;
    this.#login = login;
    this.#socketUrl = socketUrl;
    this.#handlers = handlers;
  }

  /** Where the connection stands. */
  get state(): ConnectionState {
    return this.#state;
  }

  /** Milliseconds since the last frame came; infinite when offline. */
  get silentMs(): number {
    return this.#current === null ? Infinity : this.#environment.now() - this.#current.heardAt;
  }

  /** Connects, or retries at once instead of waiting. */
  connect(): void {
    if (this.#current === null) void this.#open();
  }

  /**
   * The network is said to be back: connects at once. What failed before says nothing any more, and
   * the word often comes a moment too early.
   */
  reconnect(): void {
    this.#failures = 0;
    this.connect();
  }

  /** Ends the current link as lost, and reconnects. */
  drop(): void {
    this.#current?.end({ code: 1006, reason: "", reconnect: null });
  }

  /** Closes for good. */
  close(): void {
    this.#stop("", false);
  }

  /** Sends a request on the current link. Rejects with `Refused` or {@link OutcomeUnknown}. */
  request<A extends keyof Actions>(
    action: A,
    fields: Actions[A]["request"],
  ): Promise<Actions[A]["reply"]> {
    return this.#current?.request(action, fields) ?? Promise.reject(new OutcomeUnknown("closed"));
  }

  async #open(): Promise<void> {
    if (this.#attempt !== null) return;
    const attempt: { link: Link | null } = { link: null };
    this.#attempt = attempt;
    this.#clearRetry();
    if (this.#current === null) this.#become({ phase: "connecting" });
    let closure: Closure = { code: 1006, reason: "", reconnect: null };
    let greeting: Greeting;
    let askedAt: number;
    try {
      const ticket = await this.#login.ticket();
      if (this.#attempt !== attempt) return;
      const url = `${this.#socketUrl}?token=${encodeURIComponent(ticket)}`;
      const link: Link = new Link(this.#environment, url, {
        event: (event) => this.#event(link, event),
        closed: (how) => {
          closure = how;
          if (this.#current === link) this.#lost(how);
        },
      });
      attempt.link = link;
      await link.opened;
      askedAt = this.#environment.now();
      greeting = await link.request("hello", {});
    } catch (error) {
      if (this.#attempt !== attempt) return;
      this.#attempt = null;
      attempt.link?.close();
      if (error instanceof SignedOut) return this.#stop(error.message, true);
      return this.#failed(closure);
    }
    // Stopped meanwhile: that has closed the link, too.
    if (this.#attempt !== attempt || attempt.link === null) return;
    this.#attempt = null;
    this.#takeOver(attempt.link, greeting, askedAt);
  }

  #takeOver(link: Link, greeting: Greeting, askedAt: number): void {
    const old = this.#current;
    this.#current = link;
    this.#onlineAt = this.#environment.now();
    this.#clearRetry();
    this.#scheduleHandover(greeting);
    this.#become({ phase: "online" });
    this.#handlers.online(greeting, askedAt);
    old?.retire();
  }

  #scheduleHandover({ serverTime, reconnectBy }: Greeting): void {
    this.#clearHandover();
    // A difference of two server times: our own clock may say anything.
    const left = Date.parse(reconnectBy) - Date.parse(serverTime);
    if (Number.isNaN(left)) return;
    const jitter = this.#environment.random() * Math.min(HANDOVER_JITTER_MS, left / 10);
    this.#handoverTimer = this.#environment.setTimeout(
      () => void this.#open(),
      Math.max(HANDOVER_MIN_MS, left - jitter),
    );
  }

  #event(link: Link, event: Event): void {
    if (event.event !== "bye") return this.#handlers.event(event);
    const { code, reason, reconnect } = event;
    const closure: Closure = { code, reason, reconnect };
    if (afterClose(closure) === "reconnect-now" && link === this.#current) {
      // The old link serves on until the new one is up.
      void this.#open();
    } else {
      link.end(closure);
    }
  }

  #lost(closure: Closure): void {
    this.#current = null;
    this.#clearHandover();
    if (this.#environment.now() - this.#onlineAt >= STABLE_MS) this.#failures = 0;
    // A handover that is under way is the reconnection, also when its new socket is the very one
    // that was too many.
    const replaced =
      closure.code === CLOSE_CODES.tooManySockets
        ? this.#attempt !== null && this.#attempt.link !== null
        : this.#attempt !== null && afterClose(closure) !== "stop";
    if (replaced) return this.#become({ phase: "connecting" });
    this.#failed(closure);
  }

  #failed(closure: Closure): void {
    const after = afterClose(closure);
    if (after === "stop")
      return this.#stop(closure.reason, closure.code === CLOSE_CODES.sessionEnded);
    const first = this.#failures === 0;
    this.#failures += 1;
    if (after === "back-off") this.#failures = Math.max(this.#failures, BACK_OFF_FAILURES);
    const delay =
      // Only once: a server that ends each new link at once must not be met by a busy loop.
      after === "reconnect-now" && first
        ? 0
        : backoffMs(RECONNECT, this.#failures, this.#environment);
    this.#clearRetry();
    this.#retryTimer = this.#environment.setTimeout(() => void this.#open(), delay);
    if (this.#current === null) {
      this.#become({ phase: "waiting", retryAt: this.#environment.now() + delay });
    }
  }

  #stop(reason: string, signedOut: boolean): void {
    this.#clearRetry();
    this.#clearHandover();
    const links = [this.#current, this.#attempt?.link];
    this.#current = this.#attempt = null;
    for (const link of links) link?.close();
    this.#become({ phase: "stopped", reason, signedOut });
  }

  #become(state: ConnectionState): void {
    this.#state = state;
    this.#handlers.changed(state);
  }

  #clearRetry(): void {
    if (this.#retryTimer !== null) this.#environment.clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
  }

  #clearHandover(): void {
    if (this.#handoverTimer !== null) this.#environment.clearTimeout(this.#handoverTimer);
    this.#handoverTimer = null;
  }
}
