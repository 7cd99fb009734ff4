import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A piece of network between a browser and the server, which can be cut. */
export interface Wire {
  /** The origin to open instead of the server's. */
  readonly url: string;
  /** Ends every connection and refuses new ones, until {@link mend}. */
  cut(): void;
  /** Carries nothing any more, without a word to either end, until {@link mend}. */
  freeze(): void;
  /** Takes new connections again, and carries on with the frozen ones. */
  mend(): void;
  close(): Promise<void>;
}

/** Lays a wire to the server at `target`. */
export async function layWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target);
  const pairs = new Set<readonly [near: Socket, far: Socket]>();
  let state: "whole" | "frozen" | "cut" = "whole";
  const server = createServer((near) => {
    if (state === "cut") return near.destroy();
    const far = connect(Number(port), hostname);
    const pair = [near, far] as const;
    const end = (): void => {
      pairs.delete(pair);
      for (const socket of pair) socket.destroy();
    };
    for (const socket of pair) socket.on("error", end).on("close", end);
    pairs.add(pair);
    if (state === "whole") join(pair);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const end = (): void => {
    for (const [near] of pairs) near.destroy();
  };
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    cut() {
      state = "cut";
      end();
    },
    freeze() {
      state = "frozen";
      for (const [near, far] of pairs) {
        near.unpipe(far);
        far.unpipe(near);
      }
    },
    mend() {
      if (state === "frozen") pairs.forEach(join);
      state = "whole";
    },
    async close() {
      end();
      await new Promise((done) => server.close(done));
    },
  };
}

function join([near, far]: readonly [Socket, Socket]): void {
  near.pipe(far).pipe(near);
}
