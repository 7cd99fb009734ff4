import { SignedOut } from "@parley/sdk";

import { refusalOf } from "./refusal.ts";

/** Something that the server has, for a component to show. */
export class Remote<T> {
  readonly #load: () => Promise<T>;
  /** What came last; null until something has. */
  value = $state.raw<T | null>(null);
  /** Why the last attempt failed. */
  problem = $state<string | null>(null);

  /** Loads at once. `load` rejects with `HttpError` or `SignedOut`. */
  constructor(load: () => Promise<T>) {
    this.#load = load;
    void this.reload();
  }

  /** Loads once more; what is there stays meanwhile. */
  readonly reload = async (): Promise<void> => {
    try {
      this.value = await this.#load();
      this.problem = null;
    } catch (error) {
      // Signed out: the page that showed it is gone.
      if (error instanceof SignedOut) return;
      this.problem = refusalOf(error).message;
    }
  };
}
