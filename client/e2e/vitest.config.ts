import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["e2e/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000 } },
    // Stories, each told in order, and one at a time: they watch the clock.
    bail: 1,
    fileParallelism: false,
  },
});
