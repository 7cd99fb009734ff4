/** How a connection ended, by a `bye`, a close frame, or our own finding. */
export interface Closure {
  /** The number of the close frame, or of the `bye` that came before it. */
  readonly code: number;
  /** A sentence for a person; may be empty. */
  readonly reason: string;
  /** What a `bye` said; null without one. */
  readonly reconnect: boolean | null;
}

/** What a client does after a connection's end. */
export type AfterClose = "stop" | "back-off" | "reconnect-now" | "reconnect";

/** The rule for a close code. */
export function afterClose({ code, reconnect }: Closure): AfterClose {
  if (reconnect === false) return "stop";
  if (code >= 4000 && code < 4100 && reconnect !== true) return "stop";
  if (code >= 4100 && code < 4200) return "back-off";
  if (code >= 4200 && code < 4300) return "reconnect-now";
  return "reconnect";
}
