import { FleetError } from "../wire/fleet-error.ts";

/** Where RFC 9728 has clients look for the metadata of a resource: its path goes behind this one. */
export const METADATA_PATH = "/.well-known/oauth-protected-resource";

/** A host name or address, with or without port: nothing that could end a quoted string or begin a path. */
const HOST = /^[A-Za-z0-9._-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/;

/** The algorithms of proofs of possession. */
export const PROOF_ALGORITHMS = ["ES256", "ES384", "ES512", "RS256", "PS256", "EdDSA", "Ed25519"];

export interface ProtectedResourceParts {
  /** Whose tokens are accepted. */
  readonly issuers: readonly string[];
  /** The URL of the endpoint as clients use it. Absent: it follows from each request's Host. */
  readonly resource?: string | undefined;
  /** What clients are told to request. */
  readonly scopes: readonly string[];
  /** Whether tokens must be bound to a key. */
  readonly dpopRequired?: boolean;
}

/** What is wrong with the credentials of a request: a code of RFC 6750 or RFC 9449, and a text without any value of them. */
export interface CredentialFault {
  readonly code: "invalid_token" | "invalid_dpop_proof" | "insufficient_scope";
  readonly message: string;
}

/** The MCP endpoint in the words of OAuth: how a client without a token learns where to get one. */
export class ProtectedResource {
  readonly #parts: ProtectedResourceParts;
  readonly #name: string;
  readonly #path: string;

  /** `path`: where the MCP endpoint is, for clients that reach it without anything in between. */
  constructor(parts: ProtectedResourceParts, name: string, path: string) {
    this.#parts = parts;
    this.#name = name;
    this.#path = path;
  }

  /**
   * RFC 9728.
   *
   * @throws INVALID_REQUEST for a Host that is none.
   */
  metadata(host: string | undefined): Record<string, unknown> {
    const { issuers, scopes, dpopRequired } = this.#parts;
    return {
      resource: this.#url(host).href,
      authorization_servers: issuers,
      ...(scopes.length > 0 && { scopes_supported: scopes }),
      bearer_methods_supported: ["header"],
      ...(dpopRequired && {
        dpop_bound_access_tokens_required: true,
        dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
      }),
      resource_name: this.#name,
    };
  }

  /** Where the metadata is found: without the path of the endpoint, behind it, and behind that of its public URL. */
  get metadataPaths(): readonly string[] {
    const { resource } = this.#parts;
    const outer = resource === undefined ? "" : new URL(resource).pathname;
    const paths = ["", this.#path, outer.replace(/\/$/, "")];
    return [...new Set(paths)].map((path) => METADATA_PATH + path);
  }

  /**
   * The URLs by which a request may have been sent, without query: what a proof of possession names. Where the public
   * one is not known, TLS may have ended before this process.
   *
   * @throws INVALID_REQUEST for a Host that is none.
   */
  urls(host: string | undefined): readonly string[] {
    const { host: name, origin, pathname } = this.#url(host);
    if (this.#parts.resource !== undefined) return [origin + pathname];
    return [`http://${name}${pathname}`, `https://${name}${pathname}`];
  }

  /**
   * The `WWW-Authenticate` of a 401 or 403. `fault` is what is wrong with the token, undefined where there is none: RFC
   * 6750 has no error code for that.
   *
   * @throws INVALID_REQUEST for a Host that is none.
   */
  challenge(host: string | undefined, fault: CredentialFault | undefined): string {
    const { scopes, dpopRequired } = this.#parts;
    const { origin, pathname } = this.#url(host);
    const path = pathname === "/" ? "" : pathname;
    const scheme = dpopRequired || fault?.code === "invalid_dpop_proof" ? "DPoP" : "Bearer";
    const said = [
      ...(fault ? [`error="${fault.code}"`, `error_description="${fault.message}"`] : []),
      ...(scopes.length > 0 ? [`scope="${scopes.join(" ")}"`] : []),
      ...(scheme === "DPoP" ? [`algs="${PROOF_ALGORITHMS.join(" ")}"`] : []),
      `resource_metadata="${origin}${METADATA_PATH}${path}"`,
    ];
    return `${scheme} ${said.join(", ")}`;
  }

  #url(host: string | undefined): URL {
    const { resource } = this.#parts;
    if (resource !== undefined) return new URL(resource);
    const text = `http://${host}${this.#path}`;
    if (host !== undefined && HOST.test(host) && URL.canParse(text)) return new URL(text);
    throw new FleetError("INVALID_REQUEST", { message: "the Host header must be a valid host" });
  }
}
