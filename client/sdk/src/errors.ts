import type { ErrorBody, ErrorCode } from "./protocol.ts";

/** The server answered a request with an error. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(
    /** What the server said. */
    readonly body: ErrorBody,
  ) {
    super(body.code === "unknown_action" ? TOO_OLD : body.message);
  }
}

/** Servers and pages are not replaced at the same moment. */
const TOO_OLD = "The server cannot do this yet. Please try again later.";

/** Why nobody knows whether a request was carried out. */
export type UnknownCause = "silence" | "platform" | "closed";

/**
 * A request got no answer of ours: silence, a platform's error frame, or the socket's end. It may
 * have been carried out or not; sending the same `clientId` again is safe.
 */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
  constructor(
    /** What happened instead of a reply. */
    readonly why: UnknownCause,
  ) {
    super(`no reply: ${why}`);
  }
}

/** An HTTP call failed. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  constructor(
    /** The HTTP status; 0 when there was no answer. */
    readonly status: number,
    /** The problem's code, if the answer was a problem document. */
    readonly code: ErrorCode | null,
    /** A sentence for a person. */
    message: string,
    /** The field of the body that was refused, if one was. */
    readonly field: string | null = null,
    /** How long to wait before the same call may succeed, in seconds, if the server said so. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(message);
  }
}

/** The session has ended: only logging in again helps. */
export class SignedOut extends Error {
  override readonly name = "SignedOut";
  constructor() {
    super("Your session has ended.");
  }
}
