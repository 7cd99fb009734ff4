import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import axe from "axe-core";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { expect } from "vitest";

const SCREENSHOTS = join(import.meta.dirname, "screenshots");

/** A desk's screen, and a small telephone's. */
export const WIDE = { width: 1280, height: 800 };
export const NARROW = { width: 360, height: 640 };

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Starts the Chromium that `CHROMIUM` names, or the machine's own. */
export async function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env["CHROMIUM"] ?? findChromium(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      // A test that sets the scroll position amid a key's animation would see that one go on.
      "--disable-smooth-scrolling",
    ],
  });
}

function findChromium(): string {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    try {
      return execFileSync("which", [name], { encoding: "utf8" }).trim();
    } catch {
      // The next name may do.
    }
  }
  throw new Error("no Chromium: install one, or name it by CHROMIUM");
}

/**
 * Looks at the page in light and dark, wide and narrow: axe finds nothing, nothing scrolls sideways;
 * and a screenshot of each is kept for a person to look at.
 */
export async function inspect(page: Page, name: string, sizes = [WIDE, NARROW]): Promise<void> {
  mkdirSync(SCREENSHOTS, { recursive: true });
  const size = page.viewportSize();
  const faults: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const viewport of sizes) {
      await page.setViewportSize(viewport);
      // A colour in transition is neither the one nor the other.
      await page.evaluate(() =>
        Promise.allSettled(document.getAnimations().map((a) => a.finished)),
      );
      const view = `${name}-${colorScheme}-${viewport.width}`;
      await page.screenshot({ path: join(SCREENSHOTS, `${view}.png`) });
      const sideways = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (sideways > 0) faults.push(`${view}: ${sideways} px too wide`);
      for (const fault of await audit(page)) faults.push(`${view}: ${fault}`);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (size !== null) await page.setViewportSize(size);
  expect(faults).toEqual([]);
}

async function audit(page: Page): Promise<string[]> {
  // By the debugger's way: the page's own policy rightly lets no foreign script in.
  await page.evaluate(axe.source);
  return page.evaluate(async (values) => {
    const { axe: run } = window as unknown as { axe: typeof axe };
    const { violations } = await run.run(document, { runOnly: { type: "tag", values } });
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html}: ${failureSummary ?? ""}`),
    );
  }, RULES);
}
