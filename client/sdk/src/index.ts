export { Api } from "./api.ts";
export { Chat } from "./chat.ts";
export type { ChatOptions } from "./chat.ts";
export type { ConnectionState } from "./connection.ts";
export { browserEnvironment } from "./environment.ts";
export type { Environment } from "./environment.ts";
export { HttpError, OutcomeUnknown, Refused, SignedOut } from "./errors.ts";
export { Login } from "./login.ts";
export { outboxStorage } from "./outbox-storage.ts";
export { LIMITS } from "./protocol.ts";
export type {
  Message,
  NewAccount,
  RoomInfo,
  RoomsPage,
  SessionInfo,
  SignedUp,
  SignUpPolicy,
  VerifiedEmail,
} from "./protocol.ts";
export { utf8Bytes } from "./utf8.ts";
export type {
  ChatView,
  Notice,
  RefusedChange,
  RoomSummary,
  RoomView,
  ShownLimits,
  ShownMessage,
} from "./view.ts";
export type { OutgoingMessage } from "./writes.ts";
