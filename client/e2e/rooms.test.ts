import type { Browser, BrowserContext, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { inspect, NARROW, startBrowser, WIDE } from "./browser.ts";
import {
  complaints,
  composer,
  focusedDescription,
  heading,
  logIn,
  online,
  open,
  PASSWORD,
  pressUntil,
  RUN,
  signUp,
  tabTo,
  texts,
  write,
} from "./pages.ts";
import { startServer } from "./server.ts";
import type { Server } from "./server.ts";
import { layWire } from "./wire.ts";
import type { Wire } from "./wire.ts";

const LAB = `lab-${RUN}`;
const ATTIC = `attic-${RUN}`;
const GRACE = `grace${RUN}`;
/** As many sockets as a person may have. */
const SOCKETS = 20;

let server: Server;
let wire: Wire;
let browser: Browser;
let adasContext: BrowserContext;
let ada: Page;
let grace: Page;

beforeAll(async () => {
  server = await startServer();
  wire = await layWire(server.url);
  browser = await startBrowser();
  adasContext = await browser.newContext({ viewport: WIDE });
  const gracesContext = await browser.newContext({ viewport: NARROW });
  ada = await open(adasContext, server.url);
  grace = await open(gracesContext, wire.url);
  await signUp(ada, `ada${RUN}`);
  await signUp(grace, GRACE);
});

afterAll(async () => {
  await browser?.close();
  await wire?.close();
  await server?.stop();
});

const rooms = (page: Page): Locator => page.getByRole("navigation", { name: "Rooms" });

/** A room in the list of one's own. */
const entry = (page: Page, room: string): Locator =>
  rooms(page).getByRole("link", { name: new RegExp(`^${room}( |$)`) });

const focusedId = (page: Page): Promise<string | undefined> =>
  page.evaluate(() => document.activeElement?.id);

const focusedLabel = (page: Page): Promise<string | null | undefined> =>
  page.evaluate(() => document.activeElement?.getAttribute("aria-label"));

const pathOf = (page: Page): string => new URL(page.url()).pathname;

/** What the Tab key reaches with its first words. */
async function tabToButton(page: Page, words: string): Promise<void> {
  const focused = (): Promise<string> =>
    page.evaluate(() => document.activeElement?.textContent?.trim() ?? "");
  for (let i = 0; i < 30 && !(await focused()).startsWith(words); i++) {
    await page.keyboard.press("Tab");
  }
  expect(await focused()).toContain(words);
}

/** The row of a message, by a part of its text. */
const row = (page: Page, text: string): Locator =>
  page.locator("[data-key]").filter({ has: page.locator(".text", { hasText: text }) });

async function openDrawer(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Rooms/ }).focus();
  await page.keyboard.press("Enter");
  await rooms(page).waitFor();
}

test("a room's name is checked while it is typed, and a room is made by keyboard", async () => {
  await pressUntil(ada, "Shift+Tab", "Create a room");
  await ada.keyboard.press("Enter");
  await heading(ada, "Create a room").waitFor();
  expect(await ada.title()).toBe("Create a room · Parley");
  await tabTo(ada, "room");
  await ada.keyboard.type("The lab");
  await ada.locator("#room-note.error").getByText("Use small letters.").waitFor();
  await inspect(ada, "create-room-wrong-name");
  await ada.keyboard.press("Enter");
  expect(await focusedId(ada)).toBe("room");
  await ada.locator("#room").fill(LAB);
  await tabTo(ada, "topic");
  await ada.keyboard.insertText("ü".repeat(129));
  await ada.locator("#topic-note.error").getByText("Too long by 2 bytes").waitFor();
  await ada.locator("#topic").fill("What we try out");
  await ada.keyboard.press("Enter");
  await composer(ada, LAB).waitFor();
  expect(pathOf(ada)).toBe(`/rooms/${LAB}`);
  expect(await focusedId(ada)).toBe("composer");
  expect(await entry(ada, LAB).getAttribute("aria-current")).toBe("page");
  await ada.getByText("What we try out").waitFor();
  await ada.getByRole("listitem").getByText("You created the room").waitFor();
  await inspect(ada, "room-new");
});

test("a name that is taken is refused beside the field", async () => {
  await grace.goto(`${wire.url}/create-room`);
  await online(grace).waitFor();
  await grace.locator("#room").fill(LAB);
  await grace.keyboard.press("Enter");
  await grace.locator("#room-note.error").getByText("There is a room of this name").waitFor();
  expect(await focusedId(grace)).toBe("room");
  expect(await focusedDescription(grace)).toContain("There is a room of this name");
  await inspect(grace, "create-room-taken");
});

test("the drawer is opened by its button and closed by Escape", async () => {
  await openDrawer(grace);
  await inspect(grace, "drawer", [NARROW]);
  await grace.keyboard.press("Escape");
  await expect.poll(() => rooms(grace).count()).toBe(0);
  expect(
    await grace.evaluate(() => document.activeElement?.textContent?.trim().startsWith("Rooms")),
  ).toBe(true);
});

test("a room is found and joined by keyboard", async () => {
  await openDrawer(grace);
  await pressUntil(grace, "Tab", "Browse rooms");
  await grace.keyboard.press("Enter");
  await heading(grace, "Rooms").waitFor();
  await expect.poll(() => rooms(grace).count()).toBe(0);
  const join = grace.getByRole("button", { name: `Join ${LAB}` });
  await join.waitFor();
  await grace.getByText("What we try out").waitFor();
  await inspect(grace, "browse-rooms");
  await tabToButton(grace, `Join ${LAB}`);
  await grace.keyboard.press("Enter");
  await composer(grace, LAB).waitFor();
  await expect.poll(() => focusedId(grace)).toBe("composer");
  expect(pathOf(grace)).toBe(`/rooms/${LAB}`);
  await ada.getByRole("listitem").getByText(`${GRACE} joined`).waitFor();
});

test("two people talk there, and nobody hears it elsewhere", async () => {
  await composer(ada, LAB).focus();
  await write(ada, "Is it on?");
  await expect.poll(() => texts(grace)).toEqual([`Is it on? ${RUN}`]);
  await write(grace, "It glows.");
  await expect.poll(() => texts(ada)).toEqual([`Is it on? ${RUN}`, `It glows. ${RUN}`]);
  await entry(ada, "general").click();
  await composer(ada).waitFor();
  expect(pathOf(ada)).toBe("/");
  expect(await texts(ada)).toEqual([]);
});

test("what is new in another room is counted, in the list and in the title", async () => {
  await write(grace, "Anybody here?");
  await ada.getByRole("link", { name: `${LAB} 1 new message`, exact: true }).waitFor();
  await expect.poll(() => ada.title()).toBe("(1) general · Parley");
  await inspect(ada, "unseen-elsewhere");
  // Only the room on show is read out.
  expect(await ada.getByRole("status").allTextContents()).not.toContain(
    expect.stringContaining("Anybody here?"),
  );
  await entry(ada, LAB).click();
  await composer(ada, LAB).waitFor();
  await expect.poll(() => ada.title()).toBe(`${LAB} · Parley`);
  await expect.poll(() => focusedId(ada)).toBe("composer");
});

test("each room keeps its draft, over a reload, too", async () => {
  await composer(ada, LAB).fill("half a thought");
  await entry(ada, "general").click();
  expect(await composer(ada).inputValue()).toBe("");
  await composer(ada).fill("another half");
  await ada.goBack();
  await expect.poll(() => composer(ada, LAB).inputValue()).toBe("half a thought");
  await ada.reload();
  await expect.poll(() => composer(ada, LAB).inputValue()).toBe("half a thought");
  await composer(ada, LAB).fill("");
  await ada.goForward();
  await expect.poll(() => composer(ada).inputValue()).toBe("another half");
  await composer(ada).fill("");
  await ada.goBack();
  await composer(ada, LAB).waitFor();
});

test("the arrow up edits the last message, Enter saves it for everyone", async () => {
  await online(ada).waitFor();
  await composer(ada, LAB).focus();
  await write(ada, "A tpyo");
  await expect.poll(() => texts(grace)).toContain(`A tpyo ${RUN}`);
  await ada.keyboard.press("ArrowUp");
  const box = ada.getByRole("textbox", { name: "Edit your message" });
  await expect.poll(() => box.evaluate((el) => el === document.activeElement)).toBe(true);
  expect(await box.inputValue()).toBe(`A tpyo ${RUN}`);
  await inspect(ada, "edit");
  await box.fill(`A typo ${RUN}`);
  await ada.keyboard.press("Enter");
  for (const page of [ada, grace]) {
    await expect.poll(async () => (await texts(page)).at(-1)).toBe(`A typo ${RUN}`);
    const mark = row(page, "A typo").getByText("(edited)");
    await mark.waitFor();
    expect(await mark.getAttribute("title")).toMatch(/^Edited \S/);
  }
  expect(await focusedId(ada)).toBe("composer");
});

test("Escape leaves a message as it was, and the pointer's buttons are there on hovering", async () => {
  await row(ada, "A typo").hover();
  await row(ada, "A typo").getByRole("button", { name: "Edit" }).click();
  const box = ada.getByRole("textbox", { name: "Edit your message" });
  await box.fill("never mind");
  await ada.keyboard.press("Escape");
  await expect.poll(() => box.count()).toBe(0);
  expect((await texts(ada)).at(-1)).toBe(`A typo ${RUN}`);
  // Back where it came from.
  expect(await focusedLabel(ada)).toBe(`Edit “A typo ${RUN}”`);
  expect(await row(ada, "It glows.").getByRole("button").count()).toBe(0);
});

test("a message of one's own is deleted by keyboard, after a question", async () => {
  await composer(ada, LAB).focus();
  await write(ada, "Forget this");
  await expect.poll(() => texts(grace)).toContain(`Forget this ${RUN}`);
  await ada.keyboard.press("Shift+Tab");
  await expect.poll(() => focusedLabel(ada)).toBe(`Delete “Forget this ${RUN}”`);
  await inspect(ada, "message-tools");
  // The arrows lead to the other messages of mine.
  await ada.keyboard.press("ArrowUp");
  expect(await focusedLabel(ada)).toBe(`Edit “A typo ${RUN}”`);
  await ada.keyboard.press("ArrowDown");
  await ada.keyboard.press("Tab");
  await ada.keyboard.press("Enter");
  await heading(ada, "Delete this message?").waitFor();
  await inspect(ada, "delete");
  await pressUntil(ada, "Tab", "Delete");
  await ada.keyboard.press("Enter");
  for (const page of [ada, grace]) {
    await expect.poll(() => texts(page)).not.toContain(`Forget this ${RUN}`);
  }
  expect(await ada.evaluate(() => document.activeElement?.getAttribute("role"))).toBe("log");
});

test("a text that is emptied may be meant to go", async () => {
  await composer(grace, LAB).focus();
  await write(grace, "Of no use");
  await expect.poll(() => texts(ada)).toContain(`Of no use ${RUN}`);
  await grace.keyboard.press("ArrowUp");
  const box = grace.getByRole("textbox", { name: "Edit your message" });
  await box.fill("");
  await grace.keyboard.press("Enter");
  await heading(grace, "Delete this message?").waitFor();
  await inspect(grace, "delete-emptied");
  await pressUntil(grace, "Tab", "Delete");
  await grace.keyboard.press("Enter");
  await expect.poll(() => texts(ada)).not.toContain(`Of no use ${RUN}`);
  await expect.poll(() => focusedId(grace)).toBe("composer");
});

test("a reloaded page shows today's state", async () => {
  const now = [`Is it on? ${RUN}`, `It glows. ${RUN}`, `Anybody here? ${RUN}`, `A typo ${RUN}`];
  for (const page of [ada, grace]) {
    await page.reload();
    await expect.poll(() => texts(page)).toEqual(now);
    await row(page, "A typo").getByText("(edited)").waitFor();
  }
});

test("a change made offline is saved later, once", async () => {
  const edits: string[] = [];
  const watching = await adasContext.newPage();
  watching.on("websocket", (socket) =>
    socket.on("framereceived", ({ payload }) => {
      const frame = JSON.parse(String(payload)) as { event?: string };
      if (frame.event === "changes") edits.push(String(payload));
    }),
  );
  await watching.goto(`${server.url}/rooms/${LAB}`);
  await watching.getByText(`It glows. ${RUN}`).waitFor();
  wire.cut();
  await grace.getByText("You are offline.").waitFor();
  await composer(grace, LAB).focus();
  await grace.keyboard.press("ArrowUp");
  await grace.getByRole("textbox", { name: "Edit your message" }).fill(`Everybody out? ${RUN}`);
  await grace.keyboard.press("Enter");
  await row(grace, "Everybody out?").getByText("Waiting to be saved").waitFor();
  await inspect(grace, "edit-offline");
  // It waits in the storage, too: a reload forgets nothing.
  wire.mend();
  await grace.reload();
  for (const page of [watching, ada, grace]) {
    await expect
      .poll(() => texts(page), { timeout: 40_000 })
      .toEqual([`Is it on? ${RUN}`, `It glows. ${RUN}`, `Everybody out? ${RUN}`, `A typo ${RUN}`]);
  }
  expect(await grace.getByText("Waiting to be saved").count()).toBe(0);
  await write(grace, "Back again");
  await expect.poll(() => texts(watching)).toContain(`Back again ${RUN}`);
  expect(edits).toHaveLength(1);
  await watching.close();
});

test("the address of a room that one is not in offers to join it", async () => {
  await ada.goto(`${server.url}/create-room`);
  await online(ada).waitFor();
  await ada.locator("#room").fill(ATTIC);
  await ada.keyboard.press("Enter");
  await composer(ada, ATTIC).waitFor();
  await write(ada, "Old things");
  await grace.goto(`${wire.url}/rooms/${ATTIC}`);
  await heading(grace, `You are not in ${ATTIC}`).waitFor();
  expect(await composer(grace, ATTIC).count()).toBe(0);
  await inspect(grace, "join-room");
  await tabToButton(grace, "Join");
  await grace.keyboard.press("Enter");
  await expect.poll(() => texts(grace)).toEqual([`Old things ${RUN}`]);
});

test("the address of no room says so", async () => {
  await grace.goto(`${wire.url}/rooms/nowhere-${RUN}`);
  await heading(grace, `You are not in nowhere-${RUN}`).waitFor();
  await tabToButton(grace, "Join");
  await grace.keyboard.press("Enter");
  await grace.getByText(`There is no room called nowhere-${RUN}.`).waitFor();
  await inspect(grace, "join-room-none");
});

test("back and forward lead through the rooms; an address that is none leads to general", async () => {
  await ada.goto(`${server.url}/rooms/No such name`);
  await composer(ada).waitFor();
  expect(pathOf(ada)).toBe("/");
  await entry(ada, LAB).click();
  await composer(ada, LAB).waitFor();
  await entry(ada, ATTIC).click();
  await composer(ada, ATTIC).waitFor();
  await ada.goBack();
  await composer(ada, LAB).waitFor();
  await expect.poll(() => texts(ada)).toContain(`It glows. ${RUN}`);
  await ada.goForward();
  await composer(ada, ATTIC).waitFor();
  await expect.poll(() => texts(ada)).toEqual([`Old things ${RUN}`]);
});

test("a second window of the same person follows", async () => {
  const second = await open(adasContext, `${server.url}/rooms/${ATTIC}`);
  await expect.poll(() => texts(second)).toEqual([`Old things ${RUN}`]);
  await second.keyboard.press("ArrowUp");
  await second.getByRole("textbox", { name: "Edit your message" }).fill(`Very old ${RUN}`);
  await second.keyboard.press("Enter");
  await expect.poll(() => texts(ada)).toEqual([`Very old ${RUN}`]);

  await second.goto(`${server.url}/create-room`);
  await online(second).waitFor();
  await second.locator("#room").fill(`cellar-${RUN}`);
  await second.keyboard.press("Enter");
  await composer(second, `cellar-${RUN}`).waitFor();
  await entry(ada, `cellar-${RUN}`).click();
  await composer(ada, `cellar-${RUN}`).waitFor();

  await second.getByRole("button", { name: `Leave cellar-${RUN}` }).click();
  await heading(second, `Leave cellar-${RUN}?`).waitFor();
  await second.getByRole("button", { name: "Leave", exact: true }).click();
  await composer(second).waitFor();
  await heading(ada, `You are not in cellar-${RUN}`).waitFor();
  expect(await entry(ada, `cellar-${RUN}`).count()).toBe(0);
  await second.close();
});

test("what hovers nowhere has a button of its own", async () => {
  const context = await browser.newContext({ viewport: NARROW, hasTouch: true, isMobile: true });
  const page = await open(context, server.url);
  await logIn(page, `ada${RUN}`, PASSWORD);
  await online(page).waitFor();
  await page.goto(`${server.url}/rooms/${ATTIC}`);
  await row(page, "Very old").waitFor();
  const edit = row(page, "Very old").getByRole("button", { name: /^Edit/ });
  expect(await edit.isVisible()).toBe(false);
  await row(page, "Very old")
    .getByRole("button", { name: /^Change/ })
    .tap();
  await inspect(page, "touch", [NARROW]);
  await edit.tap();
  await page.getByRole("textbox", { name: "Edit your message" }).fill(`Ancient ${RUN}`);
  await page.getByRole("button", { name: "Save" }).tap();
  await expect.poll(() => texts(page)).toEqual([`Ancient ${RUN}`]);
  await context.close();
});

test("a room is left by keyboard, after a question; general cannot be left", async () => {
  await grace.goto(`${wire.url}/rooms/${LAB}`);
  await composer(grace, LAB).waitFor();
  await online(grace).waitFor();
  await pressUntil(grace, "Shift+Tab", `Leave ${LAB}`);
  await grace.keyboard.press("Enter");
  await heading(grace, `Leave ${LAB}?`).waitFor();
  await inspect(grace, "leave");
  await pressUntil(grace, "Tab", "Leave");
  await grace.keyboard.press("Enter");
  await composer(grace).waitFor();
  expect(pathOf(grace)).toBe("/");
  expect(await grace.getByRole("button", { name: /^Leave/ }).count()).toBe(0);
  await openDrawer(grace);
  expect(await entry(grace, LAB).count()).toBe(0);
  await grace.keyboard.press("Escape");

  await entry(ada, LAB).click();
  await ada.getByRole("listitem").getByText(`${GRACE} left`).waitFor();
  await inspect(ada, "room");
});

test("who opens too many windows is told so in the oldest, and may go on there", async () => {
  const context = await browser.newContext();
  const page = await open(context, server.url);
  // As many sockets as windows would have, without the windows.
  await page.evaluate(
    async ({ login, password, count }) => {
      const post = async (path: string, body: unknown, token = ""): Promise<never> => {
        const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
        const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
        return (await answer.json()) as never;
      };
      const { accessToken } = await post("/v1/sessions", { login, password });
      const { websocketUrl = `ws://${location.host}/ws` } = await (
        await fetch("/config.json")
      ).json();
      for (let i = 0; i < count; i++) {
        const { ticket } = await post("/v1/tickets", {}, accessToken);
        const socket = new WebSocket(`${websocketUrl}?token=${String(ticket)}`);
        await new Promise((done) => socket.addEventListener("open", done));
      }
    },
    { login: `ada${RUN}`, password: PASSWORD, count: SOCKETS },
  );
  await ada.getByText(`You opened Parley in more than ${SOCKETS} places.`).waitFor();
  await inspect(ada, "too-many-windows");
  await context.close();
  await ada.getByRole("button", { name: "Connect again" }).click();
  await online(ada).waitFor();
});

test("the browser had nothing to complain about", () => {
  expect(complaints).toEqual([]);
});
