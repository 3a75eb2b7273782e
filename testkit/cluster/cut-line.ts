import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** A line to a TCP server that can be cut: every connection through it breaks, and new ones are made. */
export class CutLine {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** Connections that were made through it. */
  count = 0;

  private constructor(port: number) {
    this.#server = createServer((near) => {
      this.count += 1;
      const far = connect(port, "127.0.0.1");
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        one.pipe(other);
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  /** A line to a port of this machine. */
  static async to(port: number): Promise<CutLine> {
    const line = new CutLine(port);
    line.#server.listen(0, "127.0.0.1");
    await once(line.#server, "listening");
    return line;
  }

  get port(): number {
    const { port } = this.#server.address() as AddressInfo;
    return port;
  }

  /** Breaks what goes through it. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async close(): Promise<void> {
    this.cut();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}
