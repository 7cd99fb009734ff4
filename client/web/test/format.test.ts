import { expect, test } from "vitest";

import { formatAgo, formatDay } from "../src/lib/format.ts";

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

test("how long ago is said in the largest unit that fits", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  const before = (ms: number) => formatAgo(new Date(now.getTime() - ms), now);
  expect(before(59_000)).toBe("just now");
  expect(before(-60_000)).toBe("just now");
  expect(before(60_000)).toBe("1 minute ago");
  expect(before(2 * 3_600_000)).toBe("2 hours ago");
  expect(before(25 * 3_600_000)).toBe("yesterday");
  expect(before(40 * 86_400_000)).toBe("40 days ago");
});
