import type { Environment } from "./environment.ts";
import type { Change, Pong, RoomHead } from "./protocol.ts";
import { GENERAL, Room } from "./room.ts";
import type { RoomSource } from "./room.ts";

/** What the rooms need of the chat around them. */
export interface RoomsSource extends RoomSource {
  /** The rooms that I am in, or the one on show, may have changed. */
  roomsChanged(): void;
  /** Nobody has told where this new room stands. */
  standWanted(room: string): void;
}

/** Of a room, the last that its log told of my coming and going. */
interface News {
  /** The number of that entry. */
  readonly seq: number;
  /** When we heard of it, on the environment's clock. */
  readonly at: number;
}

interface Stray {
  readonly name: string;
  readonly entries: readonly Change[];
}

/** What comes before the answer that names its room are a few events, not more. */
const MAX_STRAYS = 50;

/**
 * The rooms that I am in. That is told by three: by the answers to `hello` and `ping`, by the entries
 * of joining and leaving, which my other windows cause too, and by the replies to my own requests.
 * Entries come twice and late, so that only a higher number is news; and an answer that was asked for
 * before such news came may not know of it yet.
 */
export class Rooms {
  readonly #environment: Environment;
  readonly #userId: string;
  readonly #source: RoomsSource;
  readonly #news = new Map<string, News>();
  readonly #general: Room;
  readonly #rooms = new Map<string, Room>();
  /** `general` first, then by name. */
  #ordered: readonly Room[] = [];
  /** The last events of rooms that are not mine: a room is heard before its head is told. */
  #strays: readonly Stray[] = [];
  #online = false;
  #greeted = false;
  #wish: string;
  #onShow: Room;

  /** `userId` is who I am, `wish` the room that shall be on show. */
  constructor(environment: Environment, userId: string, wish: string, source: RoomsSource) {
    this.#environment = environment;
    this.#userId = userId;
    this.#source = source;
    this.#wish = wish;
    this.#general = this.#onShow = this.#add(GENERAL);
    if (wish !== GENERAL) this.#add(wish);
    this.#rearrange();
  }

  /** `general` first, then by name. */
  get all(): readonly Room[] {
    return this.#ordered;
  }

  /** The room on show. */
  get onShow(): Room {
    return this.#onShow;
  }

  /** A room that I am in. */
  get(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  /**
   * The room of this name shall be on show. That is `general` while I am not in it; but before the
   * server has told what I am in, the wish is believed.
   */
  show(name: string): void {
    const before = this.#wish;
    this.#wish = name;
    if (!this.#greeted) {
      if (before !== name && before !== GENERAL) this.#delete(before);
      if (!this.#rooms.has(name)) this.#add(name);
    }
    this.#rearrange();
    this.#source.roomsChanged();
  }

  /** `hello` has told, when asked at `askedAt`, what I am in, and where that stands. */
  greeted(stands: Readonly<Record<string, RoomHead>>, askedAt: number): void {
    this.#online = this.#greeted = true;
    this.#areMine(Object.keys(stands), askedAt);
    const known = new Map(Object.entries(stands));
    for (const room of this.#ordered) {
      const stand = known.get(room.name);
      room.online(stand);
      if (stand === undefined) this.#source.standWanted(room.name);
    }
    this.#source.roomsChanged();
  }

  /** The connection is down. */
  offline(): void {
    this.#online = false;
    for (const room of this.#ordered) room.offline();
  }

  /** `ping` has answered, when asked at `askedAt`. */
  ponged({ rooms, joined }: Pong, askedAt: number): void {
    // The version before has only `general`, and names no others.
    const added = joined === undefined ? [] : this.#areMine(joined, askedAt);
    const stands = new Map(Object.entries(rooms));
    for (const room of added) {
      room.online(undefined);
      if (!stands.has(room.name)) this.#source.standWanted(room.name);
    }
    for (const [name, stand] of stands) this.#rooms.get(name)?.standsAt(stand);
    this.#source.roomsChanged();
  }

  /** An event brought entries of a room, of mine or not. */
  heard(name: string, entries: readonly Change[]): void {
    for (const entry of entries) {
      if (entry.kind !== "create" && entry.kind !== "join" && entry.kind !== "leave") continue;
      if (entry.userId !== this.#userId) continue;
      if (entry.kind === "leave") this.left(name, entry.seq);
      else this.joined(name, entry.seq);
    }
    const room = this.#rooms.get(name);
    if (room !== undefined) room.receive(entries);
    else this.#strays = [...this.#strays.slice(1 - MAX_STRAYS), { name, entries }];
  }

  /** I came to a room, by the entry `seq` of its log; `stand` is where it stands, if that is known. */
  joined(name: string, seq: number, stand?: RoomHead): void {
    if (this.#isNews(name, seq) && !this.#rooms.has(name)) {
      const room = this.#add(name);
      this.#rearrange();
      if (this.#online) room.online(undefined);
      if (stand === undefined) this.#source.standWanted(name);
      this.#source.roomsChanged();
    }
    if (stand !== undefined) this.#rooms.get(name)?.standsAt(stand);
  }

  /** I left a room, by the entry `seq` of its log. */
  left(name: string, seq: number): void {
    if (this.#isNews(name, seq)) this.remove(name);
  }

  /** The server said that I am not in this room. */
  remove(name: string): void {
    if (name === GENERAL || !this.#rooms.has(name)) return;
    this.#delete(name);
    this.#rearrange();
    this.#source.roomsChanged();
  }

  #isNews(name: string, seq: number): boolean {
    const known = Math.max(this.#news.get(name)?.seq ?? 0, this.#rooms.get(name)?.log.last ?? 0);
    if (seq <= known) return false;
    this.#news.set(name, { seq, at: this.#environment.now() });
    return true;
  }

  /** The rooms of these names, and no others, are mine, as of `askedAt`. Returns the new ones. */
  #areMine(names: readonly string[], askedAt: number): readonly Room[] {
    const mine = new Set(names).add(GENERAL);
    const isStale = (name: string) => (this.#news.get(name)?.at ?? -Infinity) >= askedAt;
    for (const name of [...this.#rooms.keys()]) {
      if (!mine.has(name) && !isStale(name)) this.#delete(name);
    }
    const added = [...mine]
      .filter((name) => !this.#rooms.has(name) && !isStale(name))
      .map((name) => this.#add(name));
    this.#rearrange();
    return added;
  }

  #add(name: string): Room {
    const room = new Room(this.#environment, name, this.#source);
    this.#rooms.set(name, room);
    for (const stray of this.#strays) if (stray.name === name) room.receive(stray.entries);
    this.#strays = this.#strays.filter((stray) => stray.name !== name);
    return room;
  }

  #delete(name: string): void {
    this.#rooms.get(name)?.close();
    this.#rooms.delete(name);
  }

  /** Puts them in order, and the right one on show. */
  #rearrange(): void {
    const others = [...this.#rooms.values()].filter((room) => room !== this.#general);
    this.#ordered = [this.#general, ...others.sort((a, b) => (a.name < b.name ? -1 : 1))];
    const next = this.#rooms.get(this.#wish) ?? this.#general;
    if (next !== this.#onShow) this.#onShow.hide();
    this.#onShow = next;
    next.show();
  }
}
