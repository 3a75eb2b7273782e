import type { Settings } from "@mcp-fleet/contract/settings";
import { hostName, isFixed } from "../edge/guards.ts";
import { FleetError } from "../wire/fleet-error.ts";

type Names = Pick<Settings, "host" | "peerHost" | "allowedHosts">;

/**
 * Keeps web pages away from the admin port: they may neither send it anything nor, by a rebound DNS name, read it.
 * Everybody else calls it by an address, as kubelets, Prometheus and the other processes do, or by a name from the
 * settings.
 */
export class AdminGuards {
  readonly #names: ReadonlySet<string>;

  constructor({ host, peerHost = host, allowedHosts = [] }: Names) {
    this.#names = new Set([host, peerHost, ...allowedHosts].map((name) => name.toLowerCase()));
  }

  /** @throws HOST_FORBIDDEN, ORIGIN_FORBIDDEN for any page but the port's own. */
  check(host: string | undefined, origin: string | undefined): void {
    const name = hostName(host);
    if (name === undefined || !(isFixed(name) || this.#names.has(name))) {
      throw new FleetError("HOST_FORBIDDEN");
    }
    const isOwn = origin === undefined || (URL.canParse(origin) && new URL(origin).host === host);
    if (!isOwn) throw new FleetError("ORIGIN_FORBIDDEN");
  }
}
