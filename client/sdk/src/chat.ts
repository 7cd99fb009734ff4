import { Connection } from "./connection.ts";
import type { ConnectionState } from "./connection.ts";
import type { Environment } from "./environment.ts";
import { Liveness } from "./liveness.ts";
import type { Login } from "./login.ts";
import { Outbox } from "./outbox.ts";
import type { OutgoingMessage } from "./outbox.ts";
import type { OutboxStorage } from "./outbox-storage.ts";
import type { Event, Greeting, Message, RoomsPage } from "./protocol.ts";
import { LIMITS } from "./protocol.ts";
import { Room } from "./room.ts";
import type { ChatView } from "./view.ts";

/** What a chat is made of. */
export interface ChatOptions {
  readonly environment: Environment;
  readonly login: Login;
  /** `ws://` or `wss://`, without a query. */
  readonly socketUrl: string;
  readonly outbox: OutboxStorage;
  /** The room; `general` unless told. */
  readonly room?: string;
  /** Called after every change. */
  readonly changed: (view: ChatView) => void;
}

/** A frame within this time shows that the connection lives; else a waking page asks. */
const FRESH_MS = 5_000;

/** One person's chat in one window. */
export class Chat {
  readonly #login: Login;
  readonly #changed: (view: ChatView) => void;
  readonly #connection: Connection;
  readonly #room: Room;
  readonly #outbox: Outbox;
  readonly #liveness: Liveness;
  #limits: ChatView["limits"] = LIMITS;

  /** Does nothing yet: see {@link connect}. */
  constructor({ environment, login, socketUrl, outbox, room = "general", changed }: ChatOptions) {
    this.#login = login;
    this.#changed = changed;
    this.#connection = new Connection(environment, login, socketUrl, {
      changed: (state) => this.#connectionChanged(state),
      online: (greeting) => this.#online(greeting),
      event: (event) => this.#event(event),
    });
    this.#room = new Room(environment, room, {
      fetch: (request) => this.#connection.request("getRecentMessages", request),
      changed: () => this.#roomChanged(),
    });
    this.#outbox = new Outbox(environment, outbox, {
      send: (request) => this.#connection.request("sendMessage", request),
      stored: (_, seq) => this.#room.stored(seq),
      changed: () => this.#notify(),
    });
    this.#liveness = new Liveness(environment, (rooms) => void this.#ping(rooms));
  }

  /** What to show now. */
  get view(): ChatView {
    const { log, loadingOlder } = this.#room;
    return {
      connection: this.#connection.state,
      limits: this.#limits,
      rooms: [{ name: "general", unseen: 0 }],
      room: {
        name: this.#room.name,
        topic: null,
        notices: [],
        loaded: log.last !== null || log.messages.length > 0,
        messages: log.messages,
        outgoing: this.#outgoing(log.messages),
        more: log.more,
        loadingOlder,
      },
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
    else if (this.#connection.silentMs > FRESH_MS) void this.#ping([this.#room.name]);
  }

  /** The network went away: do not wait until the socket notices. */
  networkLost(): void {
    this.#connection.drop();
  }

  /** Sends a message, now or as soon as that is possible. */
  send(content: string): void {
    this.#outbox.add(this.#room.name, content);
  }

  /**
   * Puts a room of mine on show. One that I am not in is not shown; before the server has said which
   * ones I am in, the wish is kept.
   */
  show(room: string): void {
    void room;
  }

  /** Gives my message of the room on show another text, now or as soon as that is possible. */
  edit(seq: number, content: string): void {
    void [seq, content];
  }

  /** Takes my message of the room on show away, now or as soon as that is possible. */
  delete(seq: number): void {
    void seq;
  }

  /** Makes a public room, and joins it. Rejects with {@link Refused} or {@link OutcomeUnknown}. */
  createRoom(name: string, topic: string): Promise<void> {
    return Promise.reject(new Error(name + topic));
  }

  /** Joins a room. Rejects with {@link Refused} or {@link OutcomeUnknown}. */
  joinRoom(name: string): Promise<void> {
    return Promise.reject(new Error(name));
  }

  /** Leaves a room. Rejects with {@link Refused} or {@link OutcomeUnknown}. */
  leaveRoom(name: string): Promise<void> {
    return Promise.reject(new Error(name));
  }

  /** A page of the rooms that anybody may join. Rejects with {@link Refused} or {@link OutcomeUnknown}. */
  listRooms(after?: string): Promise<RoomsPage> {
    return this.#connection.request("listRooms", after === undefined ? {} : { after });
  }

  /** Sends a refused message or change again. */
  retry(clientId: string): void {
    this.#outbox.retry(clientId);
  }

  /** Throws a refused message or change away. */
  dismiss(clientId: string): void {
    this.#outbox.dismiss(clientId);
  }

  /** Fetches a page of older messages. */
  async loadOlder(): Promise<void> {
    await this.#room.loadOlder();
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
      this.#room.offline();
      this.#outbox.offline();
    }
    this.#notify();
  }

  #online({ limits, rooms }: Greeting): void {
    this.#limits = limits;
    this.#liveness.start([this.#room.name], limits.pingAfterMs);
    this.#room.online(rooms[this.#room.name]);
    this.#outbox.online();
  }

  #event(event: Event): void {
    if (event.event !== "messages" || event.room !== this.#room.name) return;
    this.#liveness.heard(event.room);
    // Before the log takes them: one that is held for its predecessor is stored all the same.
    this.#acknowledge(event.messages);
    this.#room.receive(event.messages);
  }

  async #ping(rooms: readonly string[]): Promise<void> {
    const { name, log } = this.#room;
    const asked = rooms.includes(name) && log.last !== null ? { [name]: log.last } : {};
    try {
      const pong = await this.#connection.request("ping", { rooms: asked });
      const stand = pong.rooms[name];
      if (stand !== undefined) this.#room.standsAt(stand);
    } catch {
      // A link on which nothing comes ends itself; anything else the next ping will find.
    }
  }

  #roomChanged(): void {
    this.#acknowledge(this.#room.log.messages);
    this.#outbox.shown(this.#room.name, this.#room.log.last);
    this.#notify();
  }

  #acknowledge(messages: readonly Message[]): void {
    if (this.#outbox.items.length === 0) return;
    for (const { userId, clientId, seq } of messages) {
      if (userId === this.#login.userId) this.#outbox.acknowledge(clientId, seq);
    }
  }

  /** What the log does not show yet. */
  #outgoing(messages: readonly Message[]): readonly OutgoingMessage[] {
    const { items } = this.#outbox;
    if (items.length === 0) return items;
    const mine = messages.filter(({ userId }) => userId === this.#login.userId);
    const shown = new Set(mine.map(({ clientId }) => clientId));
    return items.filter(({ clientId }) => !shown.has(clientId));
  }

  #notify(): void {
    this.#changed(this.view);
  }
}
