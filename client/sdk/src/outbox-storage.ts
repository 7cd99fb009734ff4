import type { OutgoingMessage } from "./outbox.ts";

/** Where an outbox outlives its page. */
export interface OutboxStorage {
  /** What was saved last. */
  load(): OutgoingMessage[];
  /** Saves what is not yet stored on the server. */
  save(items: readonly OutgoingMessage[]): void;
}

/**
 * Keeps one person's outbox in `storage`. With `sessionStorage` every tab has its own. A duplicated
 * tab begins with a copy, which does no harm: under one `clientId` a message is stored once.
 */
export function outboxStorage(storage: Storage, userId: string): OutboxStorage {
  const key = `parley.outbox.${userId}`;
  return {
    load() {
      try {
        const saved: unknown = JSON.parse(storage.getItem(key) ?? "[]");
        return Array.isArray(saved) ? saved.filter(isOutgoing).map(afterReload) : [];
      } catch {
        return [];
      }
    },
    save(items) {
      const unsaved = items.filter((item) => item.state !== "stored");
      try {
        if (unsaved.length > 0) storage.setItem(key, JSON.stringify(unsaved));
        else storage.removeItem(key);
      } catch {
        // Storage is full or forbidden: the outbox lives on in memory.
      }
    },
  };
}

/** Nobody waits for a reply any more. */
function afterReload(item: OutgoingMessage): OutgoingMessage {
  return item.state === "sending" ? { ...item, state: "waiting" } : item;
}

function isOutgoing(value: unknown): value is OutgoingMessage {
  const item = value as Partial<OutgoingMessage> | null;
  return (
    typeof item?.clientId === "string" &&
    typeof item.room === "string" &&
    typeof item.content === "string" &&
    (item.state === "waiting" || item.state === "sending" || item.state === "failed")
  );
}
