import type { ChatView, RoomSummary } from "@parley/sdk";

/**
 * What others have written where nobody looked. The room that is on show counts, too, while the page
 * is hidden or shows something else. Made while a component is set up.
 */
export class Unseen {
  readonly #view: () => ChatView;
  readonly #userId: () => string;
  /** The last message of the room on show that somebody can have seen; null before its first page. */
  #seenUpTo = $state<number | null>(null);

  /** `looking` tells whether the room on show is before somebody's eyes. */
  constructor(view: () => ChatView, userId: () => string, looking: () => boolean) {
    this.#view = view;
    this.#userId = userId;
    let room: string | null = null;
    $effect.pre(() => {
      const { name, loaded, messages } = view().room;
      if (name !== room) {
        room = name;
        this.#seenUpTo = null;
      }
      if (loaded && (looking() || this.#seenUpTo === null)) {
        this.#seenUpTo = messages.at(-1)?.seq ?? 0;
      }
    });
  }

  /** My rooms, with what is unseen in each. */
  readonly rooms: readonly RoomSummary[] = $derived.by(() => {
    const { rooms, room } = this.#view();
    return rooms.map((one) => (one.name === room.name ? { ...one, unseen: this.#here } : one));
  });

  /** In all rooms together. */
  readonly total: number = $derived(this.rooms.reduce((sum, { unseen }) => sum + unseen, 0));

  get #here(): number {
    const seenUpTo = this.#seenUpTo;
    if (seenUpTo === null) return 0;
    const me = this.#userId();
    return this.#view().room.messages.filter(({ seq, userId }) => seq > seenUpTo && userId !== me)
      .length;
  }
}
