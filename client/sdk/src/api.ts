import type { Environment } from "./environment.ts";
import { HttpError } from "./errors.ts";
import type {
  ChangePassword,
  Emails,
  LoginName,
  Me,
  NewAccount,
  NewEmail,
  NewSession,
  Problem,
  ResetPassword,
  Session,
  Sessions,
  SignedUp,
  SignUpPolicy,
  Ticket,
  UnlinkEmail,
  VerifiedEmail,
  VerifyEmail,
} from "./protocol.ts";
import { LIMITS } from "./protocol.ts";

/** What a call sends beside its method and path. */
interface Sent {
  readonly body?: unknown;
  readonly accessToken?: string;
}

/** The turn in which calls that change the session's cookie are made, in all tabs of a browser. */
const COOKIE_TURN = "parley.session";

/**
 * The calls of the HTTP API. Each rejects with {@link HttpError}. Those that take an access token
 * are best made through {@link Login.call}.
 */
export class Api {
  readonly #environment: Environment;
  readonly #base: string;

  /** `base` is the server's origin; empty for the page's own. */
  constructor(environment: Environment, base = "") {
    this.#environment = environment;
    this.#base = base;
  }

  /** Who may make an account, and what that takes. */
  async signUpPolicy(): Promise<SignUpPolicy> {
    return (await this.#call("GET", "/v1/sign-up")) as SignUpPolicy;
  }

  /** Makes an account. It does not log in. */
  async signUp(account: NewAccount): Promise<SignedUp> {
    return (await this.#call("POST", "/v1/accounts", { body: account })) as SignedUp;
  }

  /** Sends the link of a sign-up once more. The answer is the same whether or not there is one. */
  async sendLinkAgain(login: LoginName): Promise<void> {
    await this.#call("POST", "/v1/accounts/link", { body: login });
  }

  /** Confirms the address whose link was opened; `invalid_link` when it is too old or used. */
  async verifyEmail(link: VerifyEmail): Promise<VerifiedEmail> {
    return (await this.#call("POST", "/v1/emails/verify", { body: link })) as VerifiedEmail;
  }

  /** My confirmed addresses. */
  async emails(accessToken: string): Promise<Emails> {
    return (await this.#call("GET", "/v1/emails", { accessToken })) as Emails;
  }

  /** Sends a link to an address, which becomes mine once the link is opened. */
  async addEmail(accessToken: string, email: NewEmail): Promise<void> {
    await this.#call("POST", "/v1/emails", { accessToken, body: email });
  }

  /** Takes an address from my account; `last_email` when there is no other. */
  async unlinkEmail(accessToken: string, email: UnlinkEmail): Promise<void> {
    await this.#call("POST", "/v1/emails/unlink", { accessToken, body: email });
  }

  /** Changes my password, and ends all my sessions but this one. */
  async changePassword(accessToken: string, passwords: ChangePassword): Promise<void> {
    await this.#call("POST", "/v1/password", { accessToken, body: passwords });
  }

  /** Sends a link that lets choose a new password. The answer is the same whoever it is. */
  async forgotPassword(login: LoginName): Promise<void> {
    await this.#call("POST", "/v1/password/forgot", { body: login });
  }

  /** Sets the password of the account whose link was opened, and ends all its sessions. */
  async resetPassword(reset: ResetPassword): Promise<void> {
    await this.#call("POST", "/v1/password/reset", { body: reset });
  }

  /** Starts a session, which the browser remembers by a cookie that no script can read. */
  async logIn(credentials: NewSession): Promise<Session> {
    return (await this.#inTurn("POST", "/v1/sessions", { body: credentials })) as Session;
  }

  /** A new access token, and a new cookie, for the session of the cookie; 401 when there is none. */
  async refresh(): Promise<Session> {
    return (await this.#inTurn("POST", "/v1/sessions/refresh")) as Session;
  }

  /** Ends the session of the cookie. */
  async logOut(): Promise<void> {
    await this.#inTurn("DELETE", "/v1/sessions/current");
  }

  /** Where I am logged in. */
  async sessions(accessToken: string): Promise<Sessions> {
    return (await this.#call("GET", "/v1/sessions", { accessToken })) as Sessions;
  }

  /** Ends one of my sessions; that it has ended already is no error. */
  async endSession(accessToken: string, id: string): Promise<void> {
    await this.#call("DELETE", `/v1/sessions/${encodeURIComponent(id)}`, { accessToken });
  }

  /** Ends all my sessions, this one too. */
  async endAllSessions(accessToken: string): Promise<void> {
    await this.#call("DELETE", "/v1/sessions", { accessToken });
  }

  /** A ticket for one socket. */
  async ticket(accessToken: string): Promise<Ticket> {
    return (await this.#call("POST", "/v1/tickets", { accessToken })) as Ticket;
  }

  /** Who I am, and what I may do. */
  async me(accessToken: string): Promise<Me> {
    return (await this.#call("GET", "/v1/me", { accessToken })) as Me;
  }

  /**
   * Of two answers that set the cookie, the later one counts: it must be that of the later call,
   * also where the calls come from two tabs.
   */
  #inTurn(method: string, path: string, sent?: Sent): Promise<unknown> {
    return this.#environment.inTurn(COOKIE_TURN, () => this.#call(method, path, sent));
  }

  async #call(method: string, path: string, { body, accessToken }: Sent = {}): Promise<unknown> {
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
    problem?.retryAfter ?? retryAfter(response),
  );
}

/** The header, for answers that are not ours. Its other form, a date, no gateway of ours uses. */
function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}
