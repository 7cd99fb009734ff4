import type { Change, Message, RoomHead, Tombstone } from "../src/protocol.ts";

/** Who writes, and under which name of their own. */
export interface Author {
  readonly userId: string;
  readonly clientId: string;
}

/** An entry as it is stored: one that changes a message points at it. */
type Entry =
  | { readonly kind: "message" }
  | ({ readonly kind: "edit" | "delete"; readonly of: number } & Author)
  | Exclude<Change, { kind: "message" | "edit" | "delete" }>;

/** Somebody else, under a new name each time. */
let others = 0;
export function somebody(userId = "u_other"): Author {
  return { userId, clientId: `x${others++}` };
}

/** A room's log on the server: entries, and the messages' states of now. */
export class FakeRoom {
  epoch = 1;
  /** What `after` answers as `recovered`. */
  recovered = true;
  /** Who is in it, beside everyone for `general`. */
  readonly members = new Set<string>();
  topic = "";
  #entries: Entry[] = [];
  #states = new Map<number, Message | Tombstone>();

  constructor(readonly name: string) {}

  get head(): number {
    return this.#entries.length;
  }

  get stand(): RoomHead {
    return { head: this.head, epoch: this.epoch };
  }

  /** All entries, each as it is shown now. */
  get changes(): Change[] {
    return this.#entries.map((_, i) => this.change(i + 1));
  }

  /** The messages that are there now, in order. */
  get messages(): Message[] {
    return [...this.#states.values()].filter((state): state is Message => !("deleted" in state));
  }

  has(userId: string): boolean {
    return this.name === "general" || this.members.has(userId);
  }

  /** The state of a message; undefined when there is none of this number. */
  state(seq: number): Message | Tombstone | undefined {
    return this.#states.get(seq);
  }

  /** The entry of this number, as it is shown now. */
  change(seq: number): Change {
    const entry = this.#entries[seq - 1];
    if (entry === undefined) throw new Error(`${this.name} has no entry ${seq}`);
    if (!("of" in entry) && entry.kind !== "message") return entry;
    const message = this.#states.get(entry.kind === "message" ? seq : entry.of);
    if (message === undefined) throw new Error(`${this.name} has no message for ${seq}`);
    const { userId, clientId }: Partial<Author> = entry.kind === "message" ? {} : entry;
    const author = userId === undefined || clientId === undefined ? {} : { userId, clientId };
    if ("deleted" in message) return { kind: "delete", seq, ...author, message };
    if (userId === undefined || clientId === undefined) return { kind: "message", seq, message };
    return { kind: "edit", seq, userId, clientId, message };
  }

  append(content: string, { userId, clientId } = somebody()): Message {
    const seq = this.#push({ kind: "message" });
    const id = `m_${seq}`;
    const timestamp = at(seq);
    const username = userId.slice(2);
    const message = { seq, id, userId, username, content, timestamp, ver: seq, clientId };
    this.#states.set(seq, message);
    return message;
  }

  /** Gives a message another text. */
  edit(of: number, content: string, author = somebody()): Change {
    const before = this.#states.get(of);
    if (before === undefined || "deleted" in before) throw new Error(`${of} cannot be edited`);
    const seq = this.#push({ kind: "edit", of, ...author });
    this.#states.set(of, { ...before, content, ver: seq, editedAt: at(seq) });
    return this.change(seq);
  }

  /** Takes a message away. */
  delete(of: number, author = somebody()): Change {
    const seq = this.#push({ kind: "delete", of, ...author });
    this.#states.set(of, { seq: of, id: `m_${of}`, ver: seq, deleted: true });
    return this.change(seq);
  }

  /** Somebody makes the room. */
  create(topic: string, author = somebody()): Change {
    this.topic = topic;
    this.members.add(author.userId);
    return this.#pushMember({ kind: "create", topic }, author);
  }

  /** Somebody comes or goes. */
  move(kind: "join" | "leave", author = somebody()): Change {
    if (kind === "join") this.members.add(author.userId);
    else this.members.delete(author.userId);
    return this.#pushMember({ kind }, author);
  }

  /** Something happens of a kind that this version does not know. */
  surprise(): Change {
    const seq = this.head + 1;
    this.#push({ kind: "pin", seq, pinned: "m_1" } as unknown as Change & { kind: "join" });
    return this.change(seq);
  }

  /** A restore of an earlier point: everything after the entry `head` is gone. */
  cut(head: number): void {
    this.#entries = this.#entries.slice(0, head);
    for (const seq of this.#states.keys()) if (seq > head) this.#states.delete(seq);
  }

  /** A page, as `getRecentMessages` answers. */
  page(asked: { after?: number; before?: number; size: number }): object {
    const { after, before, size } = asked;
    const shared = { room: this.name, ...this.stand };
    if (after !== undefined) {
      const changes = this.recovered ? this.changes.slice(after, after + size) : [];
      const through = after + changes.length;
      const more = through < this.head;
      return { ...shared, changes, through, more, recovered: this.recovered, floor: 1 };
    }
    const older = this.messages.filter(({ seq }) => before === undefined || seq < before);
    return { ...shared, messages: older.slice(-size), more: older.length > size };
  }

  #push(entry: Entry): number {
    return this.#entries.push(entry);
  }

  #pushMember(
    what: { kind: "create"; topic: string } | { kind: "join" | "leave" },
    { userId, clientId }: Author,
  ): Change {
    const seq = this.head + 1;
    const who = { userId, username: userId.slice(2), timestamp: at(seq), clientId };
    this.#push({ ...what, seq, ...who });
    return this.change(seq);
  }
}

function at(seq: number): string {
  return new Date(Date.UTC(2026, 0, 1, 12, 0, seq)).toISOString();
}
