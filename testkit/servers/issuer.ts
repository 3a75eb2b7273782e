import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
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
  /** Any others, such as `scope`; they win. */
  readonly more?: Readonly<Record<string, unknown>>;
  /** What the header says beside `alg` and `kid`; it wins. */
  readonly header?: Readonly<Record<string, unknown>>;
}

interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

/** What an issuer answers, whatever is true. */
type Said = Readonly<Record<string, unknown>>;

/**
 * A token issuer: real keys and real signatures; over HTTP, while it is up, its metadata, its JSON Web Key Set (at every
 * other path), and what it is told to say of tokens.
 */
export class Issuer {
  static readonly AUDIENCE = "https://gateway.example.com/mcp";
  readonly url: string;
  /** How often the key set was fetched. */
  fetches = 0;
  isDown = false;
  /** Where it sends those who ask for its key set. */
  redirect: string | undefined;
  /** How often its metadata was read, and which tokens it was asked about. */
  discoveries = 0;
  readonly introspected: string[] = [];
  /** What it says of a token when asked; of others, that they are not active. */
  readonly opaque = new Map<string, Said>();
  /** Who asked about tokens last: the Authorization. */
  introspector: string | undefined;
  /** What its metadata says beside or instead of the truth. */
  metadata: Said = {};
  readonly #server: Server;
  #key: SigningKey;
  #published: readonly JWK[] = [];

  private constructor(server: Server, url: string, key: SigningKey) {
    this.#server = server;
    this.url = url;
    this.#key = key;
    server.on("request", (request, response) => void this.#answer(request, response));
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
    const header = { alg, kid, ...claims.header };
    return this.#claims(claims).setProtectedHeader(header).sign(privateKey);
  }

  /** A logout token for a client (OpenID Connect Back-Channel Logout). */
  logoutToken(clientId: string, claims: Claims = {}): Promise<string> {
    const events = { "http://schemas.openid.net/event/backchannel-logout": {} };
    const now = Math.floor(Date.now() / 1000);
    const more = { events, jti: randomUUID(), iat: now, ...claims.more };
    return this.token({ aud: clientId, header: { typ: "logout+jwt" }, ...claims, more });
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
    const { sub, iss, aud, expiresIn, validIn } = { sub: "alice", expiresIn: 600, ...claims };
    const now = Math.floor(Date.now() / 1000);
    const jwt = new SignJWT({ ...(sub !== undefined && { sub }), ...claims.more });
    jwt.setIssuer(iss ?? this.url).setAudience(aud ?? Issuer.AUDIENCE);
    if (expiresIn !== undefined) jwt.setExpirationTime(now + expiresIn);
    if (validIn !== undefined) jwt.setNotBefore(now + validIn);
    return jwt;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const say = (said: unknown) =>
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(said));
    const isMetadata = request.url === "/.well-known/openid-configuration";
    if (isMetadata) this.discoveries += 1;
    else if (request.url === "/introspect") this.introspected.push(tokenOf(body));
    else this.fetches += 1;
    if (this.isDown) response.writeHead(500).end();
    else if (request.url === "/redirect") {
      response.writeHead(302, { location: this.redirect }).end();
    } else if (isMetadata) say({ ...this.#truth(), ...this.metadata });
    else if (request.url === "/introspect") {
      this.introspector = request.headers.authorization;
      say(this.opaque.get(tokenOf(body)) ?? { active: false });
    } else say(this.jwks);
  }

  #truth(): Said {
    const { url } = this;
    return {
      issuer: url,
      jwks_uri: `${url}/jwks`,
      introspection_endpoint: `${url}/introspect`,
      response_types_supported: ["code"],
    };
  }

  async #publish(): Promise<void> {
    const { alg, kid, publicKey } = this.#key;
    this.#published = [{ ...(await exportJWK(publicKey)), kid, alg, use: "sig" }];
  }
}

/** The token of an introspection request. */
function tokenOf(body: string): string {
  return new URLSearchParams(body).get("token") ?? "";
}

async function signingKey(number: number, alg: string): Promise<SigningKey> {
  return { kid: String(number), alg, ...(await generateKeyPair(alg, { extractable: true })) };
}
