import type { Environment, Timer } from "./environment.ts";

/**
 * Knows when a ping is due: a room from which nothing came for a while may be silent, or may have
 * lost its subscription or its last event. A connection on which we said nothing may be cut.
 */
export class Liveness {
  readonly #environment: Environment;
  readonly #ping: (rooms: string[]) => void;
  readonly #heardAt = new Map<string, number>();
  #pingedAt = 0;
  #timer: Timer | null = null;

  /** `ping` is called with the rooms that have been silent for too long. */
  constructor(environment: Environment, ping: (rooms: string[]) => void) {
    this.#environment = environment;
    this.#ping = ping;
  }

  /** These are the rooms. Those that are new are asked for already. */
  watch(rooms: readonly string[]): void {
    for (const room of this.#heardAt.keys()) if (!rooms.includes(room)) this.#heardAt.delete(room);
    for (const room of rooms) if (!this.#heardAt.has(room)) this.heard(room);
  }

  /** The connection is up, and the rooms' heads are known. */
  start(pingAfterMs: number): void {
    const now = this.#environment.now();
    this.#pingedAt = now;
    for (const room of this.#heardAt.keys()) this.#heardAt.set(room, now);
    this.#schedule(pingAfterMs);
  }

  /** The connection is down. */
  stop(): void {
    if (this.#timer !== null) this.#environment.clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** Something came from the room. */
  heard(room: string): void {
    this.#heardAt.set(room, this.#environment.now());
  }

  #schedule(pingAfterMs: number): void {
    this.stop();
    const first = Math.min(this.#pingedAt, ...this.#heardAt.values());
    const delay = Math.max(0, first + pingAfterMs - this.#environment.now());
    this.#timer = this.#environment.setTimeout(() => {
      const now = this.#environment.now();
      const silent = [...this.#heardAt].filter(([, at]) => now - at >= pingAfterMs);
      if (silent.length > 0 || now - this.#pingedAt >= pingAfterMs) {
        this.#pingedAt = now;
        for (const [room] of silent) this.#heardAt.set(room, now);
        this.#ping(silent.map(([room]) => room));
      }
      this.#schedule(pingAfterMs);
    }, delay);
  }
}
