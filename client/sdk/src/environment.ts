/** What the SDK needs of the world around it. Tests pass their own, so that no test ever waits. */
export interface Environment {
  /** Milliseconds since some fixed moment; only differences are ever used. */
  now(): number;
  /** Calls `run` once, after `ms` milliseconds. */
  setTimeout(run: () => void, ms: number): Timer;
  /** Takes a call of {@link setTimeout} back. */
  clearTimeout(timer: Timer): void;
  /** A number in [0, 1), for jitter. */
  random(): number;
  /** A new name that nobody else makes up: 1-64 printable ASCII characters. */
  newId(): string;
  /** The Fetch API. */
  fetch(url: string, init: RequestInit): Promise<Response>;
  /** Opens a WebSocket. */
  openSocket(url: string): Socket;
  /**
   * Runs `run` while nobody else in this browser runs something of this name, as far as the browser
   * can tell; settles as `run` does.
   */
  inTurn<T>(name: string, run: () => Promise<T>): Promise<T>;
}

/** Whatever the environment calls a timer by. */
export type Timer = unknown;

/** The part of a browser's `WebSocket` that the SDK uses. */
export type Socket = Pick<WebSocket, "onopen" | "onmessage" | "onclose" | "send" | "close">;

/** The environment of a browser's page. */
export function browserEnvironment(): Environment {
  return {
    now: () => performance.now(),
    setTimeout: (run, ms) => setTimeout(run, ms),
    clearTimeout: (timer) => clearTimeout(timer as ReturnType<typeof setTimeout>),
    random: () => Math.random(),
    newId,
    fetch: (url, init) => fetch(url, init),
    openSocket: (url) => new WebSocket(url),
    inTurn,
  };
}

/** Longer than any call takes: whoever holds the turn for longer has been frozen by the browser. */
const TURN_MS = 15_000;

async function inTurn<T>(name: string, run: () => Promise<T>): Promise<T> {
  // A page served without TLS to a local network has no locks.
  const locks = (globalThis.navigator as Partial<Navigator> | undefined)?.locks;
  if (locks === undefined) return run();
  let begun = false;
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(TURN_MS) }, () => {
      begun = true;
      return run();
    });
  } catch (error) {
    if (begun) throw error;
    return run();
  }
}

// Not `crypto.randomUUID`: a page served without TLS to a local network does not have it.
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
