import { validate } from "@mcp-fleet/contract/settings";
import { expect, it } from "vitest";
import { Guards } from "../../runtime/edge/guards.ts";

const backends = [{ name: "a", url: "http://localhost:1/mcp" }];
const everywhere = new Guards(validate({ host: "0.0.0.0", backends }, [], "gateway"));

it.each([
  ["a page of a name that leads here", "rebound.example", "http://rebound.example"],
  ["a page of another host", "10.0.0.7:4483", "http://evil.example"],
  ["a page of another address", "10.0.0.7:4483", "http://10.0.0.8"],
  ["a page without an origin of its own", "10.0.0.7:4483", "null"],
])("at 0.0.0.0 without allowedHosts, %s is refused", (_what, host, origin) => {
  expect(() => everywhere.check(host, origin)).toThrow("this Origin is not allowed");
});

it.each([
  ["no page at all", "gateway.example", undefined],
  ["a page of the address that it calls", "10.0.0.7:4483", "http://10.0.0.7:8080"],
  ["a page of the IPv6 address that it calls", "[fd00::7]:4483", "http://[fd00::7]:8080"],
  ["a page of localhost that calls localhost", "localhost:4483", "http://localhost:3000"],
])("at 0.0.0.0 without allowedHosts, %s is served", (_what, host, origin) => {
  expect(() => everywhere.check(host, origin)).not.toThrow();
});
