import type { Environment } from "./environment.ts";

/** How long repeated attempts wait. */
export interface Backoff {
  /** The longest wait before the first retry, in milliseconds. */
  readonly baseMs: number;
  /** The longest wait of all, in milliseconds. */
  readonly capMs: number;
}

/**
 * The wait after the `failures`th failure in a row (from 1), in milliseconds: exponential, with full
 * jitter, so that clients cut off together do not come back together.
 */
export function backoffMs(
  { baseMs, capMs }: Backoff,
  failures: number,
  environment: Pick<Environment, "random">,
): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(Math.max(failures, 1) - 1, 30));
  return Math.floor(environment.random() * ceiling);
}
