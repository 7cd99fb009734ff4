const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const dayThisYear = new Intl.DateTimeFormat("en", {
  weekday: "long",
  day: "numeric",
  month: "long",
});
const dayAnyYear = new Intl.DateTimeFormat("en", {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});

/** A time of day, as the reader's region writes it. */
export function formatTime(at: Date): string {
  return time.format(at);
}

/** A time of day without AM or PM, for where there is no room. */
export function formatTimeShort(at: Date): string {
  const parts = time.formatToParts(at).filter(({ type }) => type !== "dayPeriod");
  return parts
    .map(({ value }) => value)
    .join("")
    .trim();
}

/** Date and time in full. */
export function formatFull(at: Date): string {
  return full.format(at);
}

/** A day, in the words of `today`. */
export function formatDay(day: Date, today: Date): string {
  const daysAgo = Math.round((startOfDay(today) - startOfDay(day)) / 86_400_000);
  if (daysAgo === 0) return "Today";
  if (daysAgo === 1) return "Yesterday";
  return (day.getFullYear() === today.getFullYear() ? dayThisYear : dayAnyYear).format(day);
}

function startOfDay(at: Date): number {
  return new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime();
}

const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
] as const;

/** How long ago something was: "5 minutes ago", "yesterday". A clock that is ahead means now. */
export function formatAgo(at: Date, now: Date): string {
  const passed = now.getTime() - at.getTime();
  for (const [unit, ms] of UNITS) {
    if (passed >= ms) return ago.format(-Math.floor(passed / ms), unit);
  }
  return "just now";
}
