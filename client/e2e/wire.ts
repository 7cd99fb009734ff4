import { connect, createServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";

/** A piece of network between a browser and the server, which can be cut. */
export interface Wire {
  /** The origin to open instead of the server's. */
  readonly url: string;
  /** Ends every connection and refuses new ones, until {@link mend}. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

/** Lays a wire to the server at `target`. */
export async function layWire(target: string): Promise<Wire> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) return near.destroy();
    const far = connect(Number(port), hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on("error", () => other.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const end = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    cut() {
      whole = false;
      end();
    },
    mend() {
      whole = true;
    },
    async close() {
      end();
      await new Promise((done) => server.close(done));
    },
  };
}
