import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";

import { inspect, startBrowser } from "./browser.ts";
import { mailCount, mailedLink } from "./mailbox.ts";
import {
  complaints,
  composer,
  focusedDescription,
  heading,
  logIn,
  online,
  open,
  passwordField,
  pressUntil,
  tabTo,
} from "./pages.ts";
import { startLaptop } from "./server.ts";
import type { Server } from "./server.ts";

const ADDRESS = "ada@example.org";
const SECOND_ADDRESS = "ada.lovelace@example.com";
const FIRST_PASSWORD = "plover quarry 41 windmill";
const SECOND_PASSWORD = "lantern 77 over the estuary";
const THIRD_PASSWORD = "no 3 cormorant stays dry";
/** Within this time a socket whose session has ended is told, in milliseconds. */
const TOLD_MS = 5_000;

let server: Server;
let browser: Browser;
let adasContext: BrowserContext;
let otherContext: BrowserContext;
let ada: Page;

beforeAll(async () => {
  server = await startLaptop({ VERIFY_EMAIL: "on" });
  browser = await startBrowser();
  adasContext = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  otherContext = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  ada = await open(adasContext, server.url);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function openAccount(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Your account" }).focus();
  await page.keyboard.press("Enter");
  await heading(page, "Your account").waitFor();
}

const sessions = (page: Page) =>
  page.getByRole("region", { name: "Where you are logged in" }).getByRole("listitem");

async function logInElsewhere(password: string): Promise<Page> {
  const page = await open(otherContext, server.url);
  await logIn(page, "ada", password);
  await online(page).waitFor();
  return page;
}

test("a new account waits for its address to be confirmed", async () => {
  await heading(ada, "Log in to Parley").waitFor();
  await pressUntil(ada, "Tab", "Create an account");
  await ada.keyboard.press("Enter");
  await heading(ada, "Create your account").waitFor();
  await tabTo(ada, "username");
  await ada.keyboard.type("ada");
  await tabTo(ada, "password");
  await ada.keyboard.type(FIRST_PASSWORD);
  await ada.keyboard.press("Enter");
  // The address is needed here, and nothing that was entered is lost.
  await expect.poll(() => ada.evaluate(() => document.activeElement?.id)).toBe("email");
  await ada.getByText("Enter your e-mail address.").waitFor();
  expect(await passwordField(ada).inputValue()).toBe(FIRST_PASSWORD);
  await inspect(ada, "sign-up-email-missing");
  await ada.keyboard.type(ADDRESS);
  await ada.keyboard.press("Enter");
  await heading(ada, "Look into your mail").waitFor();
  await ada.getByText(ADDRESS).waitFor();
  expect(await ada.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  expect(await ada.title()).toBe("Look into your mail · Parley");
  await inspect(ada, "look-into-your-mail");
});

test("a mistyped address is mended under another name", async () => {
  const page = await open(otherContext, `${server.url}/sign-up`);
  await page.getByLabel("User name").fill("bob");
  await page.getByLabel("E-mail").fill("bbo@example.org");
  await passwordField(page).fill(FIRST_PASSWORD);
  await page.keyboard.press("Enter");
  await heading(page, "Look into your mail").waitFor();
  await pressUntil(page, "Tab", "Sign up with another name");
  await page.keyboard.press("Enter");
  await heading(page, "Create your account").waitFor();
  expect(await page.getByLabel("User name").inputValue()).toBe("");
  // It is there to be mended.
  expect(await page.getByLabel("E-mail").inputValue()).toBe("bbo@example.org");
  await page.getByLabel("User name").fill("bobby");
  await page.getByLabel("E-mail").fill("bob@example.org");
  await passwordField(page).fill(FIRST_PASSWORD);
  await page.keyboard.press("Enter");
  await heading(page, "Look into your mail").waitFor();
  await mailedLink(server, "bob@example.org");
  await page.close();
});

test("logging in before that offers the link once more", async () => {
  await mailedLink(server, ADDRESS);
  const before = await mailCount(server, ADDRESS);
  await pressUntil(ada, "Tab", "Log in");
  await ada.keyboard.press("Enter");
  await logIn(ada, "ada", FIRST_PASSWORD);
  const again = ada.getByRole("button", { name: "Send the link again" });
  await again.waitFor();
  await inspect(ada, "log-in-not-verified");
  await again.focus();
  await ada.keyboard.press("Enter");
  await ada.getByText("Sent.").waitFor();
  await mailedLink(server, ADDRESS, before);
});

test("the mailed link confirms the address, by a click, and leads to the chat", async () => {
  const link = await mailedLink(server, ADDRESS);
  const token = new URLSearchParams(new URL(link).hash.slice(1)).get("token") ?? "";
  const told: string[] = [];
  const page = await adasContext.newPage();
  page.on("request", (request) => {
    const said = `${request.url()} ${JSON.stringify(request.headers())}`;
    if (!request.isNavigationRequest() && said.includes(token)) told.push(said);
    if (request.postData()?.includes(token) === true) told.push(new URL(request.url()).pathname);
  });
  await page.goto(link);
  await heading(page, "Confirm your e-mail address").waitFor();
  expect(new URL(page.url()).hash).toBe("");
  await inspect(page, "verify");
  // Opening the link alone has confirmed nothing.
  expect(told).toEqual([]);
  await pressUntil(page, "Tab", "Confirm e-mail address");
  await page.keyboard.press("Enter");
  await heading(page, "Your address is confirmed").waitFor();
  expect(told).toEqual(["/v1/emails/verify"]);
  await page.getByText(ADDRESS).waitFor();
  await inspect(page, "verified");
  await pressUntil(page, "Tab", "Log in");
  await page.keyboard.press("Enter");
  await heading(page, "Log in to Parley").waitFor();
  expect(await page.getByLabel("User name or e-mail").inputValue()).toBe("ada");
  await page.close();

  await logIn(ada, ADDRESS, FIRST_PASSWORD);
  await online(ada).waitFor();
  await composer(ada).focus();
  await ada.keyboard.insertText("Hello from a confirmed address!");
  await ada.keyboard.press("Enter");
  await ada.locator(".text").getByText("Hello from a confirmed address!").waitFor();
});

test("a link is good once", async () => {
  const page = await open(otherContext, await mailedLink(server, ADDRESS));
  await page.getByRole("button", { name: "Confirm e-mail address" }).click();
  await heading(page, "This link no longer works").waitFor();
  await inspect(page, "verify-used");
  await page.close();
});

test("a forgotten password is reset by a mailed link, and every session ends", async () => {
  const before = await mailCount(server, ADDRESS);
  const page = await open(otherContext, server.url);
  await heading(page, "Log in to Parley").waitFor();
  await pressUntil(page, "Tab", "Forgot your password?");
  await page.keyboard.press("Enter");
  await heading(page, "Forgot your password?").waitFor();
  await tabTo(page, "login");
  await inspect(page, "forgot");
  await page.keyboard.type("ada");
  await page.keyboard.press("Enter");
  await heading(page, "Look into your mail").waitFor();
  await inspect(page, "forgot-sent");

  await page.goto(await mailedLink(server, ADDRESS, before));
  await heading(page, "Choose a new password").waitFor();
  expect(new URL(page.url()).hash).toBe("");
  await inspect(page, "reset");
  await tabTo(page, "password");
  await page.keyboard.type("1234567890");
  await page.keyboard.press("Enter");
  await page.locator("#password-note.error").waitFor();
  expect(await passwordField(page, "New password").inputValue()).toBe("1234567890");
  await inspect(page, "reset-too-easy");
  await passwordField(page, "New password").fill(SECOND_PASSWORD);
  await page.keyboard.press("Enter");

  await ada.getByText("Your password was reset.").waitFor({ timeout: TOLD_MS });
  // Who cannot see the page hears why it is another.
  expect(await focusedDescription(ada)).toBe("Your password was reset.");
  await inspect(ada, "session-ended");
  await page.getByText("Your password is set. Log in with it.").waitFor();
  await page.close();
});

test("from then on the new password counts, and the old one does not", async () => {
  await logIn(ada, "ada", FIRST_PASSWORD);
  await ada.locator("[role=alert] p").waitFor();
  await passwordField(ada).fill(SECOND_PASSWORD);
  await ada.keyboard.press("Enter");
  await online(ada).waitFor();
  await ada.locator(".text").getByText("Hello from a confirmed address!").waitFor();
});

test("the account page is reached and left by keyboard, and by the browser's history", async () => {
  await openAccount(ada);
  expect(await ada.title()).toBe("Your account · Parley");
  expect(await ada.evaluate(() => document.activeElement?.textContent)).toBe("Your account");
  await ada.goBack();
  await online(ada).waitFor();
  expect(await ada.title()).toBe("general · Parley");
  await ada.goForward();
  await heading(ada, "Your account").waitFor();
  // A deep link.
  await ada.reload();
  await heading(ada, "Your account").waitFor();
  await pressUntil(ada, "Tab", "← Back to the chat");
  await ada.keyboard.press("Enter");
  await online(ada).waitFor();
});

test("another session can be ended, and its page is told", async () => {
  const other = await logInElsewhere(SECOND_PASSWORD);
  await openAccount(ada);
  await expect.poll(() => sessions(ada).count()).toBe(2);
  expect(await ada.getByText("This browser", { exact: true }).count()).toBe(1);
  await expect.poll(() => sessions(ada).first().textContent()).toContain("Chrome");
  await inspect(ada, "account");
  await ada.getByRole("button", { name: /^End / }).focus();
  await ada.keyboard.press("Enter");
  await other.getByText("This session was ended.").waitFor({ timeout: TOLD_MS });
  await expect.poll(() => sessions(ada).count()).toBe(1);
  await ada.getByText("That session has ended.").waitFor();
  await other.close();
});

test("all other sessions can be ended at once, and this one goes on", async () => {
  // Each in a browser of its own: one browser has one session.
  const contexts = [await browser.newContext(), await browser.newContext()];
  const others: Page[] = [];
  for (const context of contexts) {
    const page = await open(context, server.url);
    await logIn(page, "ada", SECOND_PASSWORD);
    await online(page).waitFor();
    others.push(page);
  }
  await ada.reload();
  await expect.poll(() => sessions(ada).count()).toBe(3);
  await pressUntil(ada, "Tab", "End all others");
  await ada.keyboard.press("Enter");
  await ada.getByText("All other sessions have ended.").waitFor();
  await expect
    .poll(() => ada.evaluate(() => document.activeElement?.textContent))
    .toBe("Where you are logged in");
  expect(await sessions(ada).count()).toBe(1);
  for (const page of others) {
    await page.getByText("This session was ended.").waitFor({ timeout: TOLD_MS });
  }
  for (const context of contexts) await context.close();
});

test("a second address is added by its link, and either can go, but not both", async () => {
  const region = ada.getByRole("region", { name: "E-mail addresses" });
  expect(await region.getByRole("button", { name: /^Remove/ }).count()).toBe(0);
  await region.getByText("Add an address").focus();
  await ada.keyboard.press("Enter");
  await tabTo(ada, "new-email");
  await ada.keyboard.type(SECOND_ADDRESS);
  await tabTo(ada, "email-password");
  await ada.keyboard.type(FIRST_PASSWORD);
  await ada.keyboard.press("Enter");
  await ada.locator("#email-password-note.error").waitFor();
  expect(await ada.evaluate(() => document.activeElement?.id)).toBe("email-password");
  await inspect(ada, "account-wrong-password");
  await ada.locator("#email-password").fill(SECOND_PASSWORD);
  await ada.keyboard.press("Enter");
  await region.getByText(`We have sent a link to ${SECOND_ADDRESS}.`).waitFor();

  const page = await open(adasContext, await mailedLink(server, SECOND_ADDRESS));
  await page.getByRole("button", { name: "Confirm e-mail address" }).click();
  await heading(page, "Your address is confirmed").waitFor();
  await page.close();
  await ada.reload();
  await region.getByRole("listitem").getByText(SECOND_ADDRESS).first().waitFor();
  await region.getByRole("button", { name: `Remove ${ADDRESS}` }).focus();
  await ada.keyboard.press("Enter");
  await region.getByText("To remove it, add another one first.").waitFor();
  expect(await region.getByRole("listitem").count()).toBe(1);
});

test("a changed password ends the other sessions, and not this one", async () => {
  const other = await logInElsewhere(SECOND_PASSWORD);
  const region = ada.getByRole("region", { name: "Password" });
  await region.getByText("Change your password").focus();
  await ada.keyboard.press("Enter");
  await tabTo(ada, "current");
  await ada.keyboard.type(FIRST_PASSWORD);
  await tabTo(ada, "password");
  await ada.keyboard.type(THIRD_PASSWORD);
  await ada.keyboard.press("Enter");
  await ada.locator("#current-note.error").waitFor();
  await ada.locator("#current").fill(SECOND_PASSWORD);
  await ada.keyboard.press("Enter");
  await region.getByText("Your password is changed.").waitFor();
  await other.getByText("Your password was changed.").waitFor({ timeout: TOLD_MS });
  await other.close();
  await ada.reload();
  await expect.poll(() => sessions(ada).count()).toBe(1);
});

test("all sessions can be ended at once", async () => {
  const other = await logInElsewhere(THIRD_PASSWORD);
  await ada.getByRole("button", { name: "Log out everywhere" }).focus();
  await ada.keyboard.press("Enter");
  await heading(ada, "Log in to Parley").waitFor();
  await other.getByText("This session was ended.").waitFor({ timeout: TOLD_MS });
  await ada.reload();
  // Still the address of the account page, which is where logging in leads to.
  await logIn(ada, SECOND_ADDRESS, THIRD_PASSWORD);
  await heading(ada, "Your account").waitFor();
});

test("an account that an administrator made begins with its link, and ends with their word", async () => {
  const closed = await startLaptop({ SIGNUP: "closed" });
  try {
    const made = await closed.admin("create-user", "grace");
    const [link] = /https?:\S+/.exec(made) ?? [];
    const page = await open(otherContext, link ?? "about:blank");
    await heading(page, "Welcome to Parley").waitFor();
    await page.getByText("For the account grace.").waitFor();
    await inspect(page, "welcome");
    // What a password manager keeps the password under.
    expect(await page.locator("[autocomplete=username]").inputValue()).toBe("grace");
    // Sent while it is shown: by then it is hidden, or the browser would keep it as plain text.
    const types: (string | null)[] = [];
    await page.route("**/v1/password/reset", async (route) => {
      types.push(await passwordField(page).getAttribute("type"));
      await route.continue();
    });
    await page.getByRole("button", { name: "Show password" }).click();
    expect(await passwordField(page).getAttribute("type")).toBe("text");
    await passwordField(page).fill(FIRST_PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByText("Your password is set. Log in with it.").waitFor();
    expect(types).toEqual(["password"]);
    await page.unroute("**/v1/password/reset");
    expect(await page.getByLabel("User name or e-mail").inputValue()).toBe("grace");
    await passwordField(page).fill(FIRST_PASSWORD);
    await page.keyboard.press("Enter");
    await online(page).waitFor();

    // A link for somebody else, in the browser where grace is logged in.
    const [other] = /https?:\S+/.exec(await closed.admin("create-user", "alan")) ?? [];
    await page.goto(other ?? "about:blank");
    await passwordField(page).fill(SECOND_PASSWORD);
    await page.keyboard.press("Enter");
    await heading(page, "Your password is set").waitFor();
    await page.getByText("grace is logged in here.").waitFor();
    await inspect(page, "password-set-for-another");
    await page.getByRole("link", { name: "Go to the chat as grace" }).click();
    await online(page).waitFor();

    // The same for a third one, who takes over.
    const [third] = /https?:\S+/.exec(await closed.admin("create-user", "edsger")) ?? [];
    await page.goto(third ?? "about:blank");
    await passwordField(page).fill(SECOND_PASSWORD);
    await page.keyboard.press("Enter");
    await heading(page, "Your password is set").waitFor();
    await pressUntil(page, "Tab", "Log grace out");
    await page.keyboard.press("Enter");
    await heading(page, "Log in to Parley").waitFor();
    expect(await page.getByLabel("User name or e-mail").inputValue()).toBe("edsger");
    await logIn(page, "grace", FIRST_PASSWORD);
    await online(page).waitFor();

    await closed.admin("disable", "grace");
    await page.getByText("Your account has been disabled.", { exact: true }).waitFor();
    await page.close();
  } finally {
    await closed.stop();
  }
});

test("a log-out whose answer is lost is a log-out", async () => {
  await ada.goto(server.url);
  await online(ada).waitFor();
  const draft = "for nobody else's eyes";
  await composer(ada).fill(draft);
  await ada.route("**/v1/sessions/current", async (route) => {
    await route.fetch();
    await ada.getByText("Disconnected").waitFor();
    await route.fulfill({ status: 503, body: "" });
  });
  await ada.getByRole("button", { name: "Log out" }).click();
  await heading(ada, "Log in to Parley").waitFor();
  await ada.unroute("**/v1/sessions/current");
  expect(await ada.evaluate(() => JSON.stringify(sessionStorage))).not.toContain(draft);
});

test("a server that is too busy says so itself, and when to come again", async () => {
  const page = await open(await browser.newContext(), "about:blank");
  const detail = "Too many attempts. Please wait a little.";
  await page.route("**/v1/sessions/refresh", (route) =>
    route.fulfill({
      status: 429,
      contentType: "application/problem+json",
      body: JSON.stringify({ status: 429, code: "rate_limited", detail, retryAfter: 4 }),
    }),
  );
  await page.goto(server.url);
  await page.getByRole("alert").getByText(detail).waitFor();
  await page.getByRole("button", { name: /^Try again in \d s$/ }).waitFor();
  await inspect(page, "refused-at-first");
  // Without any answer it is the connection.
  await page.unroute("**/v1/sessions/refresh");
  await page.route("**/v1/sessions/refresh", (route) => route.abort());
  await page.getByRole("button", { name: "Try again", exact: true }).click();
  await page.getByText("Parley cannot be reached.").waitFor();
  await page.unroute("**/v1/sessions/refresh");
  await page.getByRole("button", { name: "Try again", exact: true }).click();
  await heading(page, "Log in to Parley").waitFor();
  await page.context().close();
});

test("where sign-up is closed, the page says so and asks for nothing", async () => {
  const closed = await startLaptop({ SIGNUP: "closed" });
  try {
    const page = await open(otherContext, `${closed.url}/sign-up`);
    await heading(page, "Sign-up is closed").waitFor();
    expect(await page.locator("input").count()).toBe(0);
    await inspect(page, "sign-up-closed");
    await page.close();
  } finally {
    await closed.stop();
  }
});

test("where sign-up is for some domains, the page names them, and the field refuses others", async () => {
  const some = await startLaptop({
    SIGNUP: "domain",
    SIGNUP_DOMAINS: "example.org",
    VERIFY_EMAIL: "on",
  });
  try {
    const page = await open(otherContext, `${some.url}/sign-up`);
    await page.getByText("at example.org").waitFor();
    await inspect(page, "sign-up-domain");
    await page.getByLabel("User name").fill("mallory");
    await page.getByLabel("E-mail").fill("mallory@example.com");
    await passwordField(page).fill(FIRST_PASSWORD);
    await page.keyboard.press("Enter");
    await page.locator("#email-note.error").waitFor();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("email");
    await page.close();
  } finally {
    await some.stop();
  }
});

test("the browser had nothing to complain about", () => {
  expect(complaints).toEqual([]);
});
