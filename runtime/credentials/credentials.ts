import { ConfigError, type Fault } from "@mcp-fleet/contract";
import {
  type BackendAuth,
  type BackendSettings,
  needsPrincipal,
  type Settings,
} from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { Principal } from "../sessions/principal.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import type { BackendInterceptor } from "../upstream/backend.ts";
import type { TransportRequest } from "../upstream/transports/transport.ts";
import type { Credential, Proof } from "./credential.ts";
import { HeaderCredential } from "./header-credential.ts";
import { HeldTokens } from "./held-tokens.ts";
import { Secrets } from "./secrets.ts";

export interface CredentialsParts {
  readonly settings: Pick<Settings, "backends" | "limits" | "strategies">;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The credentials of one backend. */
interface OfBackend {
  /** For requests in the session of a client. */
  readonly session: Credential | undefined;
  /** For those of the process itself. */
  readonly own: Credential | undefined;
}

/** What authenticates requests to backends, whoever causes them: calls, lists, streams, health checks. */
export class Credentials {
  readonly #parts: CredentialsParts;
  readonly #secrets: Secrets;
  readonly #tokens: HeldTokens;
  readonly #ofBackend = new WeakMap<BackendSettings, OfBackend>();
  readonly #opened = new Set<Credential>();

  /** @throws {ConfigError} with the faults of all secrets that cannot be read. */
  static async open(parts: CredentialsParts): Promise<Credentials> {
    const credentials = new Credentials(parts);
    const faults: Fault[] = [];
    for (const backend of parts.settings.backends) {
      try {
        await credentials.#of(backend);
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        faults.push(...error.faults);
      }
    }
    if (faults.length === 0) return credentials;
    await credentials.close();
    throw new ConfigError(faults);
  }

  private constructor(parts: CredentialsParts) {
    const { settings, environment, metrics, log } = parts;
    this.#parts = parts;
    this.#secrets = new Secrets(environment, log);
    this.#tokens = new HeldTokens(settings.limits.credentialBytes);
    metrics.onScrape(() => metrics.credentialBytes.set(this.#tokens.bytes));
  }

  /** The links around every request to a backend. */
  get interceptors(): readonly BackendInterceptor[] {
    return [this.#authenticate];
  }

  /** A request that the backend refuses with 401 did not run: it is sent once more where other headers can be had. */
  readonly #authenticate: BackendInterceptor = async (request, { settings }, next) => {
    const found = this.#ofBackend.get(settings) ?? (await this.#of(settings));
    const credential = request.owner === undefined ? found.own : found.session;
    if (credential === undefined) return await next(request);
    const proof = await proofFor(credential, request);
    const answer = await next(withProof(request, proof));
    // Any answer is a sign of life, also that other credentials are needed.
    if (!credential.isRefusal(answer) || request.operation === "probe") return answer;
    const other = await credential.renewed(request, proof);
    return other === undefined ? answer : await next(withProof(request, other));
  };

  /** A client has called with this `Authorization`: from now on it is what is exchanged for the principal's requests. */
  note({ owner }: Principal, authorization: string | undefined): void {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
    if (token !== undefined) this.#tokens.noteSubject(owner, token);
  }

  /** Whether clients' tokens are exchanged. */
  get exchanges(): boolean {
    return this.#parts.settings.strategies?.some(needsPrincipal) ?? false;
  }

  async close(): Promise<void> {
    this.#secrets.close();
    await Promise.all([...this.#opened].map((credential) => credential.close()));
  }

  async #of(settings: BackendSettings): Promise<OfBackend> {
    const { auth, discoveryAuth } = settings;
    const session = auth && (await this.#open(auth, settings.name));
    const own = needsPrincipal(auth)
      ? discoveryAuth && (await this.#open(discoveryAuth, settings.name))
      : session;
    const found = { session, own };
    this.#ofBackend.set(settings, found);
    return found;
  }

  /** What only some strategies need is loaded for them alone. */
  async #open(auth: BackendAuth, backend: string): Promise<Credential> {
    const secrets = this.#secrets;
    if (auth.type === "header") return new HeaderCredential(auth, secrets);
    const { openTokenCredential } = await import("./open-token-credential.ts");
    const { settings, metrics } = this.#parts;
    const timeoutMs = settings.limits.credentialTimeoutSeconds * 1000;
    const tokens = this.#tokens;
    const parts = { auth, backend, secrets, tokens, timeoutMs, metrics };
    const credential = await openTokenCredential(parts);
    this.#opened.add(credential);
    return credential;
  }
}

/** A backend is looked after also while there are no credentials for it. */
async function proofFor(credential: Credential, request: TransportRequest): Promise<Proof> {
  try {
    return await credential.proofFor(request);
  } catch (error) {
    if (request.operation !== "probe" || request.signal.aborted) throw error;
    return { headers: {} };
  }
}

/** Credentials win over whatever else has set the header. */
function withProof(request: TransportRequest, { headers, sign }: Proof): TransportRequest {
  return { ...request, headers: { ...request.headers, ...headers }, sign };
}
