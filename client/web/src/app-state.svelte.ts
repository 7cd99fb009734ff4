import { Api, browserEnvironment, Chat, HttpError, Login, outboxStorage } from "@parley/sdk";
import type { ChatView } from "@parley/sdk";

import { socketUrl } from "./config.ts";

/** What the page shows. */
export type Screen =
  | { readonly name: "starting" }
  /** The server did not answer, so nobody knows whether there is a session. */
  | { readonly name: "unreachable" }
  | { readonly name: "signed-out"; readonly notice: string | null }
  | { readonly name: "chat"; readonly chat: Chat; readonly login: Login };

/** The account was made, but logging in to it failed: to sign up again would be refused. */
export class NotLoggedIn extends Error {
  override readonly name = "NotLoggedIn";
  constructor(why: HttpError) {
    super(`Your account is there; logging in failed: ${why.message}`, { cause: why });
  }
}

/** Which screen is on, and the one chat behind it. */
export class AppState {
  readonly environment = browserEnvironment();
  readonly api = new Api(this.environment);
  screen = $state.raw<Screen>({ name: "starting" });
  view = $state.raw<ChatView | null>(null);
  #socketUrl = "";

  /** Goes on with the session of the browser's cookie, if there is one. */
  async start(): Promise<void> {
    this.screen = { name: "starting" };
    try {
      const [url, login] = await Promise.all([socketUrl(), Login.restore(this.api)]);
      this.#socketUrl = url;
      if (login === null) this.#leave(null);
      else this.#enter(login);
    } catch {
      this.screen = { name: "unreachable" };
    }
  }

  /** Logs in. Rejects with `HttpError`. */
  async logIn(login: string, password: string): Promise<void> {
    this.#enter(new Login(this.api, await this.api.logIn({ login, password })));
  }

  /** Makes an account, and logs in. Rejects with `HttpError` or {@link NotLoggedIn}. */
  async signUp(username: string, password: string): Promise<void> {
    await this.api.signUp({ username, password });
    try {
      await this.logIn(username, password);
    } catch (error) {
      throw error instanceof HttpError ? new NotLoggedIn(error) : error;
    }
  }

  /** Ends the session, and forgets what was not sent. Rejects with `HttpError`. */
  async logOut(): Promise<void> {
    if (this.screen.name !== "chat") return;
    const { chat } = this.screen;
    try {
      await this.api.logOut();
    } catch (error) {
      // Ended elsewhere already: that is what was asked for.
      if (!(error instanceof HttpError && error.status === 401)) throw error;
    }
    chat.discard();
    this.#leave(null);
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
          this.#leave("Your session has ended. Log in again to go on where you were.");
        }
      },
    });
    this.view = chat.view;
    this.screen = { name: "chat", chat, login };
    chat.connect();
  }

  #leave(notice: string | null): void {
    this.screen = { name: "signed-out", notice };
    this.view = null;
  }
}
