import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { SingleFlight } from "../async/single-flight.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";
import type { AddressCounts } from "./address-counts.ts";
import { InitializeRate } from "./initialize-rate.ts";
import type { EndedSession, SessionRecord } from "./session-record.ts";
import type { Creation, SessionCaps, SessionStore } from "./session-store.ts";

/** How often a session that finds no room is tried again once others gave way: somebody else may have been first. */
const TRIES = 3;

/** Of `maxSessions` so many give way at a time, at most: finding them costs the store more than ending them. */
const DISPLACED_SHARE = 1 / 1_000;

export interface AdmissionParts {
  readonly store: SessionStore;
  readonly settings: Settings["session"];
  readonly limits: Pick<Settings["limits"], "crowdedPercent">;
  /** The sessions of each address that are held here. */
  readonly held: AddressCounts;
  /** A session that gave way has ended. */
  readonly onDisplaced: (ended: EndedSession) => void;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/**
 * Who may open a session: within the caps and the rate of its owner. Where the fleet is nearly full, an address that
 * has its fair share gets no more; where it is full, sessions that their clients never used give way.
 */
export class Admission {
  readonly #parts: AdmissionParts;
  readonly #rate: InitializeRate | undefined;
  readonly #caps: SessionCaps;
  readonly #crowded: number;
  readonly #displacing = new SingleFlight<"displacing", number>();

  constructor(parts: AdmissionParts) {
    const { maxSessions, maxPerPrincipal, initializePerMinute } = parts.settings;
    this.#parts = parts;
    this.#caps = {
      maxSessions,
      ...(maxPerPrincipal !== undefined && { maxPerOwner: maxPerPrincipal }),
    };
    this.#crowded = Math.ceil((maxSessions * parts.limits.crowdedPercent) / 100);
    this.#rate =
      initializePerMinute === undefined ? undefined : new InitializeRate(initializePerMinute);
  }

  /** @throws RATE_LIMITED. */
  checkRate(owner: string): void {
    this.#rate?.check(owner);
  }

  /**
   * Writes a new session.
   *
   * @throws AT_CAPACITY, ADDRESS_AT_CAPACITY, PRINCIPAL_AT_CAPACITY, STORE_FULL, STORE_UNAVAILABLE.
   */
  async create(record: SessionRecord): Promise<void> {
    const { store, limits, held } = this.#parts;
    const { unusedFrom: address } = record;
    const hasShare =
      address !== undefined && held.exceedsMean(address, 100 / limits.crowdedPercent);
    const caps = hasShare ? { ...this.#caps, maxSessions: this.#crowded } : this.#caps;
    let creation = await store.create(record, caps);
    for (let tries = 1; creation === "at-capacity" && !hasShare && tries < TRIES; tries += 1) {
      if ((await this.#displacing.run("displacing", () => this.#displace())) === 0) break;
      creation = await store.create(record, caps);
    }
    if (creation !== "created") throw this.#refusal(creation, hasShare);
  }

  #refusal(creation: Creation, hasShare: boolean): FleetError {
    if (creation === "owner-at-capacity") return new FleetError("PRINCIPAL_AT_CAPACITY");
    if (!hasShare) return new FleetError("AT_CAPACITY");
    this.#parts.metrics.addressRefused.inc({ what: "session" });
    return new FleetError("ADDRESS_AT_CAPACITY");
  }

  /** Ends sessions that their clients never used. Returns how many. */
  async #displace(): Promise<number> {
    const { store, settings, onDisplaced, log } = this.#parts;
    const limit = Math.ceil(settings.maxSessions * DISPLACED_SHARE);
    const displaced = await store.takeUnused(limit, settings.firstUseTimeoutSeconds * 1000);
    for (const session of displaced) onDisplaced(session);
    const sessions = displaced.length;
    const what = "unused sessions gave way to others: session.maxSessions is reached";
    if (sessions > 0) log.warn({ sessions, setting: "session.maxSessions" }, what);
    return sessions;
  }
}
