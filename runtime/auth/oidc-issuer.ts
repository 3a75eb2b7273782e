import type { OidcIssuerSettings } from "@mcp-fleet/contract/settings";
import type { JWTVerifyGetKey } from "jose";
import {
  type AuthorizationServer,
  allowInsecureRequests,
  customFetch,
  discoveryRequest,
  processDiscoveryResponse,
} from "oauth4webapi";
import type { Logger } from "pino";
import { SingleFlight } from "../async/single-flight.ts";
import { clock } from "../platform/clock.ts";
import { FleetError } from "../wire/fleet-error.ts";
import { IssuerClient } from "./issuer-client.ts";
import { remoteKeys } from "./jwks.ts";

/** An issuer that did not answer is left alone for this long: nobody waits for it meanwhile. */
const PAUSE_MS = 2_000;

/** How long metadata is used before it is read again. */
const METADATA_MS = 3_600_000;

/** The keys that an issuer's metadata points to. */
interface Keys {
  readonly url: string;
  readonly find: JWTVerifyGetKey;
}

/** One issuer of tokens: what its metadata says, and its keys, read when they are needed. */
export class OidcIssuer {
  readonly settings: OidcIssuerSettings;
  readonly #log: Logger;
  /** Reads metadata and keys; what else is asked of the issuer may have another one. */
  readonly #client: IssuerClient;
  readonly #reading = new SingleFlight<"metadata", AuthorizationServer>();
  #metadata: AuthorizationServer | undefined;
  #readAtMs = Number.NEGATIVE_INFINITY;
  #askAgainMs = 0;
  #isAway = false;
  #keys: Keys | undefined;

  /** @throws {ConfigError} when its CA certificates cannot be read. */
  constructor(settings: OidcIssuerSettings, log: Logger) {
    const { caBundlePath, jwksAllowPrivateIp, insecureAllowHttp } = settings;
    this.settings = settings;
    this.#log = log.child({ issuer: settings.issuer });
    this.#client = new IssuerClient({
      allowPrivate: jwksAllowPrivateIp,
      allowHttp: insecureAllowHttp,
      caBundlePath,
      log: this.#log,
    });
  }

  /** Begins to read its metadata, so that the first token need not wait. */
  start(): void {
    if (this.settings.jwksUrl === undefined) this.metadata().catch(() => {});
  }

  /**
   * What the issuer says of itself: at first from the issuer, then as it was last read, and read again in the
   * background now and then.
   *
   * @throws JWKS_UNAVAILABLE.
   */
  async metadata(): Promise<AuthorizationServer> {
    const known = this.#metadata;
    if (known !== undefined && clock.now() - this.#readAtMs < METADATA_MS) return known;
    if (clock.now() < this.#askAgainMs) {
      if (known !== undefined) return known;
      throw new FleetError("JWKS_UNAVAILABLE");
    }
    const read = this.#reading.run("metadata", () => this.#read());
    return known ?? (await read);
  }

  /**
   * Its name, exactly as its tokens say it, and its keys.
   *
   * @throws JWKS_UNAVAILABLE.
   */
  async signer(): Promise<{ readonly issuer: string; readonly keys: JWTVerifyGetKey }> {
    const { issuer, jwksUrl } = this.settings;
    if (jwksUrl !== undefined) return { issuer, keys: this.#keysAt(jwksUrl) };
    const { issuer: name, jwks_uri: url } = await this.metadata();
    if (url === undefined) throw new FleetError("JWKS_UNAVAILABLE");
    return { issuer: name, keys: this.#keysAt(url) };
  }

  close(): void {
    this.#client.close();
  }

  #keysAt(url: string): JWTVerifyGetKey {
    if (this.#keys?.url !== url) {
      const find = remoteKeys(new URL(url), this.#log, this.#client.fetch);
      this.#keys = { url, find };
    }
    return this.#keys.find;
  }

  async #read(): Promise<AuthorizationServer> {
    try {
      const metadata = await this.#discover();
      this.#metadata = metadata;
      this.#readAtMs = clock.now();
      if (this.#isAway) this.#log.info("the issuer's metadata can be read again");
      this.#isAway = false;
      return metadata;
    } catch (cause) {
      this.#askAgainMs = clock.now() + PAUSE_MS;
      if (!this.#isAway) this.#log.error({ error: cause }, "the issuer's metadata cannot be read");
      this.#isAway = true;
      if (this.#metadata !== undefined) return this.#metadata;
      throw new FleetError("JWKS_UNAVAILABLE", { cause });
    }
  }

  /** By OpenID Connect Discovery; where an issuer has none, by RFC 8414. */
  async #discover(): Promise<AuthorizationServer> {
    const issuer = new URL(this.settings.issuer);
    const options = {
      [customFetch]: this.#client.fetch,
      [allowInsecureRequests]: this.settings.insecureAllowHttp,
    };
    const found = await discoveryRequest(issuer, options);
    const response =
      found.status === 404
        ? await discoveryRequest(issuer, { ...options, algorithm: "oauth2" })
        : found;
    return await processDiscoveryResponse(issuer, response);
  }
}
