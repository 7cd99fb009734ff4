import { afterEach, beforeEach, expect, test, vi } from "vitest";

import { FakeServer } from "./fake-server.ts";
import { start, upTo } from "./harness.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const TICKET = "POST /v1/tickets";
const REFRESH = "POST /v1/sessions/refresh";

test("each attempt takes a new ticket", async () => {
  const h = await start();
  h.server.socket.end(1006);
  await h.pass(2_000);
  expect(h.server.calls).toEqual([TICKET, TICKET]);
  const [first, second] = h.server.sockets.map(({ url }) => url);
  expect(first).toMatch(/^ws:\/\/parley\.test\/ws\?token=t_/);
  expect(second).not.toBe(first);
});

test("an access token that ran out is refreshed", async () => {
  const h = await start();
  h.server.validAccess = "another";
  h.server.socket.end(1006);
  await h.pass(2_000);
  expect(h.server.calls).toEqual([TICKET, TICKET, REFRESH, TICKET]);
  expect(h.view.connection.phase).toBe("online");
});

test("a session that ended means signed out, and no further attempt", async () => {
  const h = await start();
  h.server.validAccess = "another";
  h.server.cookie = false;
  h.server.socket.end(1006);
  await h.pass(2_000);
  expect(h.view.connection).toMatchObject({ phase: "stopped", signedOut: true });
  const calls = h.server.calls.length;
  await h.pass(600_000);
  expect(h.server.calls).toHaveLength(calls);
});

test("another person's cookie is not taken over", async () => {
  const h = await start();
  h.server.validAccess = "another";
  h.server.userId = "u_somebody";
  h.server.socket.end(1006);
  await h.pass(2_000);
  expect(h.view.connection).toMatchObject({ phase: "stopped", signedOut: true });
});

test("failures are followed by ever longer waits, with full jitter, up to a cap", async () => {
  const h = await start({ random: () => 0.999 });
  const waits: number[] = [];
  h.server.httpFault = () => 503;
  h.server.socket.end(1006);
  for (let i = 0; i < 8; i++) {
    const { connection } = h.view;
    if (connection.phase !== "waiting") throw new Error(connection.phase);
    const wait = connection.retryAt - Date.now();
    waits.push(Math.round(wait / 1_000));
    await h.pass(wait + 10);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
});

test("the network's return, or the person, cuts a wait short", async () => {
  const h = await start({ random: () => 0.999 });
  h.server.httpFault = () => "unreachable";
  h.server.socket.end(1006);
  await h.pass(10_000);
  expect(h.view.connection.phase).toBe("waiting");
  h.server.httpFault = () => undefined;
  h.chat.wake();
  await h.pass(10);
  expect(h.view.connection.phase).toBe("online");
});

test("a network that is back a moment after the word of it is not waited for long", async () => {
  const h = await start({ random: () => 0.999 });
  h.server.httpFault = () => "unreachable";
  h.server.socket.end(1006);
  await h.pass(60_000);
  h.chat.wake();
  await h.pass(10);
  const { connection } = h.view;
  if (connection.phase !== "waiting") throw new Error(connection.phase);
  expect(connection.retryAt - Date.now()).toBeLessThanOrEqual(1_000);
});

test("on waking, a connection that died in its sleep is found and replaced", async () => {
  const h = await start();
  h.server.socket.dead = true;
  await h.pass(60_000);
  h.chat.wake();
  await h.pass(12_000);
  expect(h.view.connection.phase).toBe("online");
  expect(h.server.sockets).toHaveLength(2);
});

test("when the browser knows that the network is gone, the connection is given up at once", async () => {
  const h = await start();
  h.server.httpFault = () => "unreachable";
  h.server.socket.dead = true;
  h.chat.networkLost();
  expect(h.view.connection.phase).toBe("waiting");
});

test("a socket that never opens is given up", async () => {
  const server = new FakeServer();
  const h = await start({ server });
  server.socket.end(1006);
  vi.spyOn(server, "later").mockImplementation(function (this: void, run) {
    if (!String(run).includes("admitted")) setTimeout(run, 1);
  });
  await h.pass(2_000);
  expect(server.sockets).toHaveLength(2);
  expect(h.view.connection.phase).toBe("connecting");
  await h.pass(10_000);
  expect(server.socket.closed || server.sockets.length > 2).toBe(true);
});

test("a refused handshake backs off", async () => {
  const h = await start();
  h.server.acceptSockets = false;
  h.server.socket.end(1006);
  await h.pass(20_000);
  expect(h.server.sockets.length).toBeGreaterThan(2);
  expect(h.server.sockets.length).toBeLessThan(12);
  h.server.acceptSockets = true;
  h.chat.connect();
  await h.pass(10);
  expect(h.view.connection.phase).toBe("online");
});

test.each([
  { code: 4004, phase: "stopped", signedOut: true },
  { code: 4000, phase: "stopped", signedOut: false },
])("close code $code stops", async ({ code, ...state }) => {
  const h = await start();
  h.server.socket.end(code, "so it is");
  expect(h.view.connection).toMatchObject({ ...state, reason: "so it is" });
  await h.pass(600_000);
  expect(h.server.sockets).toHaveLength(1);
});

test("a stopped connection starts again when the person wants it", async () => {
  const h = await start();
  h.server.socket.end(4000);
  h.chat.connect();
  await h.pass(10);
  expect(h.view.connection.phase).toBe("online");
});

test("close code 41xx backs off for longer than an accident", async () => {
  const h = await start({ random: () => 0.999 });
  h.server.socket.end(4100);
  await h.pass(7_000);
  expect(h.server.sockets).toHaveLength(1);
  await h.pass(2_000);
  expect(h.view.connection.phase).toBe("online");
});

test("close code 42xx reconnects now, but not in a busy loop", async () => {
  const h = await start({ random: () => 0.999 });
  h.server.socket.end(4200);
  await h.pass(10);
  expect(h.view.connection.phase).toBe("online");
  h.server.socket.end(4200);
  await h.pass(500);
  expect(h.server.sockets).toHaveLength(2);
});

test("bye tells to stop, whatever the socket does next", async () => {
  const h = await start();
  h.server.socket.push({ event: "bye", code: 4004, reason: "Logged out.", reconnect: false });
  expect(h.view.connection).toMatchObject({
    phase: "stopped",
    reason: "Logged out.",
    signedOut: true,
  });
  h.server.socket.end(1005);
  await h.pass(60_000);
  expect(h.server.sockets).toHaveLength(1);
});

test("bye with 4200 is a handover: the new socket is up before the old one goes", async () => {
  const h = await start();
  h.server.socket.push({ event: "bye", code: 4200, reason: "", reconnect: true });
  expect(h.view.connection.phase).toBe("online");
  await h.pass(20);
  const [old, next] = h.server.sockets;
  expect([old?.closed, next?.closed]).toEqual([true, false]);
  expect(h.view.connection.phase).toBe("online");
});

test("a handover comes before reconnectBy, whatever our clock says", async () => {
  vi.setSystemTime(new Date("1999-01-01"));
  const h = await start({ random: () => 0.5 });
  await h.pass(114 * 60_000);
  expect(h.server.sockets).toHaveLength(1);
  await h.pass(31_000);
  expect(h.server.sockets).toHaveLength(2);
  expect(h.server.sockets[0]?.closed).toBe(true);
});

test("a handover in the middle of everything loses and doubles nothing", async () => {
  const h = await start();
  const { server } = h;
  // The reply to the first write is under way while the handover happens.
  let held: (() => void) | undefined;
  server.fault = (request, socket) => {
    if (request.content !== "mine 1") return undefined;
    held = () => {
      const { clientId = "" } = request;
      const { seq, id, timestamp } = server.general.append("mine 1", { userId: "u_me", clientId });
      socket.push({ reply: request.id, ok: true, seq, id, timestamp, duplicate: false });
      server.deliver(server.general.messages.slice(-1));
    };
    return "ignore";
  };
  h.chat.send("mine 1");
  h.chat.send("mine 2");
  await h.pass(5);
  const old = server.socket;
  old.push({ event: "bye", code: 4200, reason: "", reconnect: true });
  await h.pass(1);
  server.say("theirs, on the old socket");
  await h.pass(20);
  expect(server.sockets).toHaveLength(2);
  expect(old.closed).toBe(false);
  server.say("theirs, on both");
  held?.();
  await h.pass(20);
  expect(old.closed).toBe(true);
  server.say("theirs, on the new one");
  await h.pass(2_000);
  expect(h.seqs).toEqual(upTo(5));
  expect(h.texts).toEqual([
    "theirs, on the old socket",
    "theirs, on both",
    "mine 1",
    "mine 2",
    "theirs, on the new one",
  ]);
  expect(h.view.room.outgoing).toEqual([]);
});

test("a handover whose old socket never answers sends the write again on the new one", async () => {
  const h = await start();
  h.server.fault = (request, socket) =>
    request.action === "sendMessage" && socket === h.server.sockets[0] ? "ignore" : undefined;
  h.chat.send("mine");
  await h.pass(5);
  h.server.socket.push({ event: "bye", code: 4200, reason: "", reconnect: true });
  await h.pass(11_000);
  expect(h.texts).toEqual(["mine"]);
  expect(h.server.sockets.map(({ closed }) => closed)).toEqual([true, false]);
});

test("a handover that fails is tried again while the old socket serves on", async () => {
  const h = await start();
  h.server.httpFault = () => 503;
  h.server.socket.push({ event: "bye", code: 4200, reason: "", reconnect: true });
  await h.pass(5_000);
  expect(h.view.connection.phase).toBe("online");
  h.server.say("hi");
  expect(h.texts).toEqual(["hi"]);
  h.server.httpFault = () => undefined;
  await h.pass(20_000);
  expect(h.server.sockets.map(({ closed }) => closed)).toEqual([true, false]);
});

test("an old socket that dies during the handover does not matter", async () => {
  const h = await start();
  h.server.socket.push({ event: "bye", code: 4200, reason: "", reconnect: true });
  h.server.socket.end(1001);
  expect(h.view.connection.phase).toBe("connecting");
  await h.pass(10);
  expect(h.view.connection.phase).toBe("online");
  expect(h.server.sockets).toHaveLength(2);
});

test("closing during an attempt leaves no socket behind", async () => {
  const h = await start();
  for (const soon of [0, 1, 2, 3]) {
    h.chat.connect();
    await h.pass(20);
    h.server.socket.end(1006);
    h.chat.connect();
    // In the middle of the ticket's call, the handshake, or the greeting.
    await h.pass(soon);
    h.chat.close();
    await h.pass(60_000);
    expect(h.server.sockets.every(({ closed }) => closed)).toBe(true);
    expect(h.view.connection.phase).toBe("stopped");
  }
});
