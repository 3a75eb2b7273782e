import type { Fleet } from "../stack/fleet.ts";
import type { Resource } from "../stack/resource.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { StoreAddress } from "./store-address.ts";

/** A workload that keeps sessions: gateways and proxies, ours and ToolHive's. */
export class SessionHolder {
  readonly #of: Workload | ToolHiveServer;

  private constructor(of: Workload | ToolHiveServer) {
    this.#of = of;
  }

  static allOf({ processes, toolHiveServers }: Fleet): readonly SessionHolder[] {
    return [...processes, ...toolHiveServers].map((one) => new SessionHolder(one));
  }

  get resource(): Resource {
    return this.#of.resource;
  }

  get isToolHive(): boolean {
    return this.#of instanceof ToolHiveServer;
  }

  /** Whether sessions are in a store rather than in the memory of a pod. */
  get usesStore(): boolean {
    if (this.#of instanceof ToolHiveServer) return this.#of.sharesSessions;
    return this.#of.facts.text("store") !== "memory";
  }

  /** The addresses of the store, or of its Sentinels. */
  get addresses(): readonly StoreAddress[] {
    const { namespace } = this.resource;
    return this.#written.map((text) => new StoreAddress(text, namespace));
  }

  /** The name of a store whose address is known only after the update; undefined where addresses tell it. */
  get storeName(): string | undefined {
    if (this.#of instanceof ToolHiveServer || !this.#of.facts.has("storeName")) return undefined;
    return this.#of.facts.text("storeName");
  }

  /** The number of the database. */
  get database(): number {
    if (this.#of instanceof ToolHiveServer) return this.#of.database;
    return this.#of.facts.numberOr("storeDb", 0);
  }

  get keyPrefix(): string {
    if (this.#of instanceof ToolHiveServer) return this.#of.keyPrefix;
    return this.#of.facts.text("keyPrefix");
  }

  get #written(): readonly string[] {
    if (!(this.#of instanceof ToolHiveServer)) return this.#of.facts.list("storeAddresses");
    const address = this.#of.storeAddress;
    if (address !== undefined) return [address];
    const fix = "set it to the host and port of its Redis";
    throw Unjudgeable.missing("spec.sessionStorage.address", fix);
  }
}
