import { expect } from "vitest";

import type { Server } from "./server.ts";

interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** How many mails an address has got so far. */
export async function mailCount(server: Server, address: string): Promise<number> {
  return (await mailsTo(server, address)).length;
}

/** The link of the newest mail to an address, once there are more than `before`. */
export async function mailedLink(server: Server, address: string, before = 0): Promise<string> {
  await expect.poll(() => mailCount(server, address)).toBeGreaterThan(before);
  const mail = (await mailsTo(server, address)).at(-1);
  const [link] = /https?:\/\/[^\s"<>]+#token=[^\s"<>]+/.exec(mail?.text ?? "") ?? [];
  if (link === undefined) throw new Error(`no link in the mail "${mail?.subject}"`);
  // Whichever part the person's program shows.
  expect(mail?.html).toContain(link.replaceAll("&", "&amp;"));
  return link;
}

async function mailsTo(server: Server, address: string): Promise<Mail[]> {
  const response = await fetch(`${server.url}/_mailbox/messages`);
  if (!response.ok) throw new Error(`the mailbox answers ${response.status}`);
  return ((await response.json()) as Mail[]).filter(({ to }) => to.includes(address));
}
