import { expect, test } from "vitest";

import { validate } from "../src/auth/validate.ts";

test("an empty field is refused, on logging in and on signing up", () => {
  expect(Object.keys(validate("", "", false))).toEqual(["username", "password"]);
  expect(Object.keys(validate("", "", true))).toEqual(["username", "password"]);
});

test("the rules for new names and passwords do not keep anybody from logging in", () => {
  expect(validate("x", "short", false)).toEqual({});
  expect(Object.keys(validate("x", "short", true))).toEqual(["username", "password"]);
});

test("characters are counted, not UTF-16 units", () => {
  expect(validate("😀".repeat(32), "😀".repeat(10), true)).toEqual({});
  expect(Object.keys(validate("😀", "😀".repeat(9), true))).toEqual(["username", "password"]);
});
