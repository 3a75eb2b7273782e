import type { IncomingHttpHeaders } from "node:http";
import { expect, it } from "vitest";
import { ClientAddresses } from "../../runtime/edge/client-addresses.ts";

const addresses = new ClientAddresses(["10.0.0.0/8", "192.0.2.7", "fd00::/8"]);
const from = (remoteAddress: string, headers: IncomingHttpHeaders = {}) =>
  addresses.ofRequest({ headers, socket: { remoteAddress } });
const chain = (text: string) => ({ "x-forwarded-for": text });

it.each([
  ["IPv4 by itself", "198.51.100.9", "198.51.100.9"],
  ["IPv4 as IPv6 writes it", "::ffff:198.51.100.9", "198.51.100.9"],
  ["IPv4 as IPv6 writes it in hexadecimal", "::ffff:c633:6409", "198.51.100.9"],
  ["IPv6 by its /64", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["IPv6 in its short form by its /64", "2001:db8::1", "2001:db8:0:0::/64"],
  ["IPv6 with a zone by its /64", "fe80::1%eth0", "fe80:0:0:0::/64"],
])("counts %s", (_what, remoteAddress, share) => {
  expect(from(remoteAddress)).toBe(share);
  expect(from(remoteAddress, chain("203.0.113.5"))).toBe(share);
});

it.each([
  ["what it reports", chain("203.0.113.5"), "203.0.113.5"],
  [
    "the last of what it reports, as clients invent the rest",
    chain("1.1.1.1, 203.0.113.5"),
    "203.0.113.5",
  ],
  [
    "the last before other trusted proxies",
    chain("1.1.1.1, 203.0.113.5, 192.0.2.7"),
    "203.0.113.5",
  ],
  ["a port left out", chain("203.0.113.5:4711"), "203.0.113.5"],
  ["IPv6 in brackets", chain("[2001:db8::1]:4711"), "2001:db8:0:0::/64"],
  [
    "Forwarded",
    { forwarded: 'for=1.1.1.1, for="[2001:db8::1]:4711";proto=https' },
    "2001:db8:0:0::/64",
  ],
  [
    "X-Forwarded-For before Forwarded",
    { ...chain("203.0.113.5"), forwarded: "for=1.1.1.1" },
    "203.0.113.5",
  ],
  ["nobody where it reports nothing", {}, undefined],
  ["nobody where it reports trusted proxies only", chain("10.1.2.3"), undefined],
  ["nobody where it hides the client", { forwarded: "for=_hidden" }, undefined],
])("of a trusted proxy's requests counts %s", (_what, headers, share) => {
  for (const proxy of ["10.20.30.40", "::ffff:10.20.30.40", "192.0.2.7", "fd12::1"]) {
    expect(from(proxy, headers)).toBe(share);
    expect(addresses.ofConnection({ remoteAddress: proxy })).toBeUndefined();
  }
});
