import { expect, test } from "vitest";

import { Api } from "../src/api.ts";
import { browserEnvironment } from "../src/environment.ts";

interface Call {
  readonly call: string;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

/** An API whose calls are noted, and all answered in the same way. */
function apiThat(answer: () => Response): { api: Api; calls: Call[] } {
  const calls: Call[] = [];
  const api = new Api({
    ...browserEnvironment(),
    inTurn: (_, run) => run(),
    fetch: async (url, { method, headers, body }) => {
      const { authorization } = headers as Record<string, string>;
      const sent = typeof body === "string" ? (JSON.parse(body) as unknown) : undefined;
      calls.push({ call: `${method} ${url}`, authorization, body: sent });
      return answer();
    },
  });
  return { api, calls };
}

const nothing = (): Response => new Response(null, { status: 204 });

test.each<[string, (api: Api) => Promise<unknown>, unknown]>([
  ["GET /v1/sign-up", (api) => api.signUpPolicy(), undefined],
  ["POST /v1/accounts/link", (api) => api.sendLinkAgain({ login: "ada" }), { login: "ada" }],
  ["POST /v1/emails/verify", (api) => api.verifyEmail({ token: "v_1" }), { token: "v_1" }],
  ["POST /v1/password/forgot", (api) => api.forgotPassword({ login: "ada" }), { login: "ada" }],
  [
    "POST /v1/password/reset",
    (api) => api.resetPassword({ token: "p_1", password: "secret" }),
    { token: "p_1", password: "secret" },
  ],
])("%s carries no token", async (call, make, body) => {
  const { api, calls } = apiThat(nothing);
  await make(api);
  expect(calls).toEqual([{ call, authorization: undefined, body }]);
});

test.each<[string, (api: Api) => Promise<unknown>, unknown]>([
  ["GET /v1/emails", (api) => api.emails("at"), undefined],
  [
    "POST /v1/emails",
    (api) => api.addEmail("at", { email: "a@b.example", password: "secret" }),
    { email: "a@b.example", password: "secret" },
  ],
  [
    "POST /v1/emails/unlink",
    (api) => api.unlinkEmail("at", { email: "a@b.example" }),
    { email: "a@b.example" },
  ],
  [
    "POST /v1/password",
    (api) => api.changePassword("at", { current: "old", password: "new" }),
    { current: "old", password: "new" },
  ],
  ["GET /v1/sessions", (api) => api.sessions("at"), undefined],
  ["DELETE /v1/sessions/s_%2F1", (api) => api.endSession("at", "s_/1"), undefined],
  ["DELETE /v1/sessions", (api) => api.endAllSessions("at"), undefined],
  ["GET /v1/me", (api) => api.me("at"), undefined],
])("%s carries the access token", async (call, make, body) => {
  const { api, calls } = apiThat(nothing);
  await make(api);
  expect(calls).toEqual([{ call, authorization: "Bearer at", body }]);
});

const limited = { code: "rate_limited", detail: "Too often.", status: 429 };

test.each([
  ["the problem's own word", Response.json({ ...limited, retryAfter: 7 }, { status: 429 }), 7],
  [
    "the header where there is no problem document",
    new Response("<html>", { status: 429, headers: { "retry-after": "30" } }),
    30,
  ],
  ["nothing where nobody says", Response.json(limited, { status: 429 }), null],
  [
    "nothing where the header is a date",
    new Response("", { status: 503, headers: { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" } }),
    null,
  ],
])("how long to wait is %s", async (_, response, retryAfterSeconds) => {
  const { api } = apiThat(() => response);
  await expect(api.forgotPassword({ login: "ada" })).rejects.toMatchObject({ retryAfterSeconds });
});
