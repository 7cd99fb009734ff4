import type { Api } from "./api.ts";
import { HttpError, SignedOut } from "./errors.ts";
import type { Session } from "./protocol.ts";

/**
 * A person who is logged in. The access token lives here and nowhere else: it dies with the page,
 * and the refresh cookie brings a new one.
 */
export class Login {
  readonly #api: Api;
  #accessToken: string;
  /** My name, as others see it. */
  readonly username: string;
  /** Who I am. */
  readonly userId: string;

  /** Takes over a session that {@link Api.logIn} or {@link Api.refresh} has answered. */
  constructor(api: Api, session: Session) {
    this.#api = api;
    this.#accessToken = session.accessToken;
    this.username = session.username;
    this.userId = session.userId;
  }

  /** The session of the browser's cookie, or null. Rejects when the server gives no clear answer. */
  static async restore(api: Api): Promise<Login | null> {
    try {
      return new Login(api, await api.refresh());
    } catch (error) {
      if (isUnauthorized(error)) return null;
      throw error;
    }
  }

  /** A ticket for one socket. Rejects with {@link SignedOut}, or {@link HttpError} to try again. */
  async ticket(): Promise<string> {
    try {
      return (await this.#api.ticket(this.#accessToken)).ticket;
    } catch (error) {
      if (!isUnauthorized(error)) throw error;
    }
    try {
      const session = await this.#api.refresh();
      // The cookie belongs to the whole browser. If somebody else has logged in at another window,
      // this one must not go on under that name.
      if (session.userId !== this.userId) throw new SignedOut();
      this.#accessToken = session.accessToken;
      return (await this.#api.ticket(this.#accessToken)).ticket;
    } catch (error) {
      throw isUnauthorized(error) ? new SignedOut() : error;
    }
  }
}

function isUnauthorized(error: unknown): boolean {
  return error instanceof HttpError && error.status === 401;
}
