import { LIMITS } from "@parley/sdk";

/** What the name of a room looks like. */
export const ROOM_NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

/** The rule for the name of a room, in words. */
export const ROOM_NAME_HINT = `Small letters, digits, "-" and "_"; at most ${LIMITS.roomCharacters} of them.`;

/** What is wrong with the name of a room to be. */
export function roomNameError(name: string): string | undefined {
  if (name === "") return "Enter a name.";
  if (/[A-Z]/.test(name)) return "Use small letters.";
  if (/\s/.test(name)) return 'No spaces: use "-" instead.';
  if (/[^a-z0-9_-]/.test(name)) return 'Only small letters from a to z, digits, "-" and "_".';
  if (/^[_-]/.test(name)) return "Begin with a letter or a digit.";
  if (!ROOM_NAME.test(name)) {
    return `At most ${LIMITS.roomCharacters} characters; this has ${name.length}.`;
  }
  return undefined;
}
