import type { IncomingHttpHeaders } from "node:http";
import { BlockList, isIP } from "../platform/sockets.ts";

/** What a request or connection says of where it comes from. */
interface Origin {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** What IPv6 writes before an address of IPv4. */
const MAPPED = "::ffff:";

/**
 * The addresses that shares of sessions and connections go by: of IPv4 the address, of IPv6 the /64 network, of which
 * one client has all addresses.
 */
export class ClientAddresses {
  readonly #trusted = new BlockList();

  /** @param trustedProxies IP addresses and networks in CIDR notation. */
  constructor(trustedProxies: readonly string[]) {
    for (const network of trustedProxies) {
      const [address = "", bits] = network.split("/");
      const family = familyOf(address);
      if (bits === undefined) this.#trusted.addAddress(address, family);
      else this.#trusted.addSubnet(address, Number(bits), family);
    }
  }

  /** Whose connection it is; undefined for a trusted proxy, which has those of many clients. */
  ofConnection({ remoteAddress }: Origin["socket"]): string | undefined {
    const address = remoteAddress === undefined ? undefined : plain(remoteAddress);
    return address === undefined || this.#isTrusted(address) ? undefined : shareOf(address);
  }

  /**
   * Whose request it is: over a trusted proxy, the last address that is reported and is not such a proxy's, which no
   * client can invent. Undefined where a trusted proxy reports none.
   */
  ofRequest({ headers, socket }: Origin): string | undefined {
    const direct = this.ofConnection(socket);
    if (direct !== undefined || socket.remoteAddress === undefined) return direct;
    const client = reported(headers).findLast((address) => !this.#isTrusted(address));
    return client === undefined || isIP(client) === 0 ? undefined : shareOf(client);
  }

  #isTrusted(address: string): boolean {
    return isIP(address) !== 0 && this.#trusted.check(address, familyOf(address));
  }
}

/** The addresses that proxies report, the last of them by the proxy that is nearest. */
function reported({ "x-forwarded-for": chain, forwarded }: IncomingHttpHeaders): string[] {
  const text = chain === undefined ? forwarded : [chain].flat().join();
  const hops = text?.split(",") ?? [];
  const nodes = chain === undefined ? hops.map(nodeOf) : hops;
  return nodes.map((node) => plain(withoutPort(node.trim())));
}

/** Who asked, by an element of Forwarded such as `for="[2001:db8::1]:4711";proto=https`. */
function nodeOf(element: string): string {
  return /(?:^|;)\s*for="?([^";]*)/i.exec(element)?.[1] ?? "";
}

function withoutPort(node: string): string {
  return /^\[([^\]]*)\]/.exec(node)?.[1] ?? node.replace(/^([\d.]+):\d+$/, "$1");
}

/** An address without its zone; one of IPv4 as IPv4 writes it. */
function plain(text: string): string {
  const [address = ""] = text.split("%", 1);
  if (isIP(address) !== 6) return address;
  const dotted = address.slice(MAPPED.length);
  if (address.toLowerCase().startsWith(MAPPED) && isIP(dotted) === 4) return dotted;
  const [a, b, c, d, e, mapped, high = 0, low = 0] = groupsOf(address);
  if ([a, b, c, d, e].some((group) => group !== 0) || mapped !== 0xffff) return address;
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join(".");
}

function shareOf(address: string): string {
  if (isIP(address) === 4) return address;
  const network = groupsOf(address).slice(0, 4);
  return `${network.map((group) => group.toString(16)).join(":")}::/64`;
}

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = [], tail = []] = canonical
    .split("::")
    .map((half) => (half === "" ? [] : half.split(":").map((group) => Number.parseInt(group, 16))));
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}
