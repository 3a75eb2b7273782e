import { isIP } from "node:net";

import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";
import { stdioRules } from "./stdio.ts";

const ADDRESSES = ["url", "urls", "srv", "statefulSet"] as const;

/** The rules about a backend's addresses, and about which routing fits them. */
export function addressRules(document: Section): Fault[] {
  const backends = valueAt(document, ["backends"]);
  if (!Array.isArray(backends)) return [];
  return backends.flatMap((backend: unknown, index) =>
    isSection(backend) ? rulesOf(backend, ["backends", index]) : [],
  );
}

function rulesOf(backend: Section, path: Path): Fault[] {
  if (backend.transport === "stdio") {
    return [...stdioRules(backend, path), ...routingOfStreams(backend, path)];
  }
  return [
    ...stdioRules(backend, path),
    ...oneAddress(backend, path),
    ...distinctPods(backend, path),
    ...namesThatStay(backend, path),
    ...routingOfState(backend, path),
    ...routingOfStreams(backend, path),
    ...certificateOfClient(backend, path),
  ];
}

/** A certificate is shown in TLS alone. */
function certificateOfClient(backend: Section, path: Path): Fault[] {
  const { clientCertificate, url, urls, scheme = "http" } = backend;
  if (clientCertificate === undefined) return [];
  const addresses = [url, ...(Array.isArray(urls) ? urls : [])].filter(
    (one) => typeof one === "string",
  );
  const isHttp =
    addresses.length === 0
      ? scheme === "http"
      : addresses.some((address) => address.startsWith("http:"));
  if (!isHttp) return [];
  const rule = "must be absent unless the server's address is https";
  return [fault([...path, "clientCertificate"], clientCertificate, rule, "use https")];
}

function oneAddress(backend: Section, path: Path): Fault[] {
  const given = ADDRESSES.filter((key) => backend[key] !== undefined);
  const rule = "must be the only one of url, urls, srv and statefulSet";
  if (given.length === 1) return [];
  const [first, second] = given;
  if (first === undefined || second === undefined) {
    const required = "is required, unless urls, srv or statefulSet is set";
    return [fault([...path, "url"], undefined, required, "add url: http://host:port/mcp")];
  }
  return [fault([...path, second], backend[second], rule, `remove it, or remove ${first}`)];
}

/** Pods are identified by host and port. */
function distinctPods(backend: Section, path: Path): Fault[] {
  const hosts = hostsOf(backend);
  return hosts.flatMap(({ host, index, url }) =>
    hosts.findIndex((other) => other.host === host) < index
      ? [
          fault(
            [...path, "urls", index],
            url,
            "must have a unique host and port",
            "remove one of the two",
          ),
        ]
      : [],
  );
}

/** IP addresses are reused: another pod would get the sessions of the one that had the address. */
function namesThatStay(backend: Section, path: Path): Fault[] {
  const isPinned = backend.stateful === true || backend.routing === "session";
  if (!isPinned) return [];
  const rule = "must be a host name: IP addresses are reused by other pods, sessions are not";
  const fix = "use host names, srv or statefulSet";
  return hostsOf(backend).flatMap(({ hostname, index, url }) =>
    isIP(hostname) !== 0 && !isLoopback(hostname)
      ? [fault([...path, "urls", index], url, rule, fix)]
      : [],
  );
}

function routingOfState(backend: Section, path: Path): Fault[] {
  if (backend.stateful !== true || backend.routing !== "spread") return [];
  const rule = "must be session for a stateful server, whose sessions are in the memory of one pod";
  return [fault([...path, "routing"], "spread", rule, "remove it, or set stateful: false")];
}

/** With HTTP+SSE, a session is a stream to one pod; with stdio, a program of one process. */
function routingOfStreams(backend: Section, path: Path): Fault[] {
  const { transport } = backend;
  if ((transport !== "sse" && transport !== "stdio") || backend.routing !== "spread") return [];
  const what = transport === "sse" ? "a stream to one pod" : "a program of one process";
  const rule = `must be session with transport ${transport}, where a session is ${what}`;
  return [fault([...path, "routing"], "spread", rule, "set routing: session")];
}

interface Host {
  readonly index: number;
  readonly url: string;
  readonly host: string;
  readonly hostname: string;
}

function hostsOf({ urls }: Section): Host[] {
  if (!Array.isArray(urls)) return [];
  return urls.flatMap((url: unknown, index) => {
    if (typeof url !== "string" || !URL.canParse(url)) return [];
    const { host, hostname } = new URL(url);
    return [{ index, url, host, hostname: hostname.replace(/^\[(.*)\]$/, "$1") }];
  });
}

function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}
