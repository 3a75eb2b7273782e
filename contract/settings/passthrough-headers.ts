import * as z from "zod";
import type { Risk } from "../accepted-risks.ts";
import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";
import { matching } from "./fields.ts";

/** What names a header in HTTP. */
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;

/** Headers of one connection, of the message itself, of the way of a request, and of MCP: those that follow are ours to write. */
const NEVER =
  /^(?:accept|accept-.*|connection|content-.*|expect|forwarded|host|keep-alive|last-event-id|mcp-.*|proxy-.*|te|trailers?|transfer-encoding|upgrade|via|x-forwarded-.*|x-real-ip)$/i;

const MAX_HEADERS = 64;

/** Names of headers, in lower case. */
export function passthroughHeaders(description: string) {
  const name = matching(
    "The name of a header.",
    TOKEN,
    "must be the name of an HTTP header",
    "write it as X-Tenant",
  ).refine((value) => !NEVER.test(value), {
    error:
      "must be a header that may pass through: not one of a connection, of a body, of a proxy's way or of MCP",
    params: { fix: "remove it" },
  });
  return z
    .array(name)
    .max(MAX_HEADERS)
    .transform((names) => [...new Set(names.map((one) => one.toLowerCase()))])
    .meta({ description });
}

/** A client's token is for the gateway: to hand it on is a risk that somebody has to take by name. */
export function authorizationPassthrough(document: Section): Fault[] {
  if (typeof valueAt(document, ["acceptRisks", AUTHORIZATION_RISK]) === "string") return [];
  const backends = valueAt(document, ["backends"]);
  const ofBackends = (Array.isArray(backends) ? backends : []).map(
    (backend, index): [Path, unknown] => [
      ["backends", index, "passthroughHeaders"],
      isSection(backend) ? backend.passthroughHeaders : undefined,
    ],
  );
  const all: [Path, unknown][] = [
    [["passthroughHeaders"], valueAt(document, ["passthroughHeaders"])],
    ...ofBackends,
  ];
  const rule =
    "must not name Authorization: every backend would get the client's token, which is meant for the gateway";
  const fix = `remove it, or say in acceptRisks.${AUTHORIZATION_RISK} why that is no risk`;
  return all.flatMap(([path, names]) =>
    (Array.isArray(names) ? names : []).flatMap((name: unknown, index) =>
      String(name).toLowerCase() === "authorization"
        ? [fault([...path, index], name, rule, fix)]
        : [],
    ),
  );
}

const AUTHORIZATION_RISK: Risk = "authorizationPassthrough";
