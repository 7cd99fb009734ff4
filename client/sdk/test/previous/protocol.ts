// The frames that the version before knew, as far as its log of a room needs them.

/**
 * A message of a room's log, in its state of now.
 */
export type Message = {
  /**
   * Its place in the room's log: 1, 2, 3, ... without a hole. The only order there is.
   */
  seq: number;
  /**
   * Its name, made by the server: `m_...`.
   */
  id: string;
  /**
   * Who wrote it: `u_...`. Two people are the same when, and only when, this is the same.
   */
  userId: string;
  /**
   * The writer's name when it was written: a label, never an identity.
   */
  username: string;
  /**
   * The text, to be shown as text.
   */
  content: string;
  /**
   * When the server took it, RFC 3339 with milliseconds. For show, never for order.
   */
  timestamp: string;
  /**
   * The number of its last change: its own `seq` until it is changed.
   */
  ver: number;
  /**
   * The writer's own name of it, from the request (or made by the server).
   */
  clientId: string;
};

/**
 * One entry of a room's log, as a resume shows it. A client skips the kinds that it does not know
 * and still advances past their numbers.
 */
export type Change = {
  kind: "message";
  /**
   * The entry's number.
   */
  seq: number;
  /**
   * The message's state of now.
   */
  message: Message;
};

/**
 * A page of history: the newest messages (or the newest before a number), oldest first.
 */
export type MessagesPage = {
  /**
   * The room.
   */
  room: string;
  /**
   * Oldest first.
   */
  messages: Array<Message>;
  /**
   * Whether there are older ones.
   */
  more: boolean;
  /**
   * The highest number in the log; 0 when it is empty.
   */
  head: number;
  /**
   * Which log this is, as in [`RoomHead`].
   */
  epoch: number;
};

/**
 * The changes after a number, oldest first and without a hole.
 */
export type ChangesPage = {
  /**
   * The room.
   */
  room: string;
  /**
   * In order; empty at the end.
   */
  changes: Array<Change>;
  /**
   * The last number that this page covers: what to ask `after` next.
   */
  through: number;
  /**
   * Whether there are more after `through`.
   */
  more: boolean;
  /**
   * The highest number in the log; 0 when it is empty.
   */
  head: number;
  /**
   * False when the log does not reach back (or forward) to the number asked for: the client
   * forgets what it has and takes the newest page.
   */
  recovered: boolean;
  /**
   * The lowest number that is still there; 1 unless the log was trimmed.
   */
  floor: number;
  /**
   * Which log this is, as in [`RoomHead`].
   */
  epoch: number;
};
