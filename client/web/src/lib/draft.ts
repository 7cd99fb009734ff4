/** What a person has begun to write in a room, which outlives a reload of the page. */
export function loadDraft(userId: string, room: string): string {
  try {
    return sessionStorage.getItem(key(userId, room)) ?? "";
  } catch {
    return "";
  }
}

/** Keeps what a person has begun to write in a room. */
export function saveDraft(userId: string, room: string, draft: string): void {
  try {
    if (draft === "") sessionStorage.removeItem(key(userId, room));
    else sessionStorage.setItem(key(userId, room), draft);
  } catch {
    // A browser that keeps nothing still sends.
  }
}

/** Keeps none of it any longer: whoever uses the browser next must not read it. */
export function forgetDrafts(userId: string): void {
  try {
    for (const name of Object.keys(sessionStorage)) {
      if (name.startsWith(key(userId, ""))) sessionStorage.removeItem(name);
    }
  } catch {
    // Nothing was kept.
  }
}

function key(userId: string, room: string): string {
  return `parley.draft.${userId}/${room}`;
}
