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
  };
}

// Not `crypto.randomUUID`: a page served without TLS to a local network does not have it.
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
