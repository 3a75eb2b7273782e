import type { JwtSettings } from "@mcp-fleet/contract/settings";
import { FleetError } from "../wire/fleet-error.ts";

/** Where RFC 9728 has clients look for the metadata of a resource: its path goes behind this one. */
export const METADATA_PATH = "/.well-known/oauth-protected-resource";

/** A host name or address, with or without port: nothing that could end a quoted string or begin a path. */
const HOST = /^[A-Za-z0-9._-]+(?::\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::\d{1,5})?$/;

/** The MCP endpoint in the words of OAuth: how a client without a token learns where to get one. */
export class ProtectedResource {
  readonly #jwt: JwtSettings;
  readonly #name: string;
  readonly #path: string;

  /** `path`: where the MCP endpoint is, for clients that reach it without anything in between. */
  constructor(jwt: JwtSettings, name: string, path: string) {
    this.#jwt = jwt;
    this.#name = name;
    this.#path = path;
  }

  /**
   * RFC 9728.
   *
   * @throws INVALID_REQUEST for a Host that is none.
   */
  metadata(host: string | undefined): Record<string, unknown> {
    return {
      resource: this.#url(host).href,
      authorization_servers: [this.#jwt.issuer],
      bearer_methods_supported: ["header"],
      resource_name: this.#name,
    };
  }

  /**
   * The `WWW-Authenticate` of a 401. `fault` is what is wrong with the token, undefined where there is none: RFC 6750
   * has no error code for that.
   *
   * @throws INVALID_REQUEST for a Host that is none.
   */
  challenge(host: string | undefined, fault: string | undefined): string {
    const { origin, pathname } = this.#url(host);
    const error =
      fault === undefined ? "" : `error="invalid_token", error_description="${fault}", `;
    const path = pathname === "/" ? "" : pathname;
    return `Bearer ${error}resource_metadata="${origin}${METADATA_PATH}${path}"`;
  }

  #url(host: string | undefined): URL {
    if (this.#jwt.resource !== undefined) return new URL(this.#jwt.resource);
    const text = `http://${host}${this.#path}`;
    if (host !== undefined && HOST.test(host) && URL.canParse(text)) return new URL(text);
    throw new FleetError("INVALID_REQUEST", { message: "the Host header must be a valid host" });
  }
}
