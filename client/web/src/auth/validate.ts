import { LIMITS } from "@parley/sdk";

/** What is wrong with each field; empty when nothing is. */
export interface FieldErrors {
  username?: string;
  password?: string;
}

/** Checks what the server would refuse anyway, so that the answer comes at once. */
export function validate(username: string, password: string, isNew: boolean): FieldErrors {
  const errors: FieldErrors = {};
  // Characters, not UTF-16 units: the server counts so.
  const nameLength = [...username].length;
  const passwordLength = [...password].length;
  if (nameLength === 0) errors.username = "Enter your user name.";
  else if (isNew && (nameLength < LIMITS.usernameMin || nameLength > LIMITS.usernameMax)) {
    errors.username = `A user name has ${LIMITS.usernameMin} to ${LIMITS.usernameMax} characters.`;
  }
  if (passwordLength === 0) errors.password = "Enter your password.";
  else if (isNew && passwordLength < LIMITS.passwordMin) {
    errors.password = `Use at least ${LIMITS.passwordMin} characters; this has ${passwordLength}.`;
  } else if (isNew && passwordLength > LIMITS.passwordMax) {
    errors.password = `Use at most ${LIMITS.passwordMax} characters.`;
  }
  return errors;
}
