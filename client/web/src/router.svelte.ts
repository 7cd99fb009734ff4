import { ROOM_NAME } from "./lib/room-name.ts";

const PAGES = {
  "/": "room",
  "/rooms": "rooms",
  "/create-room": "create-room",
  "/sign-up": "sign-up",
  "/verify": "verify",
  "/forgot": "forgot",
  "/reset": "reset",
  "/welcome": "welcome",
  "/account": "account",
} as const;

/** A path of ours. The server answers each of them with `index.html`. */
export type Path = keyof typeof PAGES | `/rooms/${string}`;

/** What is at a path. */
export type Page = (typeof PAGES)[keyof typeof PAGES];

/** The room that everyone is in. */
export const GENERAL = "general";

/** Where the browser is. */
export interface Place {
  readonly page: Page;
  /** Which room, on the page `room`. */
  readonly room: string;
  /** What a one-time link carried behind `#token=`. */
  readonly token: string | null;
  /** Whose account the link is about, if it says so: a label, which anybody may have written. */
  readonly username: string | null;
}

/** Where a room is. */
export function roomPath(room: string): Path {
  return room === GENERAL ? "/" : `/rooms/${room}`;
}

/** The address bar, as the page's state. */
class Router {
  /** Where the browser is. */
  place = $state.raw<Place>(arrive());

  /** Goes to a page; `replace` leaves no way back to the one before. */
  go(path: Path, { replace = false } = {}): void {
    if (replace) history.replaceState(null, "", path);
    else if (path !== location.pathname) history.pushState(null, "", path);
    this.place = arrive();
    scrollTo(0, 0);
  }

  /** The person went back or forward, or opened another mailed link in this very tab. */
  readonly moved = (): void => {
    this.place = arrive();
  };
}

/** The one address bar that there is. */
export const router = new Router();

function arrive(): Place {
  const carried = new URLSearchParams(location.hash.slice(1));
  // Neither the history nor a look at the screen shall give the token away.
  if (location.hash !== "") history.replaceState(null, "", location.pathname);
  return {
    ...at(location.pathname),
    token: carried.get("token"),
    username: carried.get("name"),
  };
}

/** What is at a path; where nothing is, everyone's room. */
function at(path: string): Pick<Place, "page" | "room"> {
  const [, room] = /^\/rooms\/([^/]+)$/.exec(path) ?? [];
  if (room !== undefined && ROOM_NAME.test(room)) return { page: "room", room };
  const page = (PAGES as Record<string, Page | undefined>)[path] ?? "room";
  return { page, room: GENERAL };
}
