import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

/** A running Parley. */
export interface Server {
  /** Its origin. */
  readonly url: string;
  stop(): Promise<void>;
}

/** One that was started here. */
export interface Laptop extends Server {
  /** What a command of administrators prints. */
  admin(...command: string[]): Promise<string>;
}

const ROOT = resolve(import.meta.dirname, "../..");
const READY_MS = 30_000;
const run = promisify(execFile);

/** The server that `PARLEY_URL` names, or a fresh one on a free port with nothing in it. */
export async function startServer(): Promise<Server> {
  const given = process.env["PARLEY_URL"];
  if (given !== undefined) return { url: new URL(given).origin, stop: async () => undefined };
  return startLaptop();
}

/** A fresh laptop on a free port with nothing in it, and these settings in its environment. */
export async function startLaptop(
  settings: Readonly<Record<string, string>> = {},
): Promise<Laptop> {
  const binary = process.env["PARLEY_LAPTOP"] ?? join(ROOT, "target/debug/parley-laptop");
  const site = join(ROOT, "client/web/dist");
  if (!existsSync(binary)) throw new Error(`${binary} is missing: build it, or set PARLEY_URL`);
  if (!existsSync(site)) throw new Error(`${site} is missing: npm run build`);

  const port = await freePort();
  const data = await mkdtemp(join(tmpdir(), "parley-e2e-"));
  const child = spawn(binary, ["--port", String(port), "--data", data, "--site", site], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...settings },
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += chunk));
  child.stderr.on("data", (chunk) => (output += chunk));
  const ended = new Promise<void>((done) => child.once("exit", () => done()));
  const server: Laptop = {
    url: `http://localhost:${port}`,
    async admin(...command) {
      const parley = join(dirname(binary), "parley");
      return (await run(parley, ["admin", "--data", data, ...command])).stdout;
    },
    async stop() {
      child.kill("SIGTERM");
      await ended;
      await rm(data, { recursive: true, force: true });
    },
  };
  const deadline = Date.now() + READY_MS;
  while (!(await isReady(server.url))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await server.stop();
      throw new Error(`the server did not start:\n${output}`);
    }
    await sleep(50);
  }
  return server;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/ping`);
    return response.ok && (await response.text()).trim() === "PONG!";
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, "127.0.0.1", done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}
