import type { Endpoint } from "./endpoint.ts";
import type { EndpointAddress } from "./endpoint-address.ts";
import type { EndpointHealth } from "./endpoint-health.ts";

/** What a backend asks of each of its endpoints, wherever they are. */
export type ReachedEndpoint = Pick<
  Endpoint,
  | "name"
  | "address"
  | "health"
  | "outstanding"
  | "connected"
  | "limitConnections"
  | "renewConnections"
  | "close"
  | "destroy"
>;

/** A server that this process runs: there is no connection to it. */
export class CommandEndpoint implements ReachedEndpoint {
  readonly name: string;
  readonly address: string;
  readonly health: EndpointHealth;
  readonly outstanding = 0;
  readonly connected = 0;

  constructor({ name, url }: EndpointAddress, health: EndpointHealth) {
    this.name = name;
    this.address = url;
    this.health = health;
  }

  async limitConnections(): Promise<void> {}

  async renewConnections(): Promise<void> {}

  async close(): Promise<void> {}

  async destroy(): Promise<void> {}
}
