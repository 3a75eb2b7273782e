import { ConfigError, fault, isSection } from "@mcp-fleet/contract";
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  customFetch,
  errors,
  type FetchImplementation,
  type JSONWebKeySet,
  type JWKSCacheInput,
  type JWTVerifyGetKey,
  jwksCache,
} from "jose";
import type { Logger } from "pino";
import { clock } from "../platform/clock.ts";
import { WatchedFile } from "../platform/watched-file.ts";
import { FleetError } from "../wire/fleet-error.ts";

/** The longest wait for an issuer, below the 2.5 s within which a gateway answers that something is away. */
const FETCH_TIMEOUT_MS = 2_000;

/** A key that is not among those held is asked for, but not more often than this. */
const COOLDOWN_MS = 10_000;

/** An issuer that did not answer is left alone for this long: nobody waits for it meanwhile. */
const PAUSE_MS = 2_000;

/** A key that the issuer withdrew is known here no longer than this. */
const MAX_AGE_MS = 300_000;

/** The public keys of an issuer, from a URL or a file, as they are now. */
export class Jwks {
  /**
   * The key of a token.
   *
   * @throws those of jose about the token, JWKS_UNAVAILABLE.
   */
  readonly find: JWTVerifyGetKey;
  readonly #file: WatchedFile | undefined;

  /**
   * @param source an http or https URL, or the path of a file.
   * @throws {ConfigError} when the URL is none, or the file cannot be read or is no JSON Web Key Set.
   */
  constructor(source: string, log: Logger) {
    if (/^https?:/i.test(source)) {
      this.find = remoteKeys(urlOf(source), log);
      return;
    }
    const file = new WatchedFile(source, log);
    let local = localKeys(source, file.text);
    file.onChange((text) => {
      local = localKeys(source, text);
    });
    this.find = (header, token) => local(header, token);
    this.#file = file;
  }

  close(): void {
    this.#file?.close();
  }
}

function urlOf(text: string): URL {
  if (URL.canParse(text)) return new URL(text);
  const path = ["incomingAuth", "jwt", "jwks"];
  throw new ConfigError([fault(path, text, "a URL or the path of a file", "correct the URL")]);
}

function localKeys(path: string, text: string): JWTVerifyGetKey {
  try {
    const set: unknown = JSON.parse(text);
    if (isKeySet(set)) return createLocalJWKSet(set);
  } catch {
    // It is no JSON, and no key set either.
  }
  const fix = 'write {"keys": […]}, as the issuer publishes it';
  throw new ConfigError([fault([path], undefined, "a JSON Web Key Set", fix)]);
}

function isKeySet(value: unknown): value is JSONWebKeySet {
  return isSection(value) && Array.isArray(value.keys) && value.keys.every(isSection);
}

/**
 * The keys at a URL: the issuer is asked when it has to be, and while it does not answer, the keys that it said last stay
 * good.
 *
 * @param fetch what asks for them. Default: that of the system.
 */
export function remoteKeys(url: URL, log: Logger, fetch?: FetchImplementation): JWTVerifyGetKey {
  /** What the issuer has said last, and when. */
  const cache: JWKSCacheInput = {};
  const remote = createRemoteJWKSet(url, {
    timeoutDuration: FETCH_TIMEOUT_MS,
    cooldownDuration: COOLDOWN_MS,
    cacheMaxAge: MAX_AGE_MS,
    [jwksCache]: cache,
    ...(fetch && { [customFetch]: fetch }),
  });
  const issuer = url.origin;
  let askAgainMs = 0;
  /** When it had answered last before it was away; undefined while it answers. */
  let missed: { readonly answeredAtMs: unknown } | undefined;
  const answered = () => {
    // A key that is held says nothing of the issuer.
    if (missed === undefined || cache.uat === missed.answeredAtMs) return;
    missed = undefined;
    log.info({ issuer }, "the issuer's keys can be read again");
  };
  const failed = (error: unknown) => {
    askAgainMs = clock.now() + PAUSE_MS;
    if (missed === undefined) log.error({ error, issuer }, "the issuer's keys cannot be read");
    missed = { answeredAtMs: cache.uat };
  };
  return async (header, token) => {
    try {
      if (clock.now() >= askAgainMs) return await remote(header, token).finally(answered);
    } catch (error) {
      if (isAboutToken(error)) throw error;
      failed(error);
    }
    try {
      return await createLocalJWKSet(remote.jwks() ?? { keys: [] })(header, token);
    } catch (cause) {
      // The key may be a new one: without the issuer, nobody can say that the token is bad.
      throw new FleetError("JWKS_UNAVAILABLE", { cause });
    }
  };
}

function isAboutToken(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
