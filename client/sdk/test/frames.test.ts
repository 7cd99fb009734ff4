import { expect, test } from "vitest";

import { readFrame } from "../src/frames.ts";

test.each([
  ['{"reply":7,"ok":true,"seq":1}', "reply"],
  ['{"reply":null,"ok":false,"error":{}}', "refusal"],
  ['{"event":"messages","room":"general","messages":[]}', "event"],
  ['{"message":"Internal server error","connectionId":"c","requestId":"r"}', "platform"],
  ['{"message":"Forbidden"}', "platform"],
  ["not json", "platform"],
  ["null", "platform"],
])("%s is a frame of kind %s", (text, kind) => {
  expect(readFrame(text).kind).toBe(kind);
});
