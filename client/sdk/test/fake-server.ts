import type { Environment, Socket } from "../src/environment.ts";
import { browserEnvironment } from "../src/environment.ts";
import type { ErrorBody, ErrorCode, Greeting, Message, Problem } from "../src/protocol.ts";
import { LIMITS } from "../src/protocol.ts";

/** A request frame as it came over the wire. */
export interface WireRequest {
  readonly action: string;
  readonly id: number;
  readonly room?: string;
  readonly content?: string;
  readonly clientId?: string;
  readonly before?: number;
  readonly after?: number;
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
  log: Message[] = [];
  epoch = 1;
  /** The messages that one page holds at the most. */
  pageMax = 100;
  /** What `after` answers as `recovered`. */
  recovered = true;
  userId = "u_me";
  reconnectInMs = 115 * 60_000;
  /** Takes the next fault for a request, if its script has one. */
  fault: (request: WireRequest, socket: FakeSocket) => Fault | undefined = () => undefined;
  httpFault: (call: string) => HttpFault | undefined = () => undefined;
  /** Whether a new message's event goes out by itself. */
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

  get head(): number {
    return this.log.length;
  }

  /** Stores a message; somebody else's unless told. */
  append(content: string, { userId = "u_other", clientId = `x${this.head}` } = {}): Message {
    const seq = this.head + 1;
    const message: Message = {
      seq,
      id: `m_${seq}`,
      userId,
      username: userId.slice(2),
      content,
      timestamp: new Date(Date.UTC(2026, 0, 1, 12, 0, seq)).toISOString(),
      ver: seq,
      clientId,
    };
    this.log.push(message);
    return message;
  }

  /** Somebody else writes, and everybody hears it. */
  say(content: string): Message {
    const message = this.append(content);
    this.deliver([message]);
    return message;
  }

  /** Posts an event to every subscribed socket. */
  deliver(messages: readonly Message[]): void {
    for (const socket of this.sockets) {
      if (socket.subscribed) socket.push({ event: "messages", room: "general", messages });
    }
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
    switch (request.action) {
      case "hello":
        return reply(this.#greeting());
      case "ping": {
        const names = Object.keys(request.rooms ?? {});
        const stand = { head: this.head, epoch: this.epoch, subscribed: socket.subscribed };
        socket.subscribed = true;
        return reply({
          serverTime: new Date().toISOString(),
          rooms: Object.fromEntries(names.map((name) => [name, stand])),
        });
      }
      case "sendMessage":
        return this.#store(request, fault === undefined, reply);
      case "getRecentMessages":
        return reply(this.#page(request));
      default:
        return reply({});
    }
  }

  #greeting(): Greeting {
    const now = Date.UTC(2031, 5, 1);
    return {
      username: "me",
      userId: this.userId,
      connectionId: `conn${this.sockets.length}`,
      serverTime: new Date(now).toISOString(),
      reconnectBy: new Date(now + this.reconnectInMs).toISOString(),
      limits: LIMITS,
      rooms: { general: { head: this.head, epoch: this.epoch } },
    };
  }

  #store(request: WireRequest, healthy: boolean, reply: (body: object) => void): void {
    const { content = "", clientId = "" } = request;
    const known = this.log.find((m) => m.userId === this.userId && m.clientId === clientId);
    const message = known ?? this.append(content, { userId: this.userId, clientId });
    const { seq, id, timestamp } = message;
    const event = (): void => {
      if (healthy && this.fanOut && known === undefined) this.deliver([message]);
    };
    if (this.eventFirst) event();
    reply({ seq, id, timestamp, duplicate: known !== undefined });
    if (!this.eventFirst) event();
  }

  #page({ after, before, limit = 10 }: WireRequest): object {
    const shared = { room: "general", head: this.head, epoch: this.epoch };
    const size = Math.min(limit, this.pageMax);
    if (after !== undefined) {
      const entries = this.recovered ? this.log.slice(after, after + size) : [];
      const through = after + entries.length;
      return {
        ...shared,
        changes: entries.map((message) => ({ seq: message.seq, kind: "message", message })),
        through,
        more: through < this.head,
        recovered: this.recovered,
        floor: 1,
      };
    }
    const older = before === undefined ? this.log : this.log.filter((m) => m.seq < before);
    return { ...shared, messages: older.slice(-size), more: older.length > size };
  }
}

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
