import { isRoomWrite } from "./writes.ts";
import type { TextWrite, Write } from "./writes.ts";

/** Where an outbox outlives its page. */
export interface OutboxStorage {
  /** What was saved last. */
  load(): TextWrite[];
  /** Saves what is not yet stored on the server, and would be wanted by nobody else. */
  save(writes: readonly Write[]): void;
}

/**
 * Keeps one person's outbox in `storage`. With `sessionStorage` every tab has its own. A duplicated
 * tab begins with a copy, which does no harm: under one `clientId` a write is stored once.
 */
export function outboxStorage(storage: Storage, userId: string): OutboxStorage {
  const key = `parley.outbox.${userId}`;
  return {
    load() {
      try {
        const saved: unknown = JSON.parse(storage.getItem(key) ?? "[]");
        return Array.isArray(saved) ? saved.flatMap(afterReload) : [];
      } catch {
        return [];
      }
    },
    save(writes) {
      const unsaved = writes.filter((write) => write.state !== "stored" && !isRoomWrite(write));
      try {
        if (unsaved.length > 0) storage.setItem(key, JSON.stringify(unsaved));
        else storage.removeItem(key);
      } catch {
        // Storage is full or forbidden: the outbox lives on in memory.
      }
    },
  };
}

/** A saved write, for whose reply nobody waits any more; none, if it is nothing that we know. */
function afterReload(value: unknown): TextWrite[] {
  // The version before had messages only, and no `kind`.
  const write = { kind: "send", ...(value as object | null) } as Partial<TextWrite>;
  if (!isTextWrite(write)) return [];
  return [write.state === "sending" ? { ...write, state: "waiting" } : write];
}

function isTextWrite(write: Partial<TextWrite>): write is TextWrite {
  return (
    typeof write.clientId === "string" &&
    typeof write.room === "string" &&
    (write.state === "waiting" || write.state === "sending" || write.state === "failed") &&
    hasContent(write)
  );
}

function hasContent(write: Partial<TextWrite>): boolean {
  switch (write.kind) {
    case "send":
      return typeof write.content === "string";
    case "edit":
      return typeof write.of === "number" && typeof write.text === "string";
    case "delete":
      return typeof write.of === "number";
    default:
      return false;
  }
}
