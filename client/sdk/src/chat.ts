import { Connection } from "./connection.ts";
import type { ConnectionState } from "./connection.ts";
import { asEntry, authorOf, entriesOf } from "./entries.ts";
import type { Environment } from "./environment.ts";
import { Refused } from "./errors.ts";
import { Liveness } from "./liveness.ts";
import type { Login } from "./login.ts";
import { Outbox } from "./outbox.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import type {
  Change,
  ChangesPage,
  ErrorCode,
  Event,
  GetRecentMessages,
  Greeting,
  MessagesPage,
  RoomsPage,
} from "./protocol.ts";
import { LIMITS } from "./protocol.ts";
import type { Room } from "./room.ts";
import { GENERAL } from "./room.ts";
import { Rooms } from "./rooms.ts";
import { countUnsent, viewRoom } from "./view.ts";
import type { ChatView, ShownLimits } from "./view.ts";
import { carryOut } from "./writes.ts";
import type { Draft, RoomWrite } from "./writes.ts";

/** What a chat is made of. */
export interface ChatOptions {
  readonly environment: Environment;
  readonly login: Login;
  /** `ws://` or `wss://`, without a query. */
  readonly socketUrl: string;
  readonly outbox: OutboxStorage;
  /** The room to show first, as {@link Chat.show} takes it; `general` unless told. */
  readonly room?: string;
  /** Called after every change. */
  readonly changed: (view: ChatView) => void;
}

/** A frame within this time shows that the connection lives; else a waking page asks. */
const FRESH_MS = 5_000;

/** One person's chat in one window. */
export class Chat {
  readonly #environment: Environment;
  readonly #login: Login;
  readonly #changed: (view: ChatView) => void;
  readonly #connection: Connection;
  readonly #outbox: Outbox;
  readonly #liveness: Liveness;
  readonly #rooms: Rooms;
  #limits: ShownLimits = LIMITS;

  /** Does nothing yet: see {@link connect}. */
  constructor({ environment, login, socketUrl, outbox, room = GENERAL, changed }: ChatOptions) {
    this.#environment = environment;
    this.#login = login;
    this.#changed = changed;
    this.#connection = new Connection(environment, login, socketUrl, {
      changed: (state) => this.#connectionChanged(state),
      online: (greeting, askedAt) => this.#online(greeting, askedAt),
      event: (event) => this.#event(event),
    });
    this.#outbox = new Outbox(environment, outbox, {
      send: (write) => this.#asMember(write.room, () => carryOut(write, this.#connection)),
      stored: (room, seq) => this.#rooms.get(room)?.stored(seq),
      changed: () => this.#notify(),
    });
    this.#liveness = new Liveness(environment, (rooms) => void this.#ping(rooms));
    this.#rooms = new Rooms(environment, login.userId, room, {
      fetch: (request) => this.#fetch(request),
      changed: (changed) => this.#roomChanged(changed),
      roomsChanged: () => this.#roomsChanged(),
      standWanted: (name) => void this.#ping([name]),
    });
  }

  /** What to show now. */
  get view(): ChatView {
    const { writes } = this.#outbox;
    const { userId } = this.#login;
    return {
      connection: this.#connection.state,
      limits: this.#limits,
      rooms: this.#rooms.all.map((room) => ({ name: room.name, unseen: room.unseen(userId) })),
      room: viewRoom(this.#rooms.onShow, writes, userId),
      unsent: countUnsent(writes),
    };
  }

  /** Connects; when waiting to retry, does so at once. */
  connect(): void {
    this.#connection.connect();
  }

  /** The page was shown again, or the network came back: find out where we stand, now. */
  wake(): void {
    const { phase } = this.#connection.state;
    if (phase === "waiting" || phase === "connecting") this.#connection.reconnect();
    // The others are asked for when they have been silent for long: their timers wake up, too.
    else if (this.#connection.silentMs > FRESH_MS) void this.#ping([this.#rooms.onShow.name]);
  }

  /** The network went away: do not wait until the socket notices. */
  networkLost(): void {
    this.#connection.drop();
  }

  /**
   * Puts a room on show, for as long as I am in it; `general` otherwise. Until the server has told
   * which rooms I am in, this one counts as mine.
   */
  show(room: string): void {
    this.#rooms.show(room);
  }

  /** Sends a message to the room on show, now or as soon as that is possible. */
  send(content: string): void {
    this.#outbox.add({ kind: "send", room: this.#rooms.onShow.name, content });
  }

  /** Gives my message `seq` of the room on show another text, now or as soon as that is possible. */
  edit(seq: number, content: string): void {
    this.#outbox.add({ kind: "edit", room: this.#rooms.onShow.name, of: seq, text: content });
  }

  /** Takes my message `seq` of the room on show away, now or as soon as that is possible. */
  delete(seq: number): void {
    this.#outbox.add({ kind: "delete", room: this.#rooms.onShow.name, of: seq });
  }

  /** Sends a refused message or change again. */
  retry(clientId: string): void {
    this.#outbox.retry(clientId);
  }

  /** Throws a refused message or change away. */
  dismiss(clientId: string): void {
    this.#outbox.dismiss(clientId);
  }

  /**
   * Makes a public room, and joins it. Sent again until there is an answer. Rejects with
   * {@link Refused}, or with `OutcomeUnknown` when the connection is stopped.
   */
  async createRoom(name: string, topic: string): Promise<void> {
    await this.#come({ kind: "create", room: name, topic });
  }

  /** Joins a room. That I am in it already is no error. Otherwise as {@link createRoom}. */
  async joinRoom(name: string): Promise<void> {
    try {
      await this.#come({ kind: "join", room: name });
    } catch (error) {
      if (!isRefused(error, "already_member")) throw error;
      await this.#ping([name]);
    }
  }

  /** Leaves a room. That I am not in it is no error. Otherwise as {@link createRoom}. */
  async leaveRoom(name: string): Promise<void> {
    try {
      const { seq } = await this.#outbox.request({ kind: "leave", room: name });
      this.#rooms.left(name, seq);
    } catch (error) {
      if (!isRefused(error, "not_member")) throw error;
      this.#rooms.remove(name);
    }
  }

  /**
   * A page of the rooms that anybody may join: those whose names follow `after`. Rejects with
   * {@link Refused} or `OutcomeUnknown`.
   */
  listRooms(after?: string): Promise<RoomsPage> {
    return this.#connection.request("listRooms", after === undefined ? {} : { after });
  }

  /** Fetches a page of older messages of the room on show. */
  async loadOlder(): Promise<void> {
    await this.#rooms.onShow.loadOlder();
  }

  /** Ends the connection; what was not sent waits in the storage. */
  close(): void {
    this.#connection.close();
  }

  /** Ends the connection, and throws away what was not sent. */
  discard(): void {
    this.close();
    this.#outbox.clear();
  }

  #connectionChanged(state: ConnectionState): void {
    if (state.phase !== "online") {
      this.#liveness.stop();
      this.#rooms.offline();
      this.#outbox.offline();
    }
    if (state.phase === "stopped") this.#outbox.giveUp();
    this.#notify();
  }

  #online({ limits, rooms }: Greeting, askedAt: number): void {
    // The version before tells fewer.
    this.#limits = { ...LIMITS, ...limits };
    this.#rooms.greeted(rooms, askedAt);
    this.#liveness.start(this.#limits.pingAfterMs);
    this.#outbox.online();
  }

  #event(event: Event): void {
    const entries = entriesOf(event);
    if (event.event === "bye" || entries.length === 0) return;
    this.#liveness.heard(event.room);
    // Before the log takes them: one that is held for its predecessor is stored all the same.
    this.#acknowledge(event.room, entries);
    this.#rooms.heard(event.room, entries);
  }

  async #fetch(request: GetRecentMessages): Promise<MessagesPage | ChangesPage> {
    const { room = GENERAL } = request;
    const page = await this.#asMember(room, () =>
      this.#connection.request("getRecentMessages", request),
    );
    // Once they are in the log, they look like everybody's.
    this.#acknowledge(room, "changes" in page ? page.changes : page.messages.map(asEntry));
    return page;
  }

  async #ping(names: readonly string[]): Promise<void> {
    const size = LIMITS.roomsPerSocket;
    const chunks = Array.from({ length: Math.max(1, Math.ceil(names.length / size)) }, (_, i) =>
      names.slice(i * size, (i + 1) * size),
    );
    await Promise.all(
      chunks.map(async (chunk) => {
        const numbers = chunk.map((name) => [name, this.#rooms.get(name)?.log.last ?? 0] as const);
        const askedAt = this.#environment.now();
        try {
          const rooms = Object.fromEntries(numbers);
          this.#rooms.ponged(await this.#connection.request("ping", { rooms }), askedAt);
        } catch {
          // A link on which nothing comes ends itself; anything else the next ping will find.
        }
      }),
    );
  }

  async #come(write: Draft<RoomWrite>): Promise<void> {
    const { seq, stand } = await this.#outbox.request(write);
    this.#rooms.joined(write.room, seq, stand);
  }

  /** Runs `ask`. If the server says that I am not in the room, it is asked what I am in. */
  async #asMember<T>(room: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask();
    } catch (error) {
      if (isRefused(error, "not_member") && this.#rooms.get(room)) void this.#ping([room]);
      throw error;
    }
  }

  #roomChanged(room: Room): void {
    this.#outbox.shown(room.name, room.log.last);
    this.#notify();
  }

  #roomsChanged(): void {
    this.#liveness.watch(this.#rooms.all.map(({ name }) => name));
    this.#notify();
  }

  #acknowledge(room: string, entries: readonly Change[]): void {
    if (this.#outbox.writes.length === 0) return;
    for (const entry of entries) {
      if (entry.kind === "delete") this.#outbox.gone(room, entry.message.seq);
      const author = authorOf(entry);
      if (author?.userId !== this.#login.userId) continue;
      this.#outbox.acknowledge(author.clientId, { seq: entry.seq });
    }
  }

  #notify(): void {
    this.#changed(this.view);
  }
}

function isRefused(error: unknown, code: ErrorCode): boolean {
  return error instanceof Refused && error.body.code === code;
}
