import type { BrowserContext, Locator, Page } from "playwright-core";

/** Tells this run's people, rooms and messages from those of others on the same server. */
export const RUN = Date.now().toString(36);

/** Everybody's. */
export const PASSWORD = "correct horse battery staple";

/** What browsers complained about, on the pages that {@link open} has opened. */
export const complaints: string[] = [];

/** Opens a page whose complaints are kept. */
export async function open(context: BrowserContext, url: string): Promise<Page> {
  const page = await context.newPage();
  page.on("console", (message) => {
    // A refusal, and a cut wire, are part of the story.
    if (message.type() === "error" && !/Failed to load|WebSocket connection/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(url);
  return page;
}

/** The heading that says which page it is. */
export const heading = (page: Page, name: string): Locator => page.getByRole("heading", { name });

/** What says that the chat is connected. */
export const online = (page: Page): Locator =>
  page.getByRole("status").getByText("Online", { exact: true });

/** Where messages are written. */
export const composer = (page: Page, room = "general"): Locator =>
  page.getByRole("textbox", { name: `Message to ${room}`, exact: true });

/** The field for a password; the button that shows it has a similar name. */
export const passwordField = (page: Page, name = "Password"): Locator =>
  page.getByLabel(name, { exact: true });

/** Presses a key until the focus is on the control with this text. */
export async function pressUntil(page: Page, key: string, text: string): Promise<void> {
  await pressWhile(page, key, text, () => document.activeElement?.textContent?.trim());
}

/** Presses Tab until the focus is on the field with this id. */
export async function tabTo(page: Page, id: string): Promise<void> {
  await page.locator(`#${id}`).waitFor();
  await pressWhile(page, "Tab", id, () => document.activeElement?.id);
}

async function pressWhile(
  page: Page,
  key: string,
  wanted: string,
  focused: () => string | undefined,
): Promise<void> {
  for (let i = 0; i < 20; i++) {
    if ((await page.evaluate(focused)) === wanted) return;
    await page.keyboard.press(key);
  }
  throw new Error(`${key} never reached "${wanted}"`);
}

/** Logs in by keyboard, from the log-in page. */
export async function logIn(page: Page, login: string, password: string): Promise<void> {
  await heading(page, "Log in to Parley").waitFor();
  await page.getByLabel("User name or e-mail").fill(login);
  await tabTo(page, "password");
  await page.keyboard.insertText(password);
  await page.keyboard.press("Enter");
}

/** Signs up by keyboard, from the log-in page. */
export async function signUp(page: Page, name: string): Promise<void> {
  await heading(page, "Log in to Parley").waitFor();
  await pressUntil(page, "Tab", "Create an account");
  await page.keyboard.press("Enter");
  await heading(page, "Create your account").waitFor();
  await tabTo(page, "username");
  await page.keyboard.type(name);
  // Past the address, which nobody needs here.
  await tabTo(page, "password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await online(page).waitFor();
}

/** The texts of this run, in the order shown. */
export async function texts(page: Page): Promise<string[]> {
  const all = await page.locator("[data-key] .text").allTextContents();
  return all.filter((text) => text.includes(RUN));
}

/** Writes a message where the focus is. */
export async function write(page: Page, text: string): Promise<void> {
  await page.keyboard.insertText(`${text} ${RUN}`);
  await page.keyboard.press("Enter");
}

/** What is read out after the name of whatever has the focus. */
export function focusedDescription(page: Page): Promise<string | null | undefined> {
  return page.evaluate(() => {
    const id = document.activeElement?.getAttribute("aria-describedby");
    return document.getElementById(id ?? "")?.textContent;
  });
}
