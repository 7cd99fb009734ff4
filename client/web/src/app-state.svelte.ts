import {
  Api,
  browserEnvironment,
  Chat,
  HttpError,
  Login,
  outboxStorage,
  SignedOut,
} from "@parley/sdk";
import type { ChatView } from "@parley/sdk";

import { socketUrl } from "./config.ts";
import { forgetDrafts } from "./lib/draft.ts";

/** Who uses the page, as far as that is known. */
export type Screen =
  | { readonly name: "starting" }
  /** The server did not say whether there is a session; `problem` is why. */
  | {
      readonly name: "unreachable";
      readonly problem: string;
      /** How long to wait before it may, in seconds, if it said so. */
      readonly retryAfterSeconds: number | null;
    }
  | { readonly name: "signed-out"; readonly notice: string | null }
  | { readonly name: "chat"; readonly chat: Chat; readonly login: Login };

const UNREACHABLE = "Parley cannot be reached. Check your connection and try again.";

/** Who uses the page, and the one chat behind it. */
export class AppState {
  readonly environment = browserEnvironment();
  readonly api = new Api(this.environment);
  screen = $state.raw<Screen>({ name: "starting" });
  view = $state.raw<ChatView | null>(null);
  /** Who will probably log in next. */
  known = "";
  #socketUrl = "";
  /** The person is logging out: that the server then ends the session is no news. */
  #leaving = false;

  /**
   * Goes on with the session of the browser's cookie, if there is one. Whoever finds none is told
   * `notice`.
   */
  async start(notice: string | null = null): Promise<void> {
    this.#become({ name: "starting" });
    try {
      const [url, login] = await Promise.all([
        socketUrl(),
        Login.restore(this.environment, this.api),
      ]);
      this.#socketUrl = url;
      if (login === null) this.#become({ name: "signed-out", notice });
      else this.#enter(login);
    } catch (error) {
      const answer = error instanceof HttpError && error.status !== 0 ? error : null;
      this.#become({
        name: "unreachable",
        problem: answer?.message ?? UNREACHABLE,
        retryAfterSeconds: answer?.retryAfterSeconds ?? null,
      });
    }
  }

  /** Logs in. Rejects with `HttpError`. */
  async logIn(login: string, password: string): Promise<void> {
    const session = await this.api.logIn({ login, password });
    this.#enter(new Login(this.environment, this.api, session));
  }

  /**
   * Makes a call in the name of whoever is logged in. When it turns out that nobody is any more, the
   * page says so. Rejects as `call` does, or with `SignedOut`.
   */
  async call<T>(call: (api: Api, accessToken: string) => Promise<T>): Promise<T> {
    if (this.screen.name !== "chat") throw new SignedOut();
    const { login } = this.screen;
    try {
      return await login.call((accessToken) => call(this.api, accessToken));
    } catch (error) {
      if (error instanceof SignedOut) this.#ended(login, error.message);
      throw error;
    }
  }

  /** Ends the session, and forgets what was not sent. Rejects with `HttpError`. */
  async logOut(): Promise<void> {
    await this.#leave(() => this.api.logOut());
  }

  /** Ends all sessions of the person, and forgets what was not sent here. Rejects with `HttpError`. */
  async logOutEverywhere(): Promise<void> {
    await this.#leave(() => this.call((api, accessToken) => api.endAllSessions(accessToken)));
  }

  /** Tells the chat that the network is back. */
  readonly networkBack = (): void => {
    if (this.screen.name === "chat") this.screen.chat.wake();
  };

  /** Tells the chat that the page is on show again: while it was not, anything may have happened. */
  readonly shown = (): void => {
    if (document.visibilityState === "visible") this.networkBack();
  };

  /** Tells the chat that the network is gone. */
  readonly networkLost = (): void => {
    if (this.screen.name === "chat") this.screen.chat.networkLost();
  };

  #enter(login: Login): void {
    const chat = new Chat({
      environment: this.environment,
      login,
      socketUrl: this.#socketUrl,
      outbox: outboxStorage(sessionStorage, login.userId),
      changed: (view) => {
        if (this.screen.name !== "chat" || this.screen.chat !== chat) return;
        this.view = view;
        const { connection } = view;
        if (connection.phase === "stopped" && connection.signedOut) {
          this.#ended(login, connection.reason);
        }
      },
    });
    this.view = chat.view;
    this.#become({ name: "chat", chat, login });
    chat.connect();
  }

  #ended(login: Login, reason: string): void {
    if (this.#leaving || this.screen.name !== "chat" || this.screen.login !== login) return;
    this.known = login.username;
    // Why it ended may also be why nobody can log in again.
    const notice = reason || "Your session has ended. Log in again to go on where you were.";
    this.#become({ name: "signed-out", notice });
  }

  async #leave(end: () => Promise<void>): Promise<void> {
    if (this.screen.name !== "chat") return;
    const { chat, login } = this.screen;
    this.#leaving = true;
    try {
      await end();
    } catch (error) {
      // Ended already, elsewhere or by a call whose answer was lost: that is what was asked for.
      const { connection } = chat.view;
      const ended =
        (error instanceof HttpError && error.status === 401) ||
        (connection.phase === "stopped" && connection.signedOut);
      if (!ended && !(error instanceof SignedOut)) throw error;
    } finally {
      this.#leaving = false;
    }
    chat.discard();
    forgetDrafts(login.userId);
    this.known = "";
    this.#become({ name: "signed-out", notice: null });
  }

  #become(screen: Screen): void {
    const before = this.screen;
    this.screen = screen;
    if (before.name === "chat") before.chat.close();
    if (screen.name !== "chat") this.view = null;
  }
}
