import type { Environment, Socket } from "../src/environment.ts";
import { browserEnvironment } from "../src/environment.ts";
import type {
  Change,
  ErrorBody,
  ErrorCode,
  Event,
  Greeting,
  Message,
  Problem,
} from "../src/protocol.ts";
import { LIMITS } from "../src/protocol.ts";
import { FakeRoom } from "./fake-room.ts";
import type { Author } from "./fake-room.ts";

/** A request frame as it came over the wire. */
export interface WireRequest {
  readonly action: string;
  readonly id: number;
  readonly room?: string;
  readonly content?: string;
  readonly seq?: number;
  readonly topic?: string;
  readonly clientId?: string;
  readonly before?: number;
  /** A number; for `listRooms`, a name. */
  readonly after?: number | string;
  readonly limit?: number;
  readonly rooms?: Record<string, number>;
}

/** What a script may do with a request instead of the normal course. */
export type Fault =
  /** Nothing happens, and nothing is answered. */
  | "ignore"
  /** It is carried out, but neither reply nor own event arrive. */
  | "lose-reply"
  /** It is carried out, but instead of a reply comes the platform's error frame. */
  | "platform"
  /** It is refused. */
  | { refuse: ErrorCode; retryable: boolean; retryAfterMs?: number };

/** How an HTTP call is answered instead of its normal course: a status, or no answer at all. */
export type HttpFault = number | "unreachable";

/** One socket, from the server's side. */
export class FakeSocket implements Socket {
  onopen: WebSocket["onopen"] = null;
  onmessage: WebSocket["onmessage"] = null;
  onclose: WebSocket["onclose"] = null;
  /** Requests that came, in order. */
  readonly requests: WireRequest[] = [];
  /** Whether events reach it. */
  subscribed = true;
  closed = false;
  /** Set when the wire is cut without anybody being told. */
  dead = false;

  constructor(
    readonly server: FakeServer,
    readonly url: string,
  ) {}

  send(text: string): void {
    if (this.dead || this.closed) return;
    const request = JSON.parse(text) as WireRequest;
    this.requests.push(request);
    this.server.later(() => this.server.handle(this, request));
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    if (!this.closed && !this.dead) this.onopen?.call(this as never, {} as never);
  }

  /** The server sends a frame. */
  push(frame: unknown): void {
    if (this.closed || this.dead) return;
    this.onmessage?.call(this as never, { data: JSON.stringify(frame) } as never);
  }

  /** The server, or the network, ends the connection. */
  end(code: number, reason = ""): void {
    if (this.closed) return;
    this.closed = true;
    if (!this.dead) this.onclose?.call(this as never, { code, reason } as never);
  }
}

/**
 * The other end of the wire, in memory: HTTP calls and frames as the protocol has them, and faults
 * on demand. It knows nothing of the SDK's inside.
 */
export class FakeServer {
  readonly sockets: FakeSocket[] = [];
  readonly calls: string[] = [];
  readonly rooms = new Map<string, FakeRoom>();
  readonly general = this.open("general");
  /** The entries that one page holds at the most. */
  pageMax = 100;
  /** The version before: it has only `general`, and messages are for ever. */
  isOld = false;
  userId = "u_me";
  reconnectInMs = 115 * 60_000;
  /** Takes the next fault for a request, if its script has one. */
  fault: (request: WireRequest, socket: FakeSocket) => Fault | undefined = () => undefined;
  httpFault: (call: string) => HttpFault | undefined = () => undefined;
  /** Whether the event of what I write goes out by itself. */
  fanOut = true;
  /** Whether the event goes out before the reply. */
  eventFirst = false;
  acceptSockets = true;
  /** How long an access token is said to be good for, in seconds. */
  expiresIn = 900;
  validAccess = "access-1";
  cookie = true;
  #tokens = 1;
  #tickets = new Set<string>();
  #turn: Promise<unknown> = Promise.resolve();
  /** The writes of mine, by `clientId`. */
  readonly #stored = new Map<string, { wrote: string; reply: object }>();

  /** An environment whose network ends here, and whose jitter is `random`. */
  environment(random: () => number = () => 0.5): Environment {
    let ids = 0;
    return {
      ...browserEnvironment(),
      now: () => Date.now(),
      random,
      newId: () => `c${++ids}-${Math.floor(random() * 1e9)}`,
      fetch: (url, init) => this.fetch(url, init),
      openSocket: (url) => this.connect(url),
      inTurn: (_, run) => {
        const result = this.#turn.then(run);
        this.#turn = result.catch(() => undefined);
        return result;
      },
    };
  }

  /** A network's way takes a moment. */
  later(run: () => void): void {
    setTimeout(run, 1);
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket yet");
    return socket;
  }

  /** All requests with this action, on whichever socket. */
  requests(action: string): WireRequest[] {
    return this.sockets.flatMap((s) => s.requests).filter((r) => r.action === action);
  }

  /** Makes a room without a log. */
  open(name: string): FakeRoom {
    const room = new FakeRoom(name);
    this.rooms.set(name, room);
    return room;
  }

  /** A room that is mine, with a log that begins as it should. */
  openMine(name: string, topic = `About ${name}`): FakeRoom {
    const room = this.open(name);
    room.create(topic);
    room.move("join", { userId: this.userId, clientId: `join ${name}` });
    return room;
  }

  /** Somebody else writes, and everybody hears it. */
  say(content: string, room = this.general): Message {
    const message = room.append(content);
    this.deliver([message], room);
    return message;
  }

  /** Everybody hears of messages. */
  deliver(messages: Message[], room = this.general): void {
    this.post({ event: "messages", room: room.name, messages });
  }

  /** Everybody hears of an entry. */
  tell(room: FakeRoom, entry: Change): void {
    if (entry.kind === "message") this.deliver([entry.message], room);
    else this.post({ event: "changes", room: room.name, changes: [entry] });
  }

  /** Posts an event to every socket that hears its room. */
  post(event: Exclude<Event, { event: "bye" }>): void {
    // Whoever leaves hears of it.
    const isMyLeaving = (entry: Change) => entry.kind === "leave" && entry.userId === this.userId;
    const gone = event.event === "changes" && event.changes.some(isMyLeaving);
    if (!gone && !this.rooms.get(event.room)?.has(this.userId)) return;
    for (const socket of this.sockets) if (socket.subscribed) socket.push(event);
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const call = `${init.method ?? "GET"} ${url}`;
    this.calls.push(call);
    await new Promise<void>((resolve) => this.later(resolve));
    const fault = this.httpFault(call);
    if (fault === "unreachable") throw new TypeError("fetch failed");
    if (fault !== undefined) return problem(fault);
    const session = () =>
      Response.json({
        username: "me",
        userId: this.userId,
        accessToken: this.validAccess,
        expiresIn: this.expiresIn,
      });
    const { authorization } = init.headers as Record<string, string>;
    switch (call) {
      case "POST /v1/accounts":
        return new Response(null, { status: 201 });
      case "POST /v1/sessions":
        this.cookie = true;
        return session();
      case "POST /v1/sessions/refresh":
        if (!this.cookie) return problem(401);
        this.validAccess = `access-${++this.#tokens}`;
        return session();
      case "DELETE /v1/sessions/current":
        this.cookie = false;
        return new Response(null, { status: 204 });
      case "POST /v1/tickets": {
        if (authorization !== `Bearer ${this.validAccess}`) return problem(401);
        const ticket = `t_${this.calls.length}`;
        this.#tickets.add(ticket);
        return Response.json({ ticket, expiresIn: 30 });
      }
      case "GET /v1/emails":
        if (authorization !== `Bearer ${this.validAccess}`) return problem(401);
        return Response.json({ emails: ["me@example.com"] });
      default:
        return problem(404);
    }
  }

  connect(url: string): FakeSocket {
    const socket = new FakeSocket(this, url);
    this.sockets.push(socket);
    const ticket = new URL(url).searchParams.get("token") ?? "";
    const admitted = this.#tickets.delete(ticket);
    this.later(() => (admitted && this.acceptSockets ? socket.open() : socket.end(1006)));
    return socket;
  }

  handle(socket: FakeSocket, request: WireRequest): void {
    const fault = this.fault(request, socket);
    if (fault === "ignore") return;
    if (typeof fault === "object") {
      const { refuse: code, ...rest } = fault;
      const error: ErrorBody = { code, message: `refused: ${code}`, ...rest };
      socket.push({ reply: request.id, ok: false, error });
      return;
    }
    const reply = (body: object): void => {
      if (fault === "lose-reply") return;
      socket.push(
        fault === "platform"
          ? { message: "Internal server error", connectionId: "c", requestId: "r" }
          : { reply: request.id, ok: true, ...body },
      );
    };
    const refuse = (code: ErrorCode): void => {
      const error: ErrorBody = { code, message: `refused: ${code}`, retryable: false };
      socket.push({ reply: request.id, ok: false, error });
    };
    if (this.isOld && !OLD_ACTIONS.has(request.action)) return refuse("unknown_action");
    switch (request.action) {
      case "hello":
        return reply(this.#greeting());
      case "ping":
        return reply(this.#pong(socket, request.rooms ?? {}));
      case "getRecentMessages": {
        const { room: name = "general", after, before, limit = 10 } = request;
        const room = this.rooms.get(name);
        if (!room?.has(this.userId)) return refuse("not_member");
        const size = Math.min(limit, this.pageMax);
        return reply(
          room.page({
            size,
            ...(typeof after === "number" && { after }),
            ...(before !== undefined && { before }),
          }),
        );
      }
      case "listRooms":
        return reply(this.#list(request));
      default:
        return this.#write(request, fault === undefined, reply, refuse);
    }
  }

  #mine(): FakeRoom[] {
    return [...this.rooms.values()].filter((room) => room.has(this.userId));
  }

  #greeting(): Greeting {
    const now = Date.UTC(2031, 5, 1);
    const { textBytes, frameBytes, pingAfterMs, requestTimeoutMs } = LIMITS;
    const old = { textBytes, frameBytes, pingAfterMs, requestTimeoutMs } as Greeting["limits"];
    return {
      username: "me",
      userId: this.userId,
      connectionId: `conn${this.sockets.length}`,
      serverTime: new Date(now).toISOString(),
      reconnectBy: new Date(now + this.reconnectInMs).toISOString(),
      limits: this.isOld ? old : LIMITS,
      rooms: Object.fromEntries(this.#mine().map(({ name, stand }) => [name, stand])),
    };
  }

  #pong(socket: FakeSocket, named: Record<string, number>): object {
    const { subscribed } = socket;
    socket.subscribed = true;
    const mine = this.#mine();
    const asked = mine.filter(({ name }) => Object.hasOwn(named, name));
    return {
      serverTime: new Date().toISOString(),
      rooms: Object.fromEntries(asked.map(({ name, stand }) => [name, { ...stand, subscribed }])),
      ...(!this.isOld && { joined: mine.map(({ name }) => name) }),
    };
  }

  #list({ after = "", limit = 50 }: WireRequest): object {
    const all = [...this.rooms.values()].filter(({ name }) => name !== "general" && name > after);
    const rooms = all
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .slice(0, limit)
      .map((room) => ({
        room: room.name,
        topic: room.topic,
        createdAt: "2026-01-01T12:00:00.000Z",
        joined: room.has(this.userId),
      }));
    return { rooms, more: all.length > limit };
  }

  /** Writes once under a `clientId`, and answers alike ever after. */
  #write(
    request: WireRequest,
    healthy: boolean,
    reply: (body: object) => void,
    refuse: (code: ErrorCode) => void,
  ): void {
    const { action, id: _, clientId = "", ...rest } = request;
    const wrote = JSON.stringify({ action, ...rest });
    const known = this.#stored.get(clientId);
    if (known !== undefined) {
      if (known.wrote !== wrote) return refuse("client_id_reused");
      return reply({ ...known.reply, duplicate: true });
    }
    const done = this.#commit(request, { userId: this.userId, clientId });
    if (typeof done === "string") return refuse(done);
    const { room, entry, fields } = done;
    this.#stored.set(clientId, { wrote, reply: fields });
    const event = (): void => {
      if (healthy && this.fanOut) this.tell(room, entry);
    };
    if (this.eventFirst) event();
    reply({ ...fields, duplicate: false });
    if (!this.eventFirst) event();
  }

  #commit(
    { action, room: name = "general", content = "", seq = 0, topic = "" }: WireRequest,
    author: Author,
  ): { room: FakeRoom; entry: Change; fields: object } | ErrorCode {
    const room = this.rooms.get(name);
    if (action === "createRoom") {
      if (room !== undefined) return "room_taken";
      const made = this.open(name);
      const entry = made.create(topic, author);
      return { room: made, entry, fields: { room: name, seq: entry.seq, ...made.stand } };
    }
    if (room === undefined) return "not_found";
    if (action === "joinRoom") {
      if (room.has(author.userId)) return "already_member";
      const entry = room.move("join", author);
      return { room, entry, fields: { room: name, seq: entry.seq, ...room.stand } };
    }
    if (!room.has(author.userId)) return "not_member";
    switch (action) {
      case "leaveRoom": {
        const entry = room.move("leave", author);
        return { room, entry, fields: { room: name, seq: entry.seq } };
      }
      case "sendMessage": {
        const { id, timestamp, seq } = room.append(content, author);
        return { room, entry: room.change(seq), fields: { seq, id, timestamp } };
      }
      case "editMessage":
      case "deleteMessage": {
        const state = room.state(seq);
        if (state === undefined || "deleted" in state) return "not_found";
        if (state.userId !== author.userId) return "forbidden";
        const entry =
          action === "editMessage" ? room.edit(seq, content, author) : room.delete(seq, author);
        return { room, entry, fields: { ver: entry.seq } };
      }
      default:
        return "unknown_action";
    }
  }
}

const OLD_ACTIONS = new Set(["hello", "ping", "sendMessage", "getRecentMessages"]);

function problem(status: number): Response {
  const body: Problem = {
    type: "about:blank",
    title: "Refused",
    status,
    detail: `status ${status}`,
    code: status === 401 ? "unauthorized" : "internal",
  };
  return Response.json(body, { status });
}
