/** What a person has begun to write, which outlives a reload of the page. */
export function loadDraft(userId: string): string {
  try {
    return sessionStorage.getItem(key(userId)) ?? "";
  } catch {
    return "";
  }
}

/** Keeps what a person has begun to write. */
export function saveDraft(userId: string, draft: string): void {
  if (draft === "") return forgetDraft(userId);
  try {
    sessionStorage.setItem(key(userId), draft);
  } catch {
    // A browser that keeps nothing still sends.
  }
}

/** Keeps it no longer: whoever uses the browser next must not read it. */
export function forgetDraft(userId: string): void {
  try {
    sessionStorage.removeItem(key(userId));
  } catch {
    // Nothing was kept.
  }
}

function key(userId: string): string {
  return `parley.draft.${userId}`;
}
