import type { Settings } from "@mcp-fleet/contract/settings";
import { isIP } from "../platform/sockets.ts";
import { FleetError } from "../wire/fleet-error.ts";

/** The names under which a machine reaches itself. */
const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

const ANY_ADDRESS: readonly string[] = ["0.0.0.0", "::", "[::]"];

/**
 * Who may talk to the MCP endpoint: by the Host that is asked for and the Origin of the page that asks.
 * That is what keeps a web page from talking to a gateway on somebody's own machine by a rebound DNS name.
 */
export class Guards {
  readonly #hosts: ReadonlySet<string> | undefined;
  readonly #origins: ReadonlySet<string> | undefined;

  /**
   * Without `allowedHosts`, a gateway on a loopback address is asked for by loopback names only and one on
   * every address by any name. Without `allowedOrigins`, pages of the allowed hosts may call; where any name is
   * allowed, those of the address or loopback name that they call: another one may be rebound.
   */
  constructor({ host, allowedHosts, allowedOrigins }: Settings) {
    const names =
      allowedHosts ?? (ANY_ADDRESS.includes(host) ? undefined : [...LOOPBACK_NAMES, host]);
    this.#hosts =
      names === undefined ? undefined : new Set(names.map((name) => name.toLowerCase()));
    this.#origins = allowedOrigins === undefined ? undefined : new Set(allowedOrigins);
  }

  /** Whether any name at all is accepted as Host. */
  get isOpen(): boolean {
    return this.#hosts === undefined;
  }

  /** @throws HOST_FORBIDDEN, ORIGIN_FORBIDDEN. */
  check(host: string | undefined, origin: string | undefined): void {
    const name = hostName(host);
    if (this.#hosts !== undefined && (name === undefined || !this.#hosts.has(name))) {
      throw new FleetError("HOST_FORBIDDEN");
    }
    if (origin !== undefined && !this.allowsOrigin(origin, host)) {
      throw new FleetError("ORIGIN_FORBIDDEN");
    }
  }

  allowsOrigin(origin: string, host: string | undefined): boolean {
    if (this.#origins !== undefined) return this.#origins.has("*") || this.#origins.has(origin);
    const page = URL.canParse(origin) ? new URL(origin).hostname.toLowerCase() : undefined;
    if (page === undefined || page === "") return false;
    if (this.#hosts !== undefined) return this.#hosts.has(page);
    return page === hostName(host) && isFixed(page);
  }
}

/** Whether nobody can have a name mean this machine: an address, and what the system itself knows. */
function isFixed(name: string): boolean {
  return LOOPBACK_NAMES.includes(name) || isIP(name.replaceAll(/[[\]]/g, "")) !== 0;
}

/** The name in a Host header, without its port, in lower case. */
function hostName(host: string | undefined): string | undefined {
  return host?.replace(/:\d+$/, "").toLowerCase();
}
