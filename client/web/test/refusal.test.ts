import { HttpError, OutcomeUnknown, Refused } from "@parley/sdk";
import { expect, test } from "vitest";

import { refusalOf } from "../src/lib/refusal.ts";

test("a refusal on the socket is told in a sentence, beside its field", () => {
  const refused = (code: ConstructorParameters<typeof Refused>[0]["code"], message: string) =>
    refusalOf(new Refused({ code, message, retryable: false }));
  expect(refused("room_taken", "room: taken")).toMatchObject({
    code: "room_taken",
    field: "room",
    message: "There is a room of this name already.",
  });
  expect(refused("too_large", "topic: at most 256 bytes, this has 300")).toMatchObject({
    field: null,
    message: "Topic: at most 256 bytes, this has 300.",
  });
});

test("how long to wait is told in whole seconds", () => {
  const body = { code: "rate_limited", message: "too often", retryable: true } as const;
  expect(refusalOf(new Refused({ ...body, retryAfterMs: 1_200 })).retryAfterSeconds).toBe(2);
  expect(refusalOf(new Refused(body)).retryAfterSeconds).toBeNull();
});

test("a refused call is told in its own words, silence as such, and a fault not at all", () => {
  const error = new HttpError(409, "name_taken", "Somebody has this name.", "username");
  expect(refusalOf(error)).toMatchObject({ field: "username", message: error.message });
  expect(refusalOf(new OutcomeUnknown("silence")).message).toContain("No answer came.");
  const fault = new TypeError("x is not a function");
  expect(() => refusalOf(fault)).toThrow(fault);
});
