import type { Chat, RoomInfo } from "@parley/sdk";

import { refusalOf } from "../lib/refusal.ts";

/** The public rooms, page by page. */
export class Directory {
  readonly #chat: Chat;
  /** By name; null before the first page. */
  rooms = $state.raw<readonly RoomInfo[] | null>(null);
  /** Whether there are more after these. */
  more = $state(false);
  /** Whether a page is on its way. */
  loading = $state(false);
  /** Why the last page did not come. */
  problem = $state<string | null>(null);

  constructor(chat: Chat) {
    this.#chat = chat;
  }

  /** Loads the first page, or the next. */
  readonly next = async (): Promise<void> => {
    if (this.loading) return;
    this.loading = true;
    this.problem = null;
    try {
      const page = await this.#chat.listRooms(this.rooms?.at(-1)?.room);
      this.rooms = [...(this.rooms ?? []), ...page.rooms];
      this.more = page.more;
    } catch (error) {
      this.problem = refusalOf(error).message;
    } finally {
      this.loading = false;
    }
  };
}
