import { LIMITS } from "@parley/sdk";

/** What is wrong, by the name of the field; empty when nothing is. */
export type FieldErrors = Readonly<Record<string, string | undefined>>;

/** Leaves out the fields in which nothing is wrong. */
export function faults(errors: FieldErrors): FieldErrors {
  return Object.fromEntries(Object.entries(errors).filter(([, error]) => error !== undefined));
}

/** Says `words` when nothing has been entered. */
export function missing(value: string, words: string): string | undefined {
  return value.trim() === "" ? words : undefined;
}

/** What is wrong with the name of a new account. The server knows more rules than this. */
export function newNameError(username: string): string | undefined {
  const length = characters(username);
  if (length === 0) return "Enter your user name.";
  if (length >= LIMITS.usernameMin && length <= LIMITS.usernameMax) return undefined;
  return `A user name has ${LIMITS.usernameMin} to ${LIMITS.usernameMax} characters.`;
}

/** What is wrong with a password to be. Whether it is easily guessed the server says. */
export function newPasswordError(password: string): string | undefined {
  const length = characters(password);
  if (length === 0) return "Enter a password.";
  if (length < LIMITS.passwordMin) {
    return `Use at least ${LIMITS.passwordMin} characters; this has ${length}.`;
  }
  if (length > LIMITS.passwordMax) return `Use at most ${LIMITS.passwordMax} characters.`;
  return undefined;
}

/** The rule for a password to be, in words. */
export const PASSWORD_HINT = `At least ${LIMITS.passwordMin} characters, and not easily guessed.`;

/** Characters, not UTF-16 units: the server counts so. */
function characters(text: string): number {
  return [...text].length;
}
