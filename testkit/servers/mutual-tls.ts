import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createServer, type Server, type TLSSocket } from "node:tls";

/** A certificate authority in a folder, and what it has signed. */
export class TestAuthority {
  readonly #folder: string;
  #signed = 0;

  constructor(folder: string) {
    this.#folder = folder;
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const out = ["-keyout", join(folder, "ca.key"), "-out", this.certFile, "-days", "2"];
    openssl(["req", ...kind, "-subj", "/CN=authority", ...out]);
  }

  get certFile(): string {
    return join(this.#folder, "ca.crt");
  }

  /** A certificate with a key, for 127.0.0.1, as the text of two files. */
  sign(name: string) {
    this.#signed += 1;
    const folder = join(this.#folder, `${this.#signed}`);
    mkdirSync(folder);
    const [key, request, cert] = ["key", "csr", "crt"].map((end) => join(folder, end));
    const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const about = ["-subj", `/CN=${name}`, "-addext", "subjectAltName=IP:127.0.0.1"];
    openssl(["req", ...kind, ...about, "-keyout", key ?? "", "-out", request ?? ""]);
    const by = ["-CA", this.certFile, "-CAkey", join(this.#folder, "ca.key")];
    const serial = ["-set_serial", String(this.#signed), "-copy_extensions", "copy"];
    const files = ["-in", request ?? "", "-out", cert ?? "", "-days", "2"];
    openssl(["x509", "-req", ...by, ...serial, ...files]);
    return { cert: readFileSync(cert ?? "", "utf8"), key: readFileSync(key ?? "", "utf8") };
  }
}

/** In front of a server: lets in only clients with a certificate of the authority, and keeps whose they were. */
export class MutualTls {
  /** The common names of the clients, by connection. */
  readonly clients: string[] = [];
  readonly #server: Server;
  readonly #open = new Set<TLSSocket>();
  #port = 0;

  private constructor(authority: TestAuthority, port: number) {
    const ca = readFileSync(authority.certFile);
    this.#server = createServer(
      { ...authority.sign("server"), ca, requestCert: true, rejectUnauthorized: true },
      (socket) => {
        this.clients.push(String(socket.getPeerCertificate().subject.CN));
        this.#open.add(socket);
        socket.once("close", () => this.#open.delete(socket));
        const behind = connect(port, "127.0.0.1");
        socket.on("error", () => behind.destroy());
        behind.on("error", () => socket.destroy());
        socket.pipe(behind).pipe(socket);
      },
    );
  }

  /** @param url of the server behind. */
  static async start(authority: TestAuthority, url: string): Promise<MutualTls> {
    const front = new MutualTls(authority, Number(new URL(url).port));
    front.#server.listen(0, "127.0.0.1");
    await once(front.#server, "listening");
    const address = front.#server.address();
    if (address === null || typeof address === "string") throw new Error("no port to listen on");
    front.#port = address.port;
    return front;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}/mcp`;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#open) socket.destroy();
    await closed;
  }
}

function openssl(args: readonly string[]): void {
  execFileSync("openssl", [...args], { stdio: "ignore" });
}
