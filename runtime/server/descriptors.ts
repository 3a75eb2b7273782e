import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

import { type Fault, fault } from "@mcp-fleet/contract";
import { type NofileFit, processBudget } from "@mcp-fleet/contract/capacity";
import type { Settings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import type { NofileStatus } from "../admin/status-report.ts";
import type { ClientAddresses } from "../edge/client-addresses.ts";
import { ClientConnections } from "../edge/client-connections.ts";
import type { ConnectionBudget } from "../edge/connection-gate.ts";
import type { Room } from "../edge/mcp-endpoint.ts";
import type { Metrics } from "../telemetry/metrics.ts";
import { FleetError } from "../wire/fleet-error.ts";

export interface DescriptorsParts {
  readonly settings: Settings;
  /** What the limit of open files makes of the settings; undefined: it is unknown, and nothing is refused. */
  readonly fit: NofileFit | undefined;
  readonly metrics: Metrics;
  readonly addresses: ClientAddresses;
  readonly log: Logger;
}

/** Of the reserve, what connections of sessions that are there already may take; and what it takes to refuse others. */
const CONNECTIONS_SHARE = 1 / 4;
const REFUSALS_SHARE = 1 / 2;

/** How many streams are asked to give way to one client. */
const ASKED_STREAMS = 16;

/**
 * The process's descriptors, counted as they are taken, so that the system never has to refuse one. What backends,
 * store and process may take is set aside. Clients share the rest in this order: new sessions and streams end where
 * the reserve begins, connections within the reserve, and its last part stays free for what nobody counts.
 */
export class Descriptors implements ConnectionBudget, Room {
  readonly #fit: NofileFit | undefined;
  #setAside = 0;
  #allowed = 0;
  #allowedConnections = 0;
  #allowedRefusals = 0;
  #crowded = 0;
  readonly #metrics: Metrics;
  readonly #addresses: ClientAddresses;
  readonly #log: Logger;
  readonly #clients = new ClientConnections();
  readonly #refusals = new Set<Socket>();
  #streams = 0;
  /** Streams that may give way to clients: each says whether it does, and is closed then. */
  readonly #yielding = new Set<() => boolean>();

  constructor({ settings, fit, metrics, addresses, log }: DescriptorsParts) {
    this.#fit = fit;
    this.setAside(settings);
    this.#metrics = metrics;
    this.#addresses = addresses;
    this.#log = log;
    metrics.nofileDegraded.set(fit !== undefined && fit.need.value > fit.limit ? 1 : 0);
    metrics.onScrape(() => {
      metrics.descriptorsUsed.set(this.used);
      metrics.descriptorsAllowed.set(this.#allowed);
    });
  }

  /** Sets aside what a process with these settings needs, which may have other backends than before. */
  setAside(settings: Settings): void {
    const budget = processBudget(settings);
    const limit = this.#fit?.limit;
    const allowed = limit === undefined ? Number.POSITIVE_INFINITY : budget.usable(limit);
    const reserve = limit === undefined ? 0 : limit - allowed;
    this.#setAside = budget.fixed;
    this.#allowed = allowed;
    this.#allowedConnections = allowed + Math.floor(reserve * CONNECTIONS_SHARE);
    this.#allowedRefusals = Math.floor(reserve * REFUSALS_SHARE);
    const { crowdedPercent } = settings.limits;
    this.#crowded = budget.fixed + (this.#clientRoom * crowdedPercent) / 100;
  }

  /** What speaks against other backends: without room for one session, nobody could call them. */
  faultsOf(settings: Settings): Fault[] {
    if (this.#fit === undefined) return [];
    const { limit } = this.#fit;
    if (processBudget(settings).holds(limit) > 0) return [];
    const rule = `must fit the limit of open files, which is ${limit}`;
    const fix = "raise that limit, or lower limits.upstreamConnections, and roll out";
    return [fault(["backends"], settings.backends, rule, fix)];
  }

  /** What is set aside, and what clients have taken. */
  get used(): number {
    return this.#setAside + this.#clients.size + this.#refusals.size + this.#streams;
  }

  /** The part of /status; undefined where the limit is unknown. */
  get status(): NofileStatus | undefined {
    if (this.#fit === undefined) return undefined;
    const { limit, need, sessions, lowered } = this.#fit;
    return {
      limit,
      need: need.value,
      sessions,
      lowered,
      allowed: this.#allowed,
      used: this.used,
    };
  }

  /** @throws AT_CAPACITY where one more session or stream of a client would need what is kept for those there are. */
  requireCapacity(what: "session" | "stream"): void {
    if (this.used <= this.#allowed || this.#makeRoom()) return;
    this.#metrics.descriptorsRefused.inc({ what });
    const message = `this process has no room for another ${what}: its open files are in use`;
    throw new FleetError("AT_CAPACITY", { message });
  }

  /** Whether a client's connection is taken; if so, it counts until it closes. */
  acquireConnection(socket: Socket): boolean {
    const address = this.#addresses.ofConnection(socket);
    if (!this.#hasRoomFor(address)) return false;
    this.#clients.add(socket, address);
    return true;
  }

  /** A request has come over a connection that was taken. */
  answers(socket: Socket, response: ServerResponse): void {
    this.#clients.answers(socket, response);
  }

  /** The client of a connection has a session: it does not give way to others. */
  recognise(socket: Socket): void {
    this.#clients.recognise(socket);
  }

  /** A client's connection that is told that it is refused; it counts until it closes. The oldest gives way to one too many. */
  acquireRefusal(socket: Socket): FleetError {
    const [oldest] = this.#refusals;
    if (oldest !== undefined && this.#refusals.size >= this.#allowedRefusals) {
      this.#refusals.delete(oldest);
      oldest.destroy();
    }
    this.#refusals.add(socket);
    socket.once("close", () => this.#refusals.delete(socket));
    const address = this.#addresses.ofConnection(socket);
    const error = this.#refusal(address);
    this.#log.warn({ code: error.code, address, error }, "a connection is refused");
    return error;
  }

  /**
   * A stream of a session at a backend, beside those set aside. Returns what gives it back; undefined where it is refused.
   *
   * @param yields asked where a client needs the descriptor: whether the stream gives way, which then counts as given back.
   */
  readonly acquireStream = (yields?: () => boolean): (() => void) | undefined => {
    if (this.used >= this.#allowed) {
      this.#metrics.descriptorsRefused.inc({ what: "stream" });
      return undefined;
    }
    this.#streams += 1;
    let isHeld = true;
    const release = () => {
      if (isHeld) this.#streams -= 1;
      isHeld = false;
      this.#yielding.delete(giveWay);
    };
    const giveWay = () => {
      const gives = yields?.() === true;
      if (gives) release();
      return gives;
    };
    if (yields !== undefined) this.#yielding.add(giveWay);
    return release;
  };

  #refusal(address: string | undefined): FleetError {
    if (this.#hasShare(address)) {
      this.#metrics.addressRefused.inc({ what: "connection" });
      return new FleetError("ADDRESS_AT_CAPACITY");
    }
    this.#metrics.descriptorsRefused.inc({ what: "connection" });
    const message = "this process has no room for another connection: its open files are in use";
    return new FleetError("AT_CAPACITY", { message });
  }

  /** The descriptors that connections of clients share. */
  get #clientRoom(): number {
    return this.#allowedConnections - this.#setAside;
  }

  get #taken(): number {
    return this.used - this.#refusals.size;
  }

  #hasRoomFor(address: string | undefined): boolean {
    if (this.#hasShare(address)) return this.#displace(address);
    return this.#taken < this.#allowedConnections || this.#makeRoom();
  }

  /** Whether room is short, and an address has its fair share of it. */
  #hasShare(address: string | undefined): boolean {
    if (address === undefined || this.#taken < this.#crowded) return false;
    return this.#clients.hasShare(address, this.#clientRoom);
  }

  #displace(address?: string): boolean {
    const isDisplaced = this.#clients.displace(address);
    if (isDisplaced) this.#metrics.connectionsDisplaced.inc();
    return isDisplaced;
  }

  /** Has a stream give way, or else a client's connection. Streams that do not are asked again after all others. */
  #makeRoom(): boolean {
    for (const giveWay of this.#yielding.values().take(ASKED_STREAMS).toArray()) {
      if (giveWay()) return true;
      this.#yielding.delete(giveWay);
      this.#yielding.add(giveWay);
    }
    return this.#displace();
  }
}
