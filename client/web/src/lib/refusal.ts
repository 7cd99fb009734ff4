import { HttpError, OutcomeUnknown, Refused } from "@parley/sdk";

/** Why something was not done, to be said beside what was asked for. */
export interface Refusal {
  /** What kind of refusal, where the server said it. */
  readonly code: HttpError["code"];
  /** A sentence for a person. */
  readonly message: string;
  /** The field that was refused, if one was. */
  readonly field: string | null;
  /** How long to wait before the same may succeed, in seconds, if the server said so. */
  readonly retryAfterSeconds: number | null;
}

/** What the server's own words, made for any program, say less well to a person. */
const WORDS: Partial<Record<NonNullable<Refusal["code"]>, string>> = {
  room_taken: "There is a room of this name already.",
  too_many_rooms: "You are in as many rooms as one can be in. Leave one of them first.",
  not_member: "You are not in this room.",
  unknown_action: "The server is being renewed and cannot do this yet. Try again in a few minutes.",
};

/** The fields that a refusal on the socket, which names none, is about. */
const FIELDS: Partial<Record<NonNullable<Refusal["code"]>, string>> = { room_taken: "room" };

/** What a failed call says to a person. Whatever else went wrong is thrown once more. */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof HttpError) return error;
  if (error instanceof OutcomeUnknown) {
    const message = "No answer came. Check your connection and try again.";
    return { code: null, message, field: null, retryAfterSeconds: null };
  }
  if (!(error instanceof Refused)) throw error;
  const { code, message, retryAfterMs } = error.body;
  return {
    code,
    message: WORDS[code] ?? sentence(message),
    field: FIELDS[code] ?? null,
    retryAfterSeconds: retryAfterMs === undefined ? null : Math.ceil(retryAfterMs / 1_000),
  };
}

/** Refusals on the socket begin small and end without a full stop. */
export function sentence(words: string): string {
  if (words === "") return "";
  const whole = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(whole) ? whole : `${whole}.`;
}
