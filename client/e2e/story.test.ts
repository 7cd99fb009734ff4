import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { inspect, NARROW, startBrowser } from "./browser.ts";
import {
  complaints,
  composer,
  heading,
  logIn,
  online,
  open,
  PASSWORD,
  passwordField,
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
  adasContext = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  const gracesContext = await browser.newContext({ viewport: { width: 360, height: 640 } });
  ada = await open(adasContext, server.url);
  grace = await open(gracesContext, wire.url);
});

afterAll(async () => {
  await browser?.close();
  await wire?.close();
  await server?.stop();
});

/** Retries in vain until the next attempt is at least so many seconds away. */
async function failUntilWaiting(page: Page, seconds: number): Promise<void> {
  const retry = page.getByRole("button", { name: "Retry now" });
  await expect
    .poll(async () => {
      const next = await page.getByText(/^Retry(ing…| in )/).textContent();
      const wait = Number(/\d+/.exec(next ?? "")?.[0] ?? 0);
      if (wait < seconds) await retry.click();
      return wait;
    })
    .toBeGreaterThanOrEqual(seconds);
}

/** Makes the page believe that it is behind another tab, or in front again. */
async function setHidden(page: Page, hidden: boolean): Promise<void> {
  await page.evaluate((value) => {
    const visibilityState = value ? "hidden" : "visible";
    Object.defineProperty(document, "hidden", { configurable: true, value });
    Object.defineProperty(document, "visibilityState", {
      configurable: true,
      value: visibilityState,
    });
    document.dispatchEvent(new Event("visibilitychange"));
  }, hidden);
}

test("the log-in and sign-up pages say what is wrong, beside the field", async () => {
  await heading(ada, "Log in to Parley").waitFor();
  await inspect(ada, "log-in");
  await pressUntil(ada, "Tab", "Create an account");
  await ada.keyboard.press("Enter");
  await heading(ada, "Create your account").waitFor();
  await tabTo(ada, "username");
  await inspect(ada, "sign-up");
  await ada.keyboard.press("Enter");
  const name = ada.getByLabel("User name");
  await expect.poll(() => name.getAttribute("aria-invalid")).toBe("true");
  expect(await name.evaluate((field) => field === document.activeElement)).toBe(true);
  await inspect(ada, "sign-up-errors");
  await ada.goBack();
});

test("a wrong password is refused in words", async () => {
  await logIn(ada, `nobody${RUN}`, "certainly wrong");
  const problem = ada.locator("[role=alert] p, .note.error").first();
  await problem.waitFor();
  expect((await problem.textContent())?.trim()).not.toBe("");
  await inspect(ada, "log-in-refused");
  await ada.reload();
});

test("two people sign up and talk, by keyboard alone", async () => {
  await signUp(ada, `ada${RUN}`);
  await signUp(grace, `grace${RUN}`);
  await write(ada, "Hello, Grace!");
  await expect.poll(() => texts(grace)).toEqual([`Hello, Grace! ${RUN}`]);
  await write(grace, "Hello, Ada!");
  await expect.poll(() => texts(ada)).toHaveLength(2);
  const names = await ada.locator("[data-key] .name").allTextContents();
  expect(names.slice(-2)).toEqual(["You", `grace${RUN}`]);
});

test("a taken name is refused beside the field", async () => {
  const context = await browser.newContext();
  const page = await open(context, server.url);
  await heading(page, "Log in to Parley").waitFor();
  await pressUntil(page, "Tab", "Create an account");
  await page.keyboard.press("Enter");
  await page.getByLabel("User name").fill(`ada${RUN}`);
  await passwordField(page).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.locator("#username-note.error").waitFor();
  await context.close();
});

test("an account that could not be logged in to is not made twice", async () => {
  const context = await browser.newContext();
  const page = await open(context, server.url);
  await page.route("**/v1/sessions", (route) => route.fulfill({ status: 503 }), { times: 1 });
  await heading(page, "Log in to Parley").waitFor();
  await pressUntil(page, "Tab", "Create an account");
  await page.keyboard.press("Enter");
  await page.getByLabel("User name").fill(`mary${RUN}`);
  await passwordField(page).fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByText("Your account is there; logging in failed: ").waitFor();
  await heading(page, "Log in to your new account").waitFor();
  expect(await page.getByLabel("User name").inputValue()).toBe(`mary${RUN}`);
  await pressUntil(page, "Tab", "Log in");
  await page.keyboard.press("Enter");
  await online(page).waitFor();
  await context.close();
});

test("markup is shown as the text that it is", async () => {
  const markup = `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><b>bold</b>`;
  await write(ada, markup);
  await expect.poll(() => texts(grace)).toContain(`${markup} ${RUN}`);
  expect(await grace.locator(".text *").count()).toBe(0);
  expect(await grace.evaluate(() => "hacked" in window)).toBe(false);
});

test("Shift+Enter starts a new line; blank text is not sent", async () => {
  const before = (await texts(ada)).length;
  await ada.keyboard.press("Enter");
  await ada.keyboard.type("one");
  await ada.keyboard.press("Shift+Enter");
  await write(ada, "two");
  await expect.poll(() => texts(grace)).toHaveLength(before + 1);
  expect((await texts(grace)).at(-1)).toBe(`one\ntwo ${RUN}`);
});

test("a text that is too long is refused before it is sent", async () => {
  await composer(ada).fill("ü".repeat(4_097));
  await ada.keyboard.press("Enter");
  await ada.getByText("Too long by 2 bytes").waitFor();
  await inspect(ada, "too-long");
  await composer(ada).fill("");
});

test("who was cut off sees all exactly once, in order, without a reload", async () => {
  const before = await texts(grace);
  wire.cut();
  await grace.getByText("You are offline.").waitFor();
  await write(grace, "written offline 1");
  await write(grace, "written offline 2");
  await write(ada, "meanwhile 1");
  await write(ada, "meanwhile 2");
  await expect.poll(() => texts(ada)).toHaveLength(before.length + 2);
  await grace.getByText("Waiting to be sent").first().waitFor();
  await inspect(grace, "offline");
  await ada.waitForTimeout(1_000);
  wire.mend();
  await expect
    .poll(() => texts(grace), { timeout: 40_000 })
    .toEqual([
      ...before,
      ...["meanwhile 1", "meanwhile 2", "written offline 1", "written offline 2"].map(
        (text) => `${text} ${RUN}`,
      ),
    ]);
  await expect.poll(() => texts(ada)).toEqual(await texts(grace));
  expect(await grace.getByText("Waiting to be sent").count()).toBe(0);
});

test("a network that goes away in silence is noticed by the browser's word", async () => {
  wire.freeze();
  await grace.context().setOffline(true);
  // Far sooner than silence alone would be noticed, which takes minutes.
  await grace.getByText("You are offline.").waitFor({ timeout: 5_000 });
});

test("a network that comes back is noticed by the browser's word", async () => {
  await write(ada, "while the network was away");
  await failUntilWaiting(grace, 20);
  await grace.context().setOffline(false);
  // By itself it would have gone on waiting for longer.
  await grace.getByText("Connecting…").waitFor({ timeout: 10_000 });
  await inspect(grace, "connecting");
  wire.mend();
  await expect.poll(() => texts(grace)).toContain(`while the network was away ${RUN}`);
  expect(await texts(grace)).toEqual(await texts(ada));
});

test("older messages come on scrolling up, and what is read stays in place", async () => {
  for (let i = 1; i <= 60; i++) await write(ada, `line ${i}`);
  await expect.poll(() => texts(grace), { timeout: 30_000 }).toContain(`line 60 ${RUN}`);
  await grace.reload();
  await online(grace).waitFor();
  await grace.getByText(`line 60 ${RUN}`).waitFor();
  expect(await texts(grace)).not.toContain(`Hello, Grace! ${RUN}`);

  const log = grace.getByRole("log");
  await log.focus();
  await grace.keyboard.press("PageUp");
  await grace.getByRole("button", { name: "Latest messages" }).waitFor();
  // In one step, or the older messages would be there before we have looked.
  const reading = await log.evaluate((box) => {
    box.scrollTop = 0;
    const row = box.querySelector<HTMLElement>("[data-key]");
    return { key: row?.dataset["key"] ?? "", top: row?.getBoundingClientRect().top ?? 0 };
  });
  await expect.poll(() => texts(grace)).toContain(`Hello, Grace! ${RUN}`);
  const row = await grace.locator(`[data-key="${reading.key}"]`).boundingBox();
  expect(Math.abs((row?.y ?? Infinity) - reading.top)).toBeLessThan(2);
  expect(await texts(grace)).toEqual(await texts(ada));
  await inspect(grace, "history");
});

test("news below are counted, and a button leads there", async () => {
  await grace.getByRole("log").evaluate((log) => (log.scrollTop = 0));
  await write(ada, "news");
  const button = grace.getByRole("button", { name: "1 new message" });
  await button.waitFor();
  await inspect(grace, "news-below");
  await button.focus();
  await grace.keyboard.press("Enter");
  await expect
    .poll(() =>
      grace.getByRole("log").evaluate((log) => log.scrollHeight - log.scrollTop - log.clientHeight),
    )
    .toBeLessThan(2);
  expect(await button.count()).toBe(0);
});

test("the title of a hidden page counts what others wrote meanwhile", async () => {
  expect(await grace.title()).toBe("general · Parley");
  await setHidden(grace, true);
  await write(ada, "unseen 1");
  await write(ada, "unseen 2");
  await composer(grace).focus();
  await write(grace, "my own");
  await expect.poll(() => texts(ada)).toContain(`my own ${RUN}`);
  await expect.poll(() => grace.title()).toBe("(2) general · Parley");
  await setHidden(grace, false);
  await expect.poll(() => grace.title()).toBe("general · Parley");
});

test("a reload keeps the session and the draft", async () => {
  await composer(ada).fill("a thought not yet finish");
  await ada.reload();
  await online(ada).waitFor();
  expect(await composer(ada).inputValue()).toBe("a thought not yet finish");
  await composer(ada).fill("");
  await ada.getByText(`news ${RUN}`).waitFor();
  await inspect(ada, "chat");
});

test("several windows of one person show the same", async () => {
  const second = await open(adasContext, server.url);
  await online(second).waitFor();
  await second.getByText(`news ${RUN}`).waitFor();
  await composer(second).focus();
  await write(second, "from the second window");
  await composer(ada).focus();
  await write(ada, "from the first window");
  for (const page of [ada, second, grace]) {
    await expect
      .poll(async () => (await texts(page)).slice(-2))
      .toEqual([`from the second window ${RUN}`, `from the first window ${RUN}`]);
  }
  await second.close();
});

test("logging out ends the session", async () => {
  await pressUntil(ada, "Shift+Tab", "Log out");
  await ada.keyboard.press("Enter");
  await heading(ada, "Log in to Parley").waitFor();
  await ada.reload();
  await logIn(ada, `ada${RUN}`, PASSWORD);
  await online(ada).waitFor();
});

test("logging out with unsent messages asks first", async () => {
  wire.cut();
  await grace.getByText("You are offline.").waitFor();
  await composer(grace).focus();
  await write(grace, "never sent");
  await pressUntil(grace, "Shift+Tab", "Rooms");
  await grace.keyboard.press("Enter");
  await pressUntil(grace, "Tab", "Log out");
  await grace.keyboard.press("Enter");
  await heading(grace, "Log out now?").waitFor();
  await inspect(grace, "log-out", [NARROW]);
  await grace.keyboard.press("Escape");
  await grace.keyboard.press("Escape");
  wire.mend();
  await expect.poll(() => texts(ada), { timeout: 40_000 }).toContain(`never sent ${RUN}`);
});

test("the browser had nothing to complain about", () => {
  expect(complaints).toEqual([]);
});
