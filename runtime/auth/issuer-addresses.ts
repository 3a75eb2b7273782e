import { BlockList, isIP } from "../platform/sockets.ts";

/** Addresses of one machine, of one network, or of nobody: a URL that leads there was not meant for the internet. */
const PRIVATE = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "::/96",
  "64:ff9b::a00:0/104",
  "64:ff9b::7f00:0/104",
  "64:ff9b::ac10:0/108",
  "64:ff9b::c0a8:0/112",
  "64:ff9b:1::/48",
  "2002::/16",
  "fc00::/7",
] as const;

/** Where clouds answer with the credentials of a machine, and what is no single machine: no issuer is there. */
const NEVER = [
  "169.254.0.0/16",
  "224.0.0.0/4",
  "240.0.0.0/4",
  "64:ff9b::a9fe:0/112",
  "fd00:ec2::/32",
  "fe80::/10",
  "ff00::/8",
] as const;

const PRIVATE_LIST = listOf(PRIVATE);
const NEVER_LIST = listOf(NEVER);

/** Whether a request to an issuer may go to this IP address. Of IPv4 addresses within IPv6, the IPv4 address counts. */
export function mayReach(address: string, allowPrivate: boolean): boolean {
  const family = isIP(address) === 6 ? "ipv6" : "ipv4";
  if (isIP(address) === 0 || NEVER_LIST.check(address, family)) return false;
  return allowPrivate || !PRIVATE_LIST.check(address, family);
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = "", bits] = network.split("/");
    list.addSubnet(address, Number(bits), address.includes(":") ? "ipv6" : "ipv4");
  }
  return list;
}
