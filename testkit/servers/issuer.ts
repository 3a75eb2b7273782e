import { once } from "node:events";
import { createServer, type Server } from "node:http";
import {
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  type JSONWebKeySet,
  type JWK,
  SignJWT,
  UnsecuredJWT,
} from "jose";

export interface Claims {
  readonly sub?: string | undefined;
  readonly iss?: string;
  readonly aud?: string | string[];
  /** Seconds from now; undefined leaves the claim out. */
  readonly expiresIn?: number | undefined;
  readonly validIn?: number;
  /** Claims beside those. */
  readonly more?: Readonly<Record<string, unknown>>;
}

interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** A token issuer: real keys, real signatures, and its JSON Web Key Set over HTTP while it is up. */
export class Issuer {
  static readonly AUDIENCE = "https://gateway.example.com/mcp";
  readonly url: string;
  /** How often the key set was fetched. */
  fetches = 0;
  isDown = false;
  readonly #server: Server;
  #key: SigningKey;
  #published: readonly JWK[] = [];

  private constructor(server: Server, url: string, key: SigningKey) {
    this.#server = server;
    this.url = url;
    this.#key = key;
    server.on("request", (_request, response) => {
      this.fetches += 1;
      if (this.isDown) response.writeHead(500).end();
      else response.writeHead(200).end(JSON.stringify(this.jwks));
    });
  }

  static async start(alg = "ES256"): Promise<Issuer> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port to listen on");
    const issuer = new Issuer(server, `http://127.0.0.1:${address.port}`, await signingKey(1, alg));
    await issuer.#publish();
    return issuer;
  }

  get jwks(): JSONWebKeySet {
    return { keys: [...this.#published] };
  }

  /** Signs with another key from now on; the key set holds that one alone. */
  async rotate(alg = "ES256"): Promise<void> {
    this.#key = await signingKey(Number(this.#key.kid) + 1, alg);
    await this.#publish();
  }

  token(claims: Claims = {}): Promise<string> {
    const { alg, kid, privateKey } = this.#key;
    return this.#claims(claims).setProtectedHeader({ alg, kid }).sign(privateKey);
  }

  /** Says that it needs no signature, and has none. */
  unsigned(): string {
    const now = Math.floor(Date.now() / 1000);
    return new UnsecuredJWT({ sub: "alice" })
      .setIssuer(this.url)
      .setAudience(Issuer.AUDIENCE)
      .setExpirationTime(now + 600)
      .encode();
  }

  /** Signed by HMAC, with what everybody knows as the secret: the public key, as PEM and as the JWK's text. */
  async confused(form: "PEM" | "JWK"): Promise<string> {
    const { kid, publicKey } = this.#key;
    const pem = await exportSPKI(publicKey);
    const secret = form === "PEM" ? pem : JSON.stringify(await exportJWK(publicKey));
    return this.#claims({})
      .setProtectedHeader({ alg: "HS256", kid })
      .sign(new TextEncoder().encode(secret));
  }

  /** Signed by a key that the issuer never had, under the id of its own. */
  async forged(): Promise<string> {
    const { alg, kid } = this.#key;
    const { privateKey } = await signingKey(0, alg);
    return this.#claims({}).setProtectedHeader({ alg, kid }).sign(privateKey);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #claims(claims: Claims): SignJWT {
    const { sub, iss, aud, expiresIn, validIn, more } = { sub: "alice", expiresIn: 600, ...claims };
    const now = Math.floor(Date.now() / 1000);
    const jwt = new SignJWT({ ...more, ...(sub !== undefined && { sub }) });
    jwt.setIssuer(iss ?? this.url).setAudience(aud ?? Issuer.AUDIENCE);
    if (expiresIn !== undefined) jwt.setExpirationTime(now + expiresIn);
    if (validIn !== undefined) jwt.setNotBefore(now + validIn);
    return jwt;
  }

  async #publish(): Promise<void> {
    const { alg, kid, publicKey } = this.#key;
    this.#published = [{ ...(await exportJWK(publicKey)), kid, alg, use: "sig" }];
  }
}

async function signingKey(number: number, alg: string): Promise<SigningKey> {
  return { kid: String(number), alg, ...(await generateKeyPair(alg, { extractable: true })) };
}
