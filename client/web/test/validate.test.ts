import { expect, test } from "vitest";

import { faults, missing, newNameError, newPasswordError } from "../src/auth/validate.ts";

test("what is empty, or only white space, is missing", () => {
  expect(missing("", "Enter it.")).toBe("Enter it.");
  expect(missing("  ", "Enter it.")).toBe("Enter it.");
  expect(missing("x", "Enter it.")).toBeUndefined();
});

test("a new name and a new password have their lengths", () => {
  expect([newNameError("ab"), newNameError("a".repeat(32))]).toEqual([undefined, undefined]);
  for (const name of ["", "a", "a".repeat(33)]) expect(newNameError(name)).toBeDefined();
  const fine = [newPasswordError("p".repeat(10)), newPasswordError("p".repeat(256))];
  expect(fine).toEqual([undefined, undefined]);
  for (const length of [0, 9, 257]) expect(newPasswordError("p".repeat(length))).toBeDefined();
});

test("characters are counted, not UTF-16 units", () => {
  expect(newNameError("😀".repeat(32))).toBeUndefined();
  expect(newNameError("😀")).toBeDefined();
  expect(newPasswordError("😀".repeat(10))).toBeUndefined();
  expect(newPasswordError("😀".repeat(9))).toContain("this has 9");
});

test("fields in which nothing is wrong are left out", () => {
  expect(Object.keys(faults({ username: undefined, password: "Enter it." }))).toEqual(["password"]);
});
