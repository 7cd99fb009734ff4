import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { Api } from "../src/api.ts";
import { HttpError, SignedOut } from "../src/errors.ts";
import { Login } from "../src/login.ts";
import { FakeServer } from "./fake-server.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const EMAILS = "GET /v1/emails";
const REFRESH = "POST /v1/sessions/refresh";

interface Tab {
  readonly api: Api;
  readonly login: Login;
}

/** One more tab of the browser that is logged in. */
async function openTab(server: FakeServer): Promise<Tab> {
  const environment = server.environment();
  const api = new Api(environment);
  const login = await settle(Login.restore(environment, api));
  if (login === null) throw new Error("not logged in");
  server.calls.length = 0;
  return { api, login };
}

async function settle<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(50);
  return promise;
}

const emails = ({ api, login }: Tab) => login.call((accessToken) => api.emails(accessToken));

test("a call is made with the token that is there", async () => {
  const server = new FakeServer();
  const tab = await openTab(server);
  expect(await settle(emails(tab))).toEqual({ emails: ["me@example.com"] });
  expect(server.calls).toEqual([EMAILS]);
});

test("a token that is about to end is renewed before the call", async () => {
  const server = new FakeServer();
  const tab = await openTab(server);
  await vi.advanceTimersByTimeAsync(869_000);
  await settle(emails(tab));
  expect(server.calls).toEqual([EMAILS]);
  await vi.advanceTimersByTimeAsync(1_000);
  await settle(emails(tab));
  expect(server.calls).toEqual([EMAILS, REFRESH, EMAILS]);
});

test("a token that lives only for seconds is not renewed before every call", async () => {
  const server = new FakeServer();
  server.expiresIn = 20;
  const tab = await openTab(server);
  await settle(emails(tab));
  expect(server.calls).toEqual([EMAILS]);
});

test("calls at the same time share one renewal", async () => {
  const server = new FakeServer();
  const tab = await openTab(server);
  server.validAccess = "another";
  const all = Promise.all([emails(tab), emails(tab), tab.login.ticket()]);
  await settle(all);
  expect(server.calls.filter((call) => call === REFRESH)).toHaveLength(1);
});

test("a call that was refused with an old token takes the one that is there since", async () => {
  const server = new FakeServer();
  const tab = await openTab(server);
  server.validAccess = "another";
  const late = tab.login.call(async (accessToken) => {
    // Long on its way: another call renews meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 20));
    return tab.api.emails(accessToken);
  });
  await settle(emails(tab));
  await settle(late);
  expect(server.calls.filter((call) => call === REFRESH)).toHaveLength(1);
});

test("two tabs renew one after the other", async () => {
  const server = new FakeServer();
  const [first, second] = [await openTab(server), await openTab(server)];
  server.validAccess = "another";
  let open = 0;
  let most = 0;
  const fetch = server.fetch.bind(server);
  vi.spyOn(server, "fetch").mockImplementation(async (url, init) => {
    if (!url.endsWith("/refresh")) return fetch(url, init);
    most = Math.max(most, ++open);
    return fetch(url, init).finally(() => open--);
  });
  await settle(Promise.all([emails(first), emails(second)]).catch(() => undefined));
  expect(server.calls.filter((call) => call === REFRESH).length).toBeGreaterThanOrEqual(2);
  expect(most).toBe(1);
});

test("a session that has ended means signed out", async () => {
  const server = new FakeServer();
  const tab = await openTab(server);
  server.validAccess = "another";
  server.cookie = false;
  await expect(settle(emails(tab))).rejects.toThrow(SignedOut);
});

test("another person's cookie is not taken over", async () => {
  const server = new FakeServer();
  const tab = await openTab(server);
  server.validAccess = "another";
  server.userId = "u_somebody";
  await expect(settle(emails(tab))).rejects.toThrow(SignedOut);
});

test("a server that gives no clear answer signs nobody out", async () => {
  const server = new FakeServer();
  const tab = await openTab(server);
  server.validAccess = "another";
  server.httpFault = (call) => (call === REFRESH ? 503 : undefined);
  await expect(settle(emails(tab))).rejects.toMatchObject({ status: 503 });
  server.httpFault = () => undefined;
  expect(await settle(emails(tab))).toEqual({ emails: ["me@example.com"] });
});

test("a wrong password is not taken for the session's end", async () => {
  const server = new FakeServer();
  const tab = await openTab(server);
  const wrong = new HttpError(401, "invalid_credentials", "The password is wrong.");
  const call = vi.fn(() => Promise.reject(wrong));
  await expect(settle(tab.login.call(call))).rejects.toBe(wrong);
  expect(call).toHaveBeenCalledTimes(1);
  expect(server.calls).toEqual([]);
});
