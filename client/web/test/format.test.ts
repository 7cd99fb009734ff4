import { expect, test } from "vitest";

import { formatDay } from "../src/lib/format.ts";

const today = new Date(2026, 2, 30, 0, 30);

test.each([
  [new Date(2026, 2, 30, 23, 59), "Today"],
  [new Date(2026, 2, 29, 23, 59), "Yesterday"],
  // The night in which Europe's clocks go forward has 23 hours.
  [new Date(2026, 2, 28, 0, 0), "Saturday, March 28"],
  [new Date(2025, 11, 31), "Wednesday, December 31, 2025"],
])("%s", (day, words) => {
  expect(formatDay(day, today)).toBe(words);
});
