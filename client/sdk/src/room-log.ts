import type { Change, ChangesPage, Message, MessagesPage, Tombstone } from "./protocol.ts";
import type { Notice } from "./view.ts";

/** What a client knows of a room's log. */
export interface RoomLog {
  /** Which log this is; null before the first page. */
  readonly epoch: number | null;
  /** The number up to which nothing is missing; null when the newest page has to be taken first. */
  readonly last: number | null;
  /** The highest number that we have heard of. Above `last`, there is a gap. */
  readonly head: number;
  /** The number from which on we have all messages; `last` + 1 when we have none yet. */
  readonly from: number;
  /** In order, without a hole between `from` and `last`, in their latest state, without deleted ones. */
  readonly messages: readonly Message[];
  /** What else happened, in order, as far as we heard of it. */
  readonly notices: readonly Notice[];
  /** What the room is about; null until its `create` was seen. */
  readonly topic: string | null;
  /**
   * The latest states that we heard of messages before `from`: the page that will bring such a message
   * may have been read before its change.
   */
  readonly states: ReadonlyMap<number, State>;
  /** Entries that came before their predecessors did, in order. */
  readonly held: readonly Change[];
  /** Whether the server has messages before `from`. */
  readonly more: boolean;
}

/** What a message is now. */
type State = Message | Tombstone;

/** What happens to a room's log. */
export type RoomInput =
  /** An event brought entries, or a page did that was asked for them alone. */
  | { readonly kind: "live"; readonly entries: readonly Change[] }
  /** We heard where the log stands. */
  | { readonly kind: "head"; readonly head: number; readonly epoch: number }
  /** We heard where the log stands, and take it from there: pages of older messages may follow. */
  | { readonly kind: "start"; readonly head: number; readonly epoch: number }
  /** The reply to a write of ours named its number. */
  | { readonly kind: "stored"; readonly seq: number }
  /** A page of what followed `after`. */
  | { readonly kind: "changes"; readonly after: number; readonly page: ChangesPage }
  /** The newest page. */
  | { readonly kind: "newest"; readonly page: MessagesPage }
  /** A page of what came before the number `before`. */
  | { readonly kind: "older"; readonly before: number; readonly page: MessagesPage };

/** A log of which nothing is known yet. */
export const EMPTY_LOG: RoomLog = {
  epoch: null,
  last: null,
  head: 0,
  from: 1,
  messages: [],
  notices: [],
  topic: null,
  states: new Map(),
  held: [],
  more: false,
};

/** Whether we know of numbers that we do not have. */
export function hasGap(log: RoomLog): boolean {
  return log.last !== null && log.head > log.last;
}

/** The log after an input. Whatever comes twice, late or out of order, the log stays in order. */
export function reduceRoom(log: RoomLog, input: RoomInput): RoomLog {
  switch (input.kind) {
    case "live":
      return receive(log, input.entries);
    case "head":
      if (log.epoch !== null && log.epoch !== input.epoch) return forget(log);
      return { ...log, head: Math.max(log.head, input.head) };
    case "start":
      return begin(log, { ...input, messages: [], more: input.head > 0 });
    case "stored":
      return { ...log, head: Math.max(log.head, input.seq) };
    case "changes":
      return follow(log, input.after, input.page);
    case "newest":
      return begin(log, input.page);
    case "older":
      return precede(log, input.before, input.page);
  }
}

/**
 * Drops the numbers, and keeps the messages on show until the newest page replaces them. What comes
 * live from now on is held, since it belongs to the new log.
 */
function forget(log: RoomLog): RoomLog {
  return { ...log, epoch: null, last: null, head: 0, states: new Map(), held: [] };
}

function receive(log: RoomLog, entries: readonly Change[]): RoomLog {
  const held = new Map([...log.held, ...entries].map((entry) => [entry.seq, entry]));
  const ordered = [...held.values()].sort((a, b) => a.seq - b.seq);
  const head = Math.max(log.head, ordered.at(-1)?.seq ?? 0);
  return release({ ...log, head, held: ordered });
}

/** Takes the held entries that are next, and of those that we have what they say of now. */
function release(log: RoomLog): RoomLog {
  if (log.last === null || log.held.length === 0) return log;
  const draft = new Draft(log);
  let last = log.last;
  const held: Change[] = [];
  for (const entry of log.held) {
    if (entry.seq > last + 1) held.push(entry);
    else {
      draft.take(entry, entry.seq > last);
      last = Math.max(last, entry.seq);
    }
  }
  return { ...log, ...draft.taken(), last, held };
}

function follow(log: RoomLog, after: number, page: ChangesPage): RoomLog {
  // The answer to a question from before we forgot: it joins on to nothing.
  if (log.last === null || after > log.last) return log;
  if (!page.recovered || page.epoch !== log.epoch) return forget(log);
  const draft = new Draft(log);
  for (const entry of page.changes) draft.take(entry, entry.seq > log.last);
  return release({
    ...log,
    ...draft.taken(),
    last: Math.max(log.last, page.through),
    head: Math.max(log.head, page.head),
  });
}

function begin(log: RoomLog, page: Omit<MessagesPage, "room">): RoomLog {
  // Begun meanwhile: what we have since then goes further than this page.
  if (log.last !== null) return log;
  const { epoch, head, messages, more } = page;
  const begun = {
    ...log,
    epoch,
    last: head,
    head: Math.max(head, log.held.at(-1)?.seq ?? 0),
    from: more ? (page.from ?? messages[0]?.seq ?? head + 1) : 1,
    messages,
    notices: [],
    states: new Map(),
    more,
  };
  return release(begun);
}

function precede(log: RoomLog, before: number, page: MessagesPage): RoomLog {
  if (log.last === null || log.from !== before) return log;
  if (page.epoch !== log.epoch) return forget(log);
  const from = page.more ? (page.from ?? page.messages[0]?.seq ?? before) : 1;
  const states = new Map(log.states);
  const messages: Message[] = [];
  for (const message of page.messages) {
    const state = laterOf(message, states.get(message.seq));
    if (!isTombstone(state)) messages.push(state);
  }
  for (const seq of states.keys()) if (seq >= from) states.delete(seq);
  return { ...log, from, messages: [...messages, ...log.messages], states, more: page.more };
}

/** The parts of a log that entries change; copied when, and only when, one does. */
class Draft {
  readonly #log: RoomLog;
  #messages: Message[] | null = null;
  #notices: Notice[] | null = null;
  #states: Map<number, State> | null = null;
  #topic: string | null;

  constructor(log: RoomLog) {
    this.#log = log;
    this.#topic = log.topic;
  }

  /** Takes an entry, which is the next one or one that we have. */
  take(entry: Change, isNext: boolean): void {
    switch (entry.kind) {
      case "message":
        if (isNext) this.#append(entry.message);
        else this.#become(entry.message);
        break;
      case "edit":
      case "delete":
        this.#become(entry.message);
        break;
      case "create":
        this.#topic = entry.topic;
        this.#note(entry);
        break;
      case "join":
      case "leave":
        this.#note(entry);
        break;
      default:
      // A newer server may log kinds that we do not know: their numbers pass all the same.
    }
  }

  taken(): Pick<RoomLog, "messages" | "notices" | "states" | "topic"> {
    return {
      messages: this.#messages ?? this.#log.messages,
      notices: this.#notices ?? this.#log.notices,
      states: this.#states ?? this.#log.states,
      topic: this.#topic,
    };
  }

  #append(message: Message): void {
    this.#messages ??= [...this.#log.messages];
    this.#messages.push(message);
  }

  #become(state: State): void {
    const { from, messages, states } = this.#log;
    if (state.seq < from) {
      this.#states ??= new Map(states);
      this.#states.set(state.seq, laterOf(state, this.#states.get(state.seq)));
      return;
    }
    const list = this.#messages ?? messages;
    const index = indexOf(list, state.seq);
    const known = list[index];
    // Not there, although we have all from here on: it was deleted.
    if (known === undefined || laterOf(known, state) === known) return;
    this.#messages ??= [...list];
    if (isTombstone(state)) this.#messages.splice(index, 1);
    else this.#messages[index] = state;
  }

  #note(entry: Change & { kind: Notice["kind"] }): void {
    const { kind, seq, userId, username, timestamp: at } = entry;
    const list = this.#notices ?? this.#log.notices;
    if (indexOf(list, seq) >= 0) return;
    this.#notices = [...list, { kind, seq, userId, username, at }].sort((a, b) => a.seq - b.seq);
  }
}

/** Of two states of one message, the later; the first if they are the same. */
function laterOf<A extends State, B extends State>(state: A, other: B | undefined): A | B {
  return other !== undefined && other.ver > state.ver ? other : state;
}

function isTombstone(state: State): state is Tombstone {
  return "deleted" in state;
}

/** Where `seq` stands in an ordered list; -1 if it does not. What is asked for is mostly near the end. */
function indexOf(list: readonly { readonly seq: number }[], seq: number): number {
  return list.findLastIndex((item) => item.seq === seq);
}
