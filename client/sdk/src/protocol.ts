// Generated from lambdas/protocol by its test. Do not edit: run `UPDATE=1 cargo test -p protocol`.

/**
 * What a client calls its request by; the reply repeats it unchanged.
 */
export type RequestId = number | string;

/**
 * Why a request was refused: the one table of codes, for frames and for HTTP problems alike.
 */
export type ErrorCode = "bad_request" | "unknown_action" | "too_large" | "unauthorized" | "invalid_credentials" | "foreign_origin" | "sign_up_closed" | "not_verified" | "account_disabled" | "not_found" | "name_taken" | "email_taken" | "last_email" | "invalid_link" | "client_id_reused" | "not_member" | "forbidden" | "already_member" | "room_taken" | "too_many_rooms" | "rate_limited" | "busy" | "unavailable" | "internal";

/**
 * A refusal, for programs and for people.
 */
export type ErrorBody = { 
/**
 * What kind of refusal.
 */
code: ErrorCode, 
/**
 * A sentence for a person, free of internal detail.
 */
message: string, 
/**
 * Whether the same request may succeed later.
 */
retryable: boolean, 
/**
 * How long to wait first, in milliseconds.
 */
retryAfterMs?: number, };

/**
 * The answer to a request that was refused.
 */
export type Refusal = { 
/**
 * The request's `id`; null when it had none, or none could be read.
 */
reply: RequestId | null, 
/**
 * Always false.
 */
ok: false, 
/**
 * Why.
 */
error: ErrorBody, };

/**
 * A message of a room's log, in its state of now.
 */
export type Message = { 
/**
 * Its place in the room's log: 1, 2, 3, ... without a hole. The only order there is.
 */
seq: number, 
/**
 * Its name, made by the server: `m_...`.
 */
id: string, 
/**
 * Who wrote it: `u_...`. Two people are the same when, and only when, this is the same.
 */
userId: string, 
/**
 * The writer's name when it was written: a label, never an identity.
 */
username: string, 
/**
 * The text, to be shown as text.
 */
content: string, 
/**
 * When the server took it, RFC 3339 with milliseconds. For show, never for order.
 */
timestamp: string, 
/**
 * The number of its last change: its own `seq` until it is changed. Of two states of a message,
 * the one with the higher `ver` is the later.
 */
ver: number, 
/**
 * The writer's own name of it, from the request (or made by the server).
 */
clientId: string, 
/**
 * When its text was last changed, RFC 3339 with milliseconds; absent when it never was.
 */
editedAt?: string, };

/**
 * What is left of a message that was deleted.
 */
export type Tombstone = { 
/**
 * The place that it had, and keeps.
 */
seq: number, 
/**
 * Its name.
 */
id: string, 
/**
 * The number of its last change, as in [`Message`].
 */
ver: number, 
/**
 * Always true.
 */
deleted: true, };

/**
 * Somebody of whom an entry tells.
 */
export type Member = { 
/**
 * Who it is.
 */
userId: string, 
/**
 * The person's name then: a label, never an identity. Empty when the person was erased.
 */
username: string, 
/**
 * When the server took it, RFC 3339 with milliseconds.
 */
timestamp: string, 
/**
 * The person's own name of this write.
 */
clientId: string, };

/**
 * One entry of a room's log, as a resume and the event `changes` show it. A client skips the kinds
 * that it does not know and still advances past their numbers.
 *
 * An entry that changes a message carries that message's state of now, which may be later than the
 * entry. A message that is deleted by now, and each edit of one, stands as [`Change::Delete`].
 */
export type Change = { "kind": "message", 
/**
 * The entry's number.
 */
seq: number, 
/**
 * The message's state of now.
 */
message: Message, } | { "kind": "edit", 
/**
 * The entry's number.
 */
seq: number, 
/**
 * Who changed it.
 */
userId: string, 
/**
 * That person's own name of this write.
 */
clientId: string, 
/**
 * The message's state of now.
 */
message: Message, } | { "kind": "delete", 
/**
 * The entry's number.
 */
seq: number, 
/**
 * Who made this entry; absent where the entry was the message itself.
 */
userId?: string, 
/**
 * That person's own name of this write; absent where `userId` is.
 */
clientId?: string, 
/**
 * What is left of the message.
 */
message: Tombstone, } | { "kind": "create", 
/**
 * The entry's number: 1.
 */
seq: number, 
/**
 * What the room is about; may be empty.
 */
topic: string, 
/**
 * Who it is.
 */
userId: string, 
/**
 * The person's name then: a label, never an identity. Empty when the person was erased.
 */
username: string, 
/**
 * When the server took it, RFC 3339 with milliseconds.
 */
timestamp: string, 
/**
 * The person's own name of this write.
 */
clientId: string, } | { "kind": "join", 
/**
 * The entry's number.
 */
seq: number, 
/**
 * Who it is.
 */
userId: string, 
/**
 * The person's name then: a label, never an identity. Empty when the person was erased.
 */
username: string, 
/**
 * When the server took it, RFC 3339 with milliseconds.
 */
timestamp: string, 
/**
 * The person's own name of this write.
 */
clientId: string, } | { "kind": "leave", 
/**
 * The entry's number.
 */
seq: number, 
/**
 * Who it is.
 */
userId: string, 
/**
 * The person's name then: a label, never an identity. Empty when the person was erased.
 */
username: string, 
/**
 * When the server took it, RFC 3339 with milliseconds.
 */
timestamp: string, 
/**
 * The person's own name of this write.
 */
clientId: string, };

/**
 * What the server tells a socket unasked. A client skips the events that it does not know.
 */
export type Event = { "event": "messages", 
/**
 * The room.
 */
room: string, 
/**
 * In order.
 */
messages: Array<Message>, } | { "event": "changes", 
/**
 * The room.
 */
room: string, 
/**
 * In order.
 */
changes: Array<Change>, } | { "event": "bye", 
/**
 * The number of a close code of ours: 4000-4099 stop, 4100-4199 back off, 4200-4299 now.
 */
code: number, 
/**
 * A sentence for a person.
 */
reason: string, 
/**
 * Whether a new connection may succeed.
 */
reconnect: boolean, };

/**
 * What `hello` tells a client, so that it need not guess.
 */
export type Limits = { 
/**
 * See [`TEXT_BYTES`].
 */
textBytes: number, 
/**
 * See [`TEXT_JSON_BYTES`].
 */
textJsonBytes: number, 
/**
 * See [`FRAME_BYTES`].
 */
frameBytes: number, 
/**
 * See [`PAGE_MAX`].
 */
pageMessages: number, 
/**
 * See [`CLIENT_ID_MAX`].
 */
clientIdCharacters: number, 
/**
 * See [`TOPIC_BYTES`].
 */
topicBytes: number, 
/**
 * See [`ROOMS_MAX`].
 */
roomsPerSocket: number, 
/**
 * See [`SOCKETS_MAX`].
 */
socketsPerPerson: number, 
/**
 * See [`WRITES_MAX`].
 */
writesPerWindow: number, 
/**
 * See [`WRITE_WINDOW_MS`].
 */
writeWindowMs: number, 
/**
 * See [`PING_AFTER_MS`].
 */
pingAfterMs: number, 
/**
 * See [`REQUEST_TIMEOUT_MS`].
 */
requestTimeoutMs: number, };

/**
 * Where a room's log stands.
 */
export type RoomHead = { 
/**
 * The highest number in the log; 0 when it is empty.
 */
head: number, 
/**
 * Which log this is. It changes when the log was restored to an earlier point or begun anew:
 * a client then forgets its numbers.
 */
epoch: number, };

/**
 * Where a room's log stands, and whether this socket hears it.
 */
export type RoomPresence = { 
/**
 * The highest number in the log; 0 when it is empty.
 */
head: number, 
/**
 * Which log this is, as in [`RoomHead`].
 */
epoch: number, 
/**
 * Whether the socket was subscribed before this ping, which has repaired it if not.
 */
subscribed: boolean, };

/**
 * `hello`: who am I, what are the limits, where do my rooms stand.
 */
export type Hello = Record<symbol, never>;

/**
 * `ping`: keeps the socket open, and asks for the heads of the rooms it names.
 */
export type Ping = { 
/**
 * For each room the last number that the client has; the answer names the same rooms.
 */
rooms?: { [key in string]: number }, };

/**
 * `sendMessage`: append a message to a room's log.
 */
export type SendMessage = { 
/**
 * The room; `general` when absent.
 */
room?: string, 
/**
 * The text: not empty, at most [`limits::TEXT_BYTES`](crate::limits::TEXT_BYTES).
 */
content: string, 
/**
 * The client's own name of this intent, kept across resends: the same one never stores twice.
 */
clientId?: string, };

/**
 * `editMessage`: give a message of one's own another text.
 */
export type EditMessage = { 
/**
 * The room; `general` when absent.
 */
room?: string, 
/**
 * The message's number.
 */
seq: number, 
/**
 * The new text, within the limits of a message.
 */
content: string, 
/**
 * As in [`SendMessage`].
 */
clientId?: string, };

/**
 * `deleteMessage`: take a message of one's own away. Its number stays.
 */
export type DeleteMessage = { 
/**
 * The room; `general` when absent.
 */
room?: string, 
/**
 * The message's number.
 */
seq: number, 
/**
 * As in [`SendMessage`].
 */
clientId?: string, };

/**
 * `createRoom`: make a public room, and be in it.
 */
export type CreateRoom = { 
/**
 * Its name: `[a-z0-9][a-z0-9_-]{0,63}`.
 */
room: string, 
/**
 * What it is about; at most [`limits::TOPIC_BYTES`](crate::limits::TOPIC_BYTES).
 */
topic?: string, 
/**
 * As in [`SendMessage`].
 */
clientId?: string, };

/**
 * `joinRoom`: be in a room from now on.
 */
export type JoinRoom = { 
/**
 * The room.
 */
room: string, 
/**
 * As in [`SendMessage`].
 */
clientId?: string, };

/**
 * `leaveRoom`: be in a room no longer.
 */
export type LeaveRoom = { 
/**
 * The room; never `general`, which everyone is in.
 */
room: string, 
/**
 * As in [`SendMessage`].
 */
clientId?: string, };

/**
 * `listRooms`: a page of the public rooms, by name. `general`, which everyone is in, is not listed.
 */
export type ListRooms = { 
/**
 * Only rooms whose name comes after this one.
 */
after?: string, 
/**
 * How many at the most; see [`limits::ROOMS_PAGE_DEFAULT`](crate::limits::ROOMS_PAGE_DEFAULT).
 */
limit?: number, };

/**
 * `getRecentMessages`: a page of history (the newest, or those `before` a number), or, with
 * `after`, the changes since a number.
 */
export type GetRecentMessages = { 
/**
 * The room; `general` when absent.
 */
room?: string, 
/**
 * How many at the most; see [`limits::PAGE_DEFAULT`](crate::limits::PAGE_DEFAULT).
 */
limit?: number, 
/**
 * Only messages with a lower number. Excludes `after`.
 */
before?: number, 
/**
 * Only changes with a higher number, oldest first. Excludes `before`.
 */
after?: number, };

/**
 * Fields of the answer to `hello`.
 */
export type Greeting = { 
/**
 * My name, as others see it.
 */
username: string, 
/**
 * Who I am.
 */
userId: string, 
/**
 * This socket's name on the platform.
 */
connectionId: string, 
/**
 * The server's clock, RFC 3339 with milliseconds.
 */
serverTime: string, 
/**
 * What the server accepts.
 */
limits: Limits, 
/**
 * When this socket should have been replaced by a new one, on the server's clock.
 */
reconnectBy: string, 
/**
 * The rooms I am in.
 */
rooms: { [room: string]: RoomHead }, };

/**
 * Fields of the answer to `ping`.
 */
export type Pong = { 
/**
 * The server's clock, RFC 3339 with milliseconds.
 */
serverTime: string, 
/**
 * The rooms that the ping named, without those that I am not in.
 */
rooms: { [room: string]: RoomPresence }, 
/**
 * All rooms that I am in; absent from a version that has only `general`.
 */
joined?: Array<string>, };

/**
 * Fields of the answer to `sendMessage`: the message is stored.
 */
export type Stored = { 
/**
 * Its number in the room's log.
 */
seq: number, 
/**
 * Its name: `m_...`.
 */
id: string, 
/**
 * When the server took it, RFC 3339 with milliseconds.
 */
timestamp: string, 
/**
 * True when an earlier request with this `clientId` had stored it already.
 */
duplicate: boolean, };

/**
 * Fields of the answer to `editMessage` and `deleteMessage`: the change is stored.
 */
export type Changed = { 
/**
 * The number of the change in the room's log.
 */
ver: number, 
/**
 * True when an earlier request with this `clientId` had stored it already.
 */
duplicate: boolean, };

/**
 * Fields of the answer to `createRoom` and `joinRoom`: I am in the room.
 */
export type Joined = { 
/**
 * The room.
 */
room: string, 
/**
 * The number of this in the room's log.
 */
seq: number, 
/**
 * The highest number in the log, read after my sockets began to hear the room.
 */
head: number, 
/**
 * Which log this is, as in [`RoomHead`].
 */
epoch: number, 
/**
 * True when an earlier request with this `clientId` had stored it already.
 */
duplicate: boolean, };

/**
 * Fields of the answer to `leaveRoom`: I am no longer in the room.
 */
export type Left = { 
/**
 * The room.
 */
room: string, 
/**
 * The number of this in the room's log.
 */
seq: number, 
/**
 * True when an earlier request with this `clientId` had stored it already.
 */
duplicate: boolean, };

/**
 * A room that anybody may join.
 */
export type RoomInfo = { 
/**
 * Its name.
 */
room: string, 
/**
 * What it is about; may be empty.
 */
topic: string, 
/**
 * When it was made, RFC 3339 with milliseconds.
 */
createdAt: string, 
/**
 * Whether I am in it.
 */
joined: boolean, };

/**
 * A page of the public rooms, by name.
 */
export type RoomsPage = { 
/**
 * By name; empty at the end.
 */
rooms: Array<RoomInfo>, 
/**
 * Whether there are more after the last of these.
 */
more: boolean, };

/**
 * A page of history: the newest messages (or the newest before a number), oldest first.
 */
export type MessagesPage = { 
/**
 * The room.
 */
room: string, 
/**
 * Oldest first.
 */
messages: Array<Message>, 
/**
 * Whether there may be older ones.
 */
more: boolean, 
/**
 * What to ask `before` next: no message from here on is missing, be the page empty. Absent from an
 * earlier version: there it is the oldest message's number.
 */
from?: number, 
/**
 * The highest number in the log; 0 when it is empty.
 */
head: number, 
/**
 * Which log this is, as in [`RoomHead`].
 */
epoch: number, };

/**
 * The changes after a number, oldest first and without a hole.
 */
export type ChangesPage = { 
/**
 * The room.
 */
room: string, 
/**
 * In order; empty at the end.
 */
changes: Array<Change>, 
/**
 * The last number that this page covers: what to ask `after` next.
 */
through: number, 
/**
 * Whether there are more after `through`.
 */
more: boolean, 
/**
 * The highest number in the log; 0 when it is empty.
 */
head: number, 
/**
 * False when the log does not reach back (or forward) to the number asked for: the client
 * forgets what it has and takes the newest page.
 */
recovered: boolean, 
/**
 * The lowest number that is still there; 1 unless the log was trimmed.
 */
floor: number, 
/**
 * Which log this is, as in [`RoomHead`].
 */
epoch: number, };

/**
 * Who may make an account without an administrator.
 */
export type SignUp = "open" | "domain" | "closed";

/**
 * Answer of `GET /v1/sign-up`: what the sign-up form has to ask for, if there is one.
 */
export type SignUpPolicy = { 
/**
 * Who may sign up.
 */
signUp: SignUp, 
/**
 * The domains of `domain`; else none.
 */
domains: Array<string>, 
/**
 * Whether an account needs an e-mail address that its owner has confirmed before the first login.
 */
verifyEmail: boolean, 
/**
 * Whether mail can be sent: without it no address can be confirmed, and no password reset.
 */
mail: boolean, };

/**
 * Body of `POST /v1/accounts`.
 */
export type NewAccount = { 
/**
 * The name others will see.
 */
username: string, 
/**
 * The password.
 */
password: string, 
/**
 * Where a link goes that confirms the address. Needed where the policy says `verifyEmail`.
 */
email?: string, };

/**
 * Whether an account can be logged in to.
 */
export type AccountStatus = "active" | "unverified";

/**
 * Answer of `POST /v1/accounts`: the same whether or not the e-mail address is known already.
 */
export type SignedUp = { 
/**
 * My name.
 */
username: string, 
/**
 * Who I am: `u_...`.
 */
userId: string, 
/**
 * Whether I can log in.
 */
status: AccountStatus, };

/**
 * Body of the calls that send a mail to whoever this is: `POST /v1/accounts/link` (the link of the
 * sign-up once more) and `POST /v1/password/forgot`. Answered with 202 whoever it is.
 */
export type LoginName = { 
/**
 * A user name or an e-mail address.
 */
login: string, };

/**
 * Body of `POST /v1/emails/verify`.
 */
export type VerifyEmail = { 
/**
 * What the link holds behind `#token=`.
 */
token: string, };

/**
 * Answer of `POST /v1/emails/verify`: what was confirmed.
 */
export type VerifiedEmail = { 
/**
 * Whose account it is.
 */
username: string, 
/**
 * The address, which may be logged in with from now on.
 */
email: string, };

/**
 * Body of `POST /v1/emails`: sends a link to an address that shall belong to my account.
 */
export type NewEmail = { 
/**
 * The address.
 */
email: string, 
/**
 * My password once more: an address can reset it.
 */
password: string, };

/**
 * Body of `POST /v1/emails/unlink`.
 */
export type UnlinkEmail = { 
/**
 * One of my addresses, but not the last.
 */
email: string, };

/**
 * Answer of `GET /v1/emails`.
 */
export type Emails = { 
/**
 * My confirmed addresses.
 */
emails: Array<string>, };

/**
 * Body of `POST /v1/password`: ends my other sessions.
 */
export type ChangePassword = { 
/**
 * The password of now.
 */
current: string, 
/**
 * The one to be.
 */
password: string, };

/**
 * Body of `POST /v1/password/reset`: ends all my sessions.
 */
export type ResetPassword = { 
/**
 * What the link holds behind `#token=`.
 */
token: string, 
/**
 * The password to be.
 */
password: string, };

/**
 * Body of `POST /v1/sessions`.
 */
export type NewSession = { 
/**
 * A user name, or a confirmed e-mail address.
 */
login: string, 
/**
 * The password.
 */
password: string, };

/**
 * Answer of `POST /v1/sessions` and `POST /v1/sessions/refresh`, beside the refresh cookie.
 */
export type Session = { 
/**
 * My name.
 */
username: string, 
/**
 * Who I am: `u_...`.
 */
userId: string, 
/**
 * A JWT for the `Authorization: Bearer` header.
 */
accessToken: string, 
/**
 * How long it is good for, in seconds.
 */
expiresIn: number, };

/**
 * Answer of `POST /v1/tickets`.
 */
export type Ticket = { 
/**
 * What goes into the socket's `?token=`, once: `t_...`.
 */
ticket: string, 
/**
 * How long it is good for, in seconds.
 */
expiresIn: number, };

/**
 * One of my sessions: a browser or program that is logged in.
 */
export type SessionInfo = { 
/**
 * Its name, for `DELETE /v1/sessions/{id}`: `s_...`.
 */
id: string, 
/**
 * When it was logged in.
 */
createdAt: string, 
/**
 * When it last got an access token.
 */
lastUsedAt: string, 
/**
 * What the program called itself (`User-Agent`), cut to 256 bytes.
 */
userAgent: string, 
/**
 * Whether it is the one that asks.
 */
current: boolean, };

/**
 * Answer of `GET /v1/sessions`: the newest first.
 */
export type Sessions = { 
/**
 * My sessions that have not ended.
 */
sessions: Array<SessionInfo>, };

/**
 * What somebody may do beyond chatting.
 */
export type Role = "user" | "admin";

/**
 * Answer of `GET /v1/me`.
 */
export type Me = { 
/**
 * My name.
 */
username: string, 
/**
 * Who I am: `u_...`.
 */
userId: string, 
/**
 * What I may do.
 */
role: Role, };

/**
 * A refused HTTP call: a problem document (RFC 9457).
 */
export type Problem = { 
/**
 * Always `about:blank`: `code` says the kind.
 */
type: string, 
/**
 * The status in words.
 */
title: string, 
/**
 * The HTTP status.
 */
status: number, 
/**
 * A sentence for a person.
 */
detail: string, 
/**
 * What kind of refusal.
 */
code: ErrorCode, 
/**
 * The field of the body that was refused, if one was.
 */
field?: string, 
/**
 * How long to wait before the same call may succeed, in seconds: as the header `Retry-After`.
 */
retryAfter?: number, };

/** Each action's request fields and the fields of its successful reply. */
export interface Actions {
  hello: { request: Hello; reply: Greeting };
  ping: { request: Ping; reply: Pong };
  sendMessage: { request: SendMessage; reply: Stored };
  editMessage: { request: EditMessage; reply: Changed };
  deleteMessage: { request: DeleteMessage; reply: Changed };
  createRoom: { request: CreateRoom; reply: Joined };
  joinRoom: { request: JoinRoom; reply: Joined };
  leaveRoom: { request: LeaveRoom; reply: Left };
  listRooms: { request: ListRooms; reply: RoomsPage };
  getRecentMessages: { request: GetRecentMessages; reply: MessagesPage | ChangesPage };
}

/** The limits of `chat.v1`; `hello` tells a server's own. */
export const LIMITS = {
  textBytes: 8192,
  textJsonBytes: 29000,
  frameBytes: 30720,
  pageDefault: 10,
  pageMessages: 100,
  usernameMin: 2,
  usernameMax: 32,
  passwordMin: 10,
  passwordMax: 256,
  clientIdCharacters: 64,
  topicBytes: 256,
  roomCharacters: 64,
  roomsPerSocket: 100,
  socketsPerPerson: 20,
  writesPerWindow: 50,
  writeWindowMs: 5000,
  roomsPageMax: 100,
  pingAfterMs: 240000,
  requestTimeoutMs: 10000,
  holdMs: 300,
} as const;

/** Close codes of ours that a client treats in its own way. */
export const CLOSE_CODES = {
  sessionEnded: 4004,
  tooManySockets: 4005,
  handover: 4200,
} as const;
