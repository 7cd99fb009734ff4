import type { Environment } from "./environment.ts";
import { HttpError } from "./errors.ts";
import type { NewAccount, NewSession, Problem, Session, Ticket } from "./protocol.ts";
import { LIMITS } from "./protocol.ts";

/** The calls of the HTTP API. Each rejects with {@link HttpError}. */
export class Api {
  readonly #environment: Environment;
  readonly #base: string;

  /** `base` is the server's origin; empty for the page's own. */
  constructor(environment: Environment, base = "") {
    this.#environment = environment;
    this.#base = base;
  }

  /** Makes an account. It does not log in. */
  async signUp(account: NewAccount): Promise<void> {
    await this.#call("POST", "/v1/accounts", { body: account });
  }

  /** Starts a session, which the browser remembers by a cookie that no script can read. */
  async logIn(credentials: NewSession): Promise<Session> {
    return (await this.#call("POST", "/v1/sessions", { body: credentials })) as Session;
  }

  /** A new access token for the session of the cookie; status 401 when there is none. */
  async refresh(): Promise<Session> {
    return (await this.#call("POST", "/v1/sessions/refresh")) as Session;
  }

  /** Ends the session of the cookie. */
  async logOut(): Promise<void> {
    await this.#call("DELETE", "/v1/sessions/current");
  }

  /** A ticket for one socket. */
  async ticket(accessToken: string): Promise<Ticket> {
    return (await this.#call("POST", "/v1/tickets", { accessToken })) as Ticket;
  }

  async #call(
    method: string,
    path: string,
    { body, accessToken }: { body?: unknown; accessToken?: string } = {},
  ): Promise<unknown> {
    const headers: Record<string, string> = { accept: "application/json" };
    const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
    if (body !== undefined) {
      headers["content-type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    if (accessToken !== undefined) headers["authorization"] = `Bearer ${accessToken}`;

    const abort = new AbortController();
    const timer = this.#environment.setTimeout(() => abort.abort(), LIMITS.requestTimeoutMs);
    try {
      const response = await this.#environment.fetch(this.#base + path, {
        ...init,
        signal: abort.signal,
      });
      if (!response.ok) throw await refusal(response);
      const text = await response.text();
      return text === "" ? null : JSON.parse(text);
    } catch (error) {
      if (error instanceof HttpError) throw error;
      throw new HttpError(0, null, "The server cannot be reached. Please try again.");
    } finally {
      this.#environment.clearTimeout(timer);
    }
  }
}

async function refusal(response: Response): Promise<HttpError> {
  // A gateway in between may answer in HTML.
  const problem = (await response.json().catch(() => null)) as Partial<Problem> | null;
  return new HttpError(
    response.status,
    problem?.code ?? null,
    problem?.detail ?? "Something went wrong on our side. Please try again.",
    problem?.field ?? null,
  );
}
