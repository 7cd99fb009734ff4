import { afterEach, expect, test, vi } from "vitest";

import { browserEnvironment } from "../src/environment.ts";

afterEach(() => void vi.unstubAllGlobals());

/** The browser's locks, which grant a lock or let the request run into its own end. */
function locks(grants: boolean): { request: (...args: unknown[]) => unknown; names: unknown[] } {
  const names: unknown[] = [];
  return {
    names,
    request: async (name, _, run) => {
      names.push(name);
      if (!grants) throw new DOMException("signal timed out", "TimeoutError");
      return (run as () => unknown)();
    },
  };
}

test("a turn is a lock of the browser", async () => {
  const granting = locks(true);
  vi.stubGlobal("navigator", { locks: granting });
  expect(await browserEnvironment().inTurn("cookie", async () => 7)).toBe(7);
  expect(granting.names).toEqual(["cookie"]);
});

test("what fails in its turn is not done once more", async () => {
  vi.stubGlobal("navigator", { locks: locks(true) });
  const run = vi.fn(() => Promise.reject(new Error("refused")));
  await expect(browserEnvironment().inTurn("cookie", run)).rejects.toThrow("refused");
  expect(run).toHaveBeenCalledTimes(1);
});

test.each([
  ["a turn that never comes", { locks: locks(false) }],
  ["a browser without locks", {}],
])("%s is not waited for forever", async (_, navigator) => {
  vi.stubGlobal("navigator", navigator);
  const run = vi.fn(async () => 7);
  expect(await browserEnvironment().inTurn("cookie", run)).toBe(7);
  expect(run).toHaveBeenCalledTimes(1);
});
