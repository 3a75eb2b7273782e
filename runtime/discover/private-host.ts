import { BlockList, isIP } from "../platform/sockets.ts";

/** What no backend is: the gateway's own pod, and where clouds give out credentials. */
const OWN = new BlockList();
OWN.addSubnet("0.0.0.0", 8, "ipv4");
OWN.addSubnet("127.0.0.0", 8, "ipv4");
OWN.addSubnet("169.254.0.0", 16, "ipv4");
OWN.addAddress("::", "ipv6");
OWN.addAddress("::1", "ipv6");
OWN.addSubnet("fe80::", 10, "ipv6");
OWN.addAddress("fd00:ec2::254", "ipv6");

/** Networks that no host outside can have. */
const PRIVATE = new BlockList();
PRIVATE.addSubnet("10.0.0.0", 8, "ipv4");
PRIVATE.addSubnet("100.64.0.0", 10, "ipv4");
PRIVATE.addSubnet("172.16.0.0", 12, "ipv4");
PRIVATE.addSubnet("192.168.0.0", 16, "ipv4");
PRIVATE.addSubnet("fc00::", 7, "ipv6");

/** Names without a dot are completed within the cluster; the others are by convention those of inner networks. */
const INNER_NAME = /^[^.]+$|\.svc\.|\.(?:svc|local|internal|localdomain|lan|home|corp)$/;

const OWN_NAME = /^(?:.+\.)?localhost$|^metadata\.google\.internal$/;

/** What the host of a URL is, as far as its text says: what a name resolves to is for the NetworkPolicy. */
export function hostKind(url: string): "own" | "private" | "public" {
  const host = new URL(url).hostname
    .toLowerCase()
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "");
  if (OWN_NAME.test(host)) return "own";
  const family = isIP(host) === 6 ? "ipv6" : "ipv4";
  if (isIP(host) === 0) return INNER_NAME.test(host) ? "private" : "public";
  if (OWN.check(host, family)) return "own";
  return PRIVATE.check(host, family) ? "private" : "public";
}
