import type { Closure } from "./close.ts";
import type { Environment, Socket, Timer } from "./environment.ts";
import { OutcomeUnknown, Refused } from "./errors.ts";
import type { UnknownCause } from "./errors.ts";
import { readFrame } from "./frames.ts";
import { promiseWithHandles } from "./promise.ts";
import type { PromiseWithHandles } from "./promise.ts";
import type { Actions, Event } from "./protocol.ts";
import { LIMITS } from "./protocol.ts";

/** What a link tells its owner. */
export interface LinkHandlers {
  /** An event came. */
  event(event: Event): void;
  /** The link has ended; said once, and not after {@link Link.close}. */
  closed(closure: Closure): void;
}

interface Waiting {
  readonly sentAt: number;
  readonly timer: Timer;
  resolve(body: unknown): void;
  reject(error: Error): void;
}

/** The life of one WebSocket: requests matched with their replies, and events. */
export class Link {
  readonly #environment: Environment;
  readonly #handlers: LinkHandlers;
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  readonly #opened: PromiseWithHandles<void>;
  #nextId = 1;
  #heardAt: number;
  #ended = false;
  #retired = false;

  constructor(environment: Environment, url: string, handlers: LinkHandlers) {
    this.#environment = environment;
    this.#handlers = handlers;
    this.#heardAt = environment.now();
    this.#opened = promiseWithHandles();
    const socket = environment.openSocket(url);
    this.#socket = socket;
    const timer = environment.setTimeout(() => this.#lost(), LIMITS.requestTimeoutMs);
    socket.onopen = () => {
      environment.clearTimeout(timer);
      this.#opened.resolve();
    };
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = ({ code, reason }) => {
      environment.clearTimeout(timer);
      this.end({ code, reason, reconnect: null });
    };
  }

  /** Resolves when the socket is open; rejects with {@link OutcomeUnknown} if it never opens. */
  get opened(): Promise<void> {
    return this.#opened.promise;
  }

  /** When the last frame came, on the environment's clock. */
  get heardAt(): number {
    return this.#heardAt;
  }

  /** Sends a request. Rejects with {@link Refused} or {@link OutcomeUnknown}. */
  request<A extends keyof Actions>(
    action: A,
    fields: Actions[A]["request"],
  ): Promise<Actions[A]["reply"]> {
    if (this.#ended) return Promise.reject(new OutcomeUnknown("closed"));
    const id = this.#nextId++;
    const sentAt = this.#environment.now();
    const reply = new Promise((resolve, reject) => {
      const timer = this.#environment.setTimeout(() => this.#timedOut(id), LIMITS.requestTimeoutMs);
      this.#waiting.set(id, { sentAt, timer, resolve, reject });
    });
    this.#socket.send(JSON.stringify({ action, id, ...fields }));
    return reply as Promise<Actions[A]["reply"]>;
  }

  /** Closes once every request has its reply, or none can come any more. */
  retire(): void {
    this.#retired = true;
    this.#closeIfIdle();
  }

  /** Closes now, on the owner's own wish: the handler `closed` is not called. */
  close(): void {
    this.#finish();
  }

  /** Closes now for a stated reason, and tells the owner. */
  end(closure: Closure): void {
    if (this.#finish()) this.#handlers.closed(closure);
  }

  #finish(): boolean {
    if (this.#ended) return false;
    this.#ended = true;
    // A dead peer never answers the closing handshake, so nothing waits for `onclose`.
    this.#socket.onopen = this.#socket.onmessage = this.#socket.onclose = null;
    this.#socket.close();
    this.#opened.reject(new OutcomeUnknown("closed"));
    this.#rejectAll("closed");
    return true;
  }

  #receive(data: unknown): void {
    this.#heardAt = this.#environment.now();
    const frame = readFrame(data);
    switch (frame.kind) {
      case "event":
        this.#handlers.event(frame.event);
        return;
      case "reply":
        this.#settle(frame.id)?.resolve(frame.body);
        break;
      case "refusal":
        this.#settle(frame.id)?.reject(new Refused(frame.error));
        break;
      case "platform":
        // It does not say which request it belongs to. Every request may be repeated, so all are
        // given up.
        this.#rejectAll("platform");
        break;
    }
    this.#closeIfIdle();
  }

  #settle(id: unknown): Waiting | undefined {
    const waiting = this.#waiting.get(id as number);
    if (waiting !== undefined) {
      this.#waiting.delete(id as number);
      this.#environment.clearTimeout(waiting.timer);
    }
    return waiting;
  }

  #timedOut(id: number): void {
    const waiting = this.#settle(id);
    if (waiting === undefined) return;
    waiting.reject(new OutcomeUnknown("silence"));
    // Not one frame since the question: the peer is gone, though nobody has told us.
    if (this.#heardAt <= waiting.sentAt) this.#lost();
    this.#closeIfIdle();
  }

  #lost(): void {
    this.end({ code: 1006, reason: "", reconnect: null });
  }

  #rejectAll(why: UnknownCause): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id)?.reject(new OutcomeUnknown(why));
  }

  #closeIfIdle(): void {
    if (this.#retired && this.#waiting.size === 0) this.close();
  }
}
