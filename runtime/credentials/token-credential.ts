import { needsPrincipal } from "@mcp-fleet/contract/settings";
import { SingleFlight } from "../async/single-flight.ts";
import { untilAborted } from "../async/until-aborted.ts";
import { clock } from "../platform/clock.ts";
import { random } from "../platform/random.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { Answer, TransportRequest } from "../upstream/transports/transport.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { Credential, Proof } from "./credential.ts";
import type { TokenAuth } from "./grant.ts";
import type { HeldTokens, Token } from "./held-tokens.ts";
import { type Granted, TokenRefusal } from "./token-endpoint.ts";
import type { TokenSource } from "./token-source.ts";

export interface TokenCredentialParts {
  readonly auth: TokenAuth;
  readonly backend: string;
  readonly source: TokenSource;
  readonly tokens: HeldTokens;
  readonly metrics: Metrics;
}

/** What an authorization server says where the person has to do something: log in again, or consent. */
const LOGIN_ERRORS: ReadonlySet<string> = new Set([
  "access_denied",
  "consent_required",
  "insufficient_user_authentication",
  "interaction_required",
  "invalid_grant",
  "login_required",
]);

/** How long a token is good whose server does not say. */
const USUAL_LIFETIME_SECONDS = 300;

/** Another one is got when this share of a lifetime is over: at some moment between the two, so that not all are at once. */
const RENEW_FROM = 0.7;
const RENEW_SPREAD = 0.2;

/** A token is not sent any more so long before it expires: it has to arrive. At most a tenth of its lifetime. */
const MARGIN_MS = 5_000;

/** An authorization server that gave no token is left alone for so long. */
const PAUSE_MS = 1_000;

/** A backend that refuses also the token that took the place of a refused one is not asked for by more of them. */
const REPLACEMENT_PAUSE_MS = 10_000;

/**
 * Tokens that this gateway is given: for itself, or for the tokens of clients. Each is got once, however many wait for it,
 * and renewed before it expires, while calls go on with the one that is still good.
 */
export class TokenCredential implements Credential {
  readonly #parts: TokenCredentialParts;
  readonly #requests = new SingleFlight<string, Token>();
  readonly #prefix: string;

  constructor(parts: TokenCredentialParts) {
    this.#parts = parts;
    // A backend with other settings has other tokens.
    this.#prefix = `${parts.backend} ${random.uuid()}`;
  }

  proofFor(request: TransportRequest): Proof | Promise<Proof> {
    const owner = this.#ownerOf(request);
    const held = this.#held(owner);
    const nowMs = clock.monotonicMs();
    if (held !== undefined && nowMs < held.expiresAtMs) {
      // What comes of it is for the calls after this one.
      if (nowMs >= held.renewAtMs) this.#request(owner).catch(() => {});
      return held.proof;
    }
    return untilAborted(this.#request(owner), request.signal).then(proofOf);
  }

  isRefusal(answer: Answer): boolean {
    return this.#parts.source.isRefusal(answer);
  }

  async renewed(request: TransportRequest, refused: Proof): Promise<Proof | undefined> {
    const owner = this.#ownerOf(request);
    const held = this.#held(owner);
    const nowMs = clock.monotonicMs();
    if (held !== undefined) {
      // Somebody else was refused, too, and has another one already.
      if (held.proof !== refused) return held.proof;
      if (nowMs - (held.replacedAtMs ?? -REPLACEMENT_PAUSE_MS) < REPLACEMENT_PAUSE_MS) {
        return undefined;
      }
      this.#parts.tokens.delete(this.#keyOf(owner));
    }
    const token = await untilAborted(this.#request(owner, nowMs), request.signal);
    return token.text === held?.text ? undefined : token.proof;
  }

  close(): Promise<void> {
    return this.#parts.source.close();
  }

  /** Whose token it is: everybody's where no client's token is exchanged. */
  #ownerOf({ owner = "" }: TransportRequest): string {
    return needsPrincipal(this.#parts.auth) ? owner : "";
  }

  #keyOf(owner: string): string {
    return `${this.#prefix} ${owner}`;
  }

  #held(owner: string): Token | undefined {
    const held = this.#parts.tokens.get(this.#keyOf(owner));
    return held !== undefined && "text" in held ? held : undefined;
  }

  /** Gets a token, or waits for whoever is getting it. */
  #request(owner: string, replacedAtMs?: number): Promise<Token> {
    return this.#requests.run(owner, () => this.#get(owner, replacedAtMs));
  }

  async #get(owner: string, replacedAtMs: number | undefined): Promise<Token> {
    const { backend, source, tokens, metrics } = this.#parts;
    const key = this.#keyOf(owner);
    const subject = this.#subjectOf(owner);
    const before = tokens.get(key);
    const isPaused = before !== undefined && "error" in before && before.subject === subject;
    if (isPaused && clock.monotonicMs() < before.untilMs) throw before.error;
    try {
      const granted = await source.request(subject);
      metrics.credentialRequests.inc({ backend, outcome: "granted" });
      const token = tokenOf(granted, source.proofOf(granted.text), replacedAtMs);
      tokens.set(key, token);
      return token;
    } catch (thrown) {
      const error = failureOf(thrown, this.#parts);
      const outcome = error.code === "BACKEND_LOGIN_REQUIRED" ? "login_required" : "failed";
      metrics.credentialRequests.inc({ backend, outcome });
      const untilMs = clock.monotonicMs() + PAUSE_MS;
      const held = this.#held(owner);
      const isGood = held !== undefined && clock.monotonicMs() < held.expiresAtMs;
      tokens.set(key, isGood ? { ...held, renewAtMs: untilMs } : { error, untilMs, subject });
      throw error;
    }
  }

  /** @throws {FleetError} BACKEND_AUTH_UNAVAILABLE where this process has not heard of the principal. */
  #subjectOf(owner: string): string | undefined {
    const { auth, backend, tokens } = this.#parts;
    if (!needsPrincipal(auth)) return undefined;
    const subject = tokens.subject(owner);
    if (subject !== undefined) return subject;
    throw unavailable(
      backend,
      new Error("the client has not called this process with a token yet"),
    );
  }
}

const proofOf = ({ proof }: Token): Proof => proof;

function tokenOf(
  { text, lifetimeSeconds }: Granted,
  proof: Proof,
  replacedAtMs: number | undefined,
): Token {
  const nowMs = clock.monotonicMs();
  const lifetimeMs = Math.max(0, lifetimeSeconds ?? USUAL_LIFETIME_SECONDS) * 1000;
  return {
    text,
    proof,
    renewAtMs: nowMs + lifetimeMs * (RENEW_FROM + RENEW_SPREAD * random.fraction()),
    expiresAtMs: nowMs + lifetimeMs - Math.min(MARGIN_MS, lifetimeMs / 10),
    replacedAtMs,
  };
}

/** Which of them it is, the client's to solve or the operator's: the authorization server says so. */
function failureOf(thrown: unknown, { auth, backend }: TokenCredentialParts): FleetError {
  if (thrown instanceof FleetError) return thrown;
  const isLogin = thrown instanceof TokenRefusal && LOGIN_ERRORS.has(thrown.reason);
  if (!needsPrincipal(auth) || !isLogin) return unavailable(backend, thrown);
  const loginUrl = "loginUrl" in auth ? auth.loginUrl : undefined;
  return new FleetError("BACKEND_LOGIN_REQUIRED", {
    message: `the backend ${backend} needs you to log in or to consent${loginUrl === undefined ? "" : `: open ${loginUrl}`}; the call did not run`,
    data: { backend, ...(loginUrl !== undefined && { loginUrl }) },
    cause: thrown,
  });
}

function unavailable(backend: string, cause: unknown): FleetError {
  return new FleetError("BACKEND_AUTH_UNAVAILABLE", {
    message: `the credentials for the backend ${backend} are unavailable; the call did not run`,
    data: { backend },
    cause,
  });
}
