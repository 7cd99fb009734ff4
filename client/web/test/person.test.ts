import { expect, test } from "vitest";

import { hueOf, initialOf, initialsOf, nameParts } from "../src/lib/person.ts";

test("an initial is a whole character", () => {
  expect(initialOf("ada")).toBe("A");
  expect(initialOf("👩‍🚀 astronaut")).toBe("👩‍🚀");
  expect(initialOf("")).toBe("?");
});

test("a person's hue is always the same, one of eight", () => {
  const hues = new Set(Array.from({ length: 200 }, (_, i) => hueOf(`u_${i}`)));
  expect([...hues].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(hueOf("u_1")).toBe(hueOf("u_1"));
});

test("a person from outside keeps the namespace, in the name and on the avatar", () => {
  expect(nameParts("intranet/ada")).toEqual({ namespace: "intranet", name: "ada" });
  expect(nameParts("ada")).toEqual({ namespace: null, name: "ada" });
  expect(nameParts("intranet/a/b")).toEqual({ namespace: "intranet", name: "a/b" });
  expect(initialsOf("intranet/ada")).toBe("I/A");
  expect(initialsOf("ada")).toBe("A");
});
