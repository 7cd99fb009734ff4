import type { Chat } from "@parley/sdk";
import { tick } from "svelte";

/** What the room's page does for {@link Acting}. */
export interface Stage {
  /** Asks whether the message shall really go. */
  ask(): void;
  /** The composer takes the focus. */
  focusComposer(): void;
  /** The buttons of the message with this number take it. */
  focusTools(seq: number): void;
  /** The messages as a whole take it. */
  focusLog(): void;
}

/** What a person is about to do to a message of theirs: one thing at a time. */
export class Acting {
  readonly #chat: Chat;
  readonly #stage: Stage;
  /** The message that is being edited, by its number. */
  editing = $state<number | null>(null);
  /** The one whose deletion is asked about. */
  #deleting: number | null = null;
  /** Where the focus came from, and returns to. */
  #fromComposer = false;

  constructor(chat: Chat, stage: Stage) {
    this.#chat = chat;
    this.#stage = stage;
  }

  /** Begins to edit. */
  edit(seq: number, { fromComposer = false } = {}): void {
    this.editing = seq;
    this.#fromComposer = fromComposer;
  }

  /** Gives the message that is edited its new text. */
  save(content: string): void {
    if (this.editing !== null) this.#chat.edit(this.editing, content);
    this.stop();
  }

  /** Edits no longer. */
  stop(): void {
    const seq = this.editing;
    this.editing = null;
    if (seq !== null) this.#return(() => this.#stage.focusTools(seq));
  }

  /** Asks whether a message shall go. */
  askToDelete(seq: number): void {
    if (this.editing !== seq) this.#fromComposer = false;
    this.#deleting = seq;
    this.#stage.ask();
  }

  /** It shall. */
  delete(): void {
    if (this.#deleting === null) return;
    this.#chat.delete(this.#deleting);
    this.#deleting = this.editing = null;
    // The buttons go away with the message.
    this.#return(() => this.#stage.focusLog());
  }

  #return(elsewhere: () => void): void {
    const focus = this.#fromComposer ? () => this.#stage.focusComposer() : elsewhere;
    void tick().then(focus);
  }
}
