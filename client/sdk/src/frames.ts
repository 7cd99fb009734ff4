import type { ErrorBody, Event } from "./protocol.ts";

/** A frame from the server, by what tells it apart. */
export type Frame =
  | { readonly kind: "reply"; readonly id: unknown; readonly body: unknown }
  | { readonly kind: "refusal"; readonly id: unknown; readonly error: ErrorBody }
  | { readonly kind: "event"; readonly event: Event }
  /** The platform's own words, or nothing that we can read: some request of ours has failed. */
  | { readonly kind: "platform" };

/** Reads the text of a frame. */
export function readFrame(data: unknown): Frame {
  const frame = parse(data);
  if (frame === null) return { kind: "platform" };
  if (typeof frame["event"] === "string") {
    return { kind: "event", event: frame as unknown as Event };
  }
  if (!("reply" in frame)) return { kind: "platform" };
  return frame["ok"] === true
    ? { kind: "reply", id: frame["reply"], body: frame }
    : { kind: "refusal", id: frame["reply"], error: frame["error"] as ErrorBody };
}

function parse(data: unknown): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(String(data));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
