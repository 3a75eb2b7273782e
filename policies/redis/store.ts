import { StoreAddress } from "../sessions/store-address.ts";
import type { Fleet } from "../stack/fleet.ts";
import type { Resource } from "../stack/resource.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { environmentOf } from "./command.ts";
import { RedisConf } from "./redis-conf.ts";

/** Servers that hold the same data, and the Sentinels that watch them. */
export class Store {
  readonly servers: Workload;
  readonly sentinels: readonly Workload[];
  readonly #fleet: Fleet;
  readonly #services: readonly Resource[];

  constructor(servers: Workload, fleet: Fleet) {
    const beside = inNamespaceOf(servers, fleet.workloadsOf("sentinel"));
    const isAlone = inNamespaceOf(servers, fleet.workloadsOf("redis")).length === 1;
    this.servers = servers;
    this.sentinels = beside.filter((one) => isAlone || watches(one, servers, fleet));
    this.#fleet = fleet;
    this.#services = [servers, ...this.sentinels].flatMap((one) => fleet.servicesOf(one));
  }

  /** Whether one of these `host:port` leads to it, for pods of a namespace. */
  isAt(addresses: readonly string[], namespace: string): boolean {
    const hosts = addresses.map((text) => new StoreAddress(text, namespace).host);
    return leadTo(this.#services, hosts, namespace, this.#fleet);
  }

  /**
   * Whether a gateway or proxy keeps its sessions here. One without store addresses uses the only store of the stack.
   *
   * @throws {Unjudgeable} if there are several stores and it does not say which one it uses.
   */
  isOf({ facts, resource }: Workload): boolean {
    if (facts.text("store") === "memory") return false;
    // One with a name is outside the stack.
    if (facts.has("storeName")) return false;
    if (facts.has("storeAddresses")) {
      return this.isAt(facts.list("storeAddresses"), resource.namespace);
    }
    if (this.#fleet.workloadsOf("redis").length === 1) return true;
    throw Unjudgeable.missing(
      `the annotation mcp-fleet.dev/store-addresses of ${resource.title}`,
      "the stack has several stores, so set the addresses of the one it uses",
    );
  }
}

function inNamespaceOf({ resource }: Workload, workloads: readonly Workload[]): Workload[] {
  return workloads.filter((one) => one.resource.namespace === resource.namespace);
}

/** Whether Sentinels watch one of these servers, by their environment or their configuration. */
function watches(sentinels: Workload, servers: Workload, fleet: Fleet): boolean {
  const { namespace } = sentinels.resource;
  const services = fleet.servicesOf(servers);
  const passed = Object.values(environmentOf(sentinels.container)).flatMap((text) =>
    text.replaceAll("$(POD_NAMESPACE)", namespace).split(/\s+/),
  );
  if (leadTo(services, passed, namespace, fleet)) return true;
  const monitored = RedisConf.of(sentinels, fleet).sentinel("monitor").values();
  const hosts = [...monitored].map(([host = ""]) => host);
  return leadTo(services, hosts, namespace, fleet);
}

/** Whether a host is one of these Services. */
function leadTo(
  services: readonly Resource[],
  hosts: readonly string[],
  namespace: string,
  fleet: Fleet,
): boolean {
  return hosts.some((host) => {
    const found = fleet.serviceAt(host, namespace);
    return found !== undefined && services.includes(found.service);
  });
}
