import type { LookupAddress, LookupOptions, SrvRecord } from "node:dns";
import type { Resolver } from "node:dns/promises";
import type { TcpSocketConnectOpts } from "node:net";
import { isIP, sockets } from "../../platform/sockets.ts";

/** A DNS server that says nothing for so long says nothing. */
const TIMEOUT_MS = 2_000;

type Lookup = NonNullable<TcpSocketConnectOpts["lookup"]>;

/**
 * Names of pods as addresses. Where DNS fails, a pod is where it was last: that says nothing about the pod. Names are
 * fully qualified, since a resolver that is asked directly knows no search domains.
 */
export class EndpointResolver {
  readonly #resolver: Resolver | undefined;
  readonly #last = new Map<string, LookupAddress[]>();

  /** @param servers whom to ask; absent: whom the system asks, and what it knows otherwise. */
  constructor(servers?: readonly string[]) {
    this.#resolver = servers === undefined ? undefined : resolverOf(servers);
  }

  /** @throws those of `node:dns`. */
  services(name: string): Promise<SrvRecord[]> {
    return (this.#resolver ?? resolverOf()).resolveSrv(name);
  }

  /** For the `connect` of sockets: `lookup` of `node:net`. */
  readonly lookup: Lookup = (host, options, callback) => {
    this.#addresses(host, options).then(
      (found) => {
        const [first] = found;
        if (options.all === true) callback(null, found);
        else callback(null, first?.address ?? "", first?.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ""),
    );
  };

  async #addresses(host: string, options: LookupOptions): Promise<LookupAddress[]> {
    const family = isIP(host);
    if (family !== 0) return [{ address: host, family }];
    try {
      const found = await this.#ask(host, options);
      this.#last.set(host, found);
      return found;
    } catch (error) {
      const last = this.#last.get(host);
      if (last === undefined) throw error;
      return last;
    }
  }

  async #ask(host: string, options: LookupOptions): Promise<LookupAddress[]> {
    if (this.#resolver === undefined) return await sockets.lookup(host, { ...options, all: true });
    const [four, six] = await Promise.allSettled([
      this.#resolver.resolve4(host),
      this.#resolver.resolve6(host),
    ]);
    const found = [
      ...(four.status === "fulfilled" ? four.value.map((address) => ({ address, family: 4 })) : []),
      ...(six.status === "fulfilled" ? six.value.map((address) => ({ address, family: 6 })) : []),
    ];
    if (found.length === 0 && four.status === "rejected") throw four.reason;
    return found;
  }
}

function resolverOf(servers?: readonly string[]): Resolver {
  const resolver = sockets.resolver({ timeout: TIMEOUT_MS, tries: 1 });
  if (servers !== undefined) resolver.setServers(servers);
  return resolver;
}
