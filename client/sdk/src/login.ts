import type { Api } from "./api.ts";
import type { Environment } from "./environment.ts";
import { HttpError, SignedOut } from "./errors.ts";
import type { Session } from "./protocol.ts";

/** What a login needs of the world. */
export type LoginEnvironment = Pick<Environment, "now">;

/** An access token is renewed this long before its end: a call must not meet the end on its way. */
const MARGIN_MS = 30_000;

/**
 * A person who is logged in. The access token lives here and nowhere else: it dies with the page,
 * and the refresh cookie brings a new one.
 */
export class Login {
  readonly #environment: LoginEnvironment;
  readonly #api: Api;
  #accessToken = "";
  #renewAt = 0;
  #renewing: Promise<void> | null = null;
  /** My name, as others see it. */
  readonly username: string;
  /** Who I am. */
  readonly userId: string;

  /** Takes over a session that {@link Api.logIn} or {@link Api.refresh} has answered. */
  constructor(environment: LoginEnvironment, api: Api, session: Session) {
    this.#environment = environment;
    this.#api = api;
    this.username = session.username;
    this.userId = session.userId;
    this.#take(session);
  }

  /** The session of the browser's cookie, or null. Rejects when the server gives no clear answer. */
  static async restore(environment: LoginEnvironment, api: Api): Promise<Login | null> {
    try {
      return new Login(environment, api, await api.refresh());
    } catch (error) {
      if (isUnauthorized(error)) return null;
      throw error;
    }
  }

  /** A ticket for one socket. Rejects with {@link SignedOut}, or {@link HttpError} to try again. */
  async ticket(): Promise<string> {
    return (await this.call((accessToken) => this.#api.ticket(accessToken))).ticket;
  }

  /**
   * Makes a call that needs an access token, with one that is good. `call` may run twice: a token
   * that is refused is renewed once. Rejects with {@link SignedOut}, or as `call` does.
   */
  async call<T>(call: (accessToken: string) => Promise<T>): Promise<T> {
    if (this.#environment.now() >= this.#renewAt) await this.#renew();
    const used = this.#accessToken;
    try {
      return await call(used);
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
    }
    // Another call may have renewed it meanwhile.
    if (this.#accessToken === used) await this.#renew();
    try {
      return await call(this.#accessToken);
    } catch (error) {
      throw isUnauthorized(error) ? new SignedOut() : error;
    }
  }

  /** Every refresh replaces the cookie, so calls that need one at the same time share it. */
  #renew(): Promise<void> {
    this.#renewing ??= this.#refresh().finally(() => (this.#renewing = null));
    return this.#renewing;
  }

  async #refresh(): Promise<void> {
    try {
      const session = await this.#api.refresh();
      // The cookie belongs to the whole browser. If somebody else has logged in at another window,
      // this one must not go on under that name.
      if (session.userId !== this.userId) throw new SignedOut();
      this.#take(session);
    } catch (error) {
      throw isUnauthorized(error) ? new SignedOut() : error;
    }
  }

  #take({ accessToken, expiresIn }: Session): void {
    const life = expiresIn * 1_000;
    this.#accessToken = accessToken;
    this.#renewAt = this.#environment.now() + life - Math.min(MARGIN_MS, life / 4);
  }
}

/** A wrong password, which a call may ask for once more, says nothing of the session. */
function isUnauthorized(error: unknown): boolean {
  return error instanceof HttpError && error.status === 401 && error.code !== "invalid_credentials";
}
