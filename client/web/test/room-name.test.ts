import { expect, test } from "vitest";

import { roomNameError } from "../src/lib/room-name.ts";

test("a room's name is checked as the server does, and each fault has its words", () => {
  for (const name of ["dev", "0", "a_b-c", "x".repeat(64)]) {
    expect(roomNameError(name), name).toBeUndefined();
  }
  expect(roomNameError("")).toBe("Enter a name.");
  expect(roomNameError("Dev")).toBe("Use small letters.");
  expect(roomNameError("the lab")).toBe('No spaces: use "-" instead.');
  expect(roomNameError("café")).toContain("Only small letters");
  expect(roomNameError("a/b")).toContain("Only small letters");
  expect(roomNameError("-dev")).toBe("Begin with a letter or a digit.");
  expect(roomNameError("x".repeat(65))).toContain("this has 65");
});
