import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";
import { STRATEGY_SECTIONS } from "./outgoing-auth.ts";

/** A strategy of a document, and where it is. */
interface Placed {
  readonly path: Path;
  readonly type: unknown;
}

/** Whether a backend's lists can be read with these: they are the gateway's own. */
const OWN_TYPES = ["header_injection", "bearer_token", "client_credentials"];

/** How to write a secret, by the field that has its value. */
const SECRETS: Readonly<Record<string, readonly [value: string, ...others: string[]]>> = {
  headerInjection: ["headerValue", "headerValueEnv", "headerValueFile"],
  bearerToken: ["token", "tokenEnv", "tokenFile"],
  clientCredentials: ["clientSecret", "clientSecretEnv", "clientSecretFile"],
  tokenExchange: ["clientSecret", "clientSecretEnv", "clientSecretFile"],
};

/** The faults of how requests to backends are authenticated. */
export function authRules(document: Section): Fault[] {
  const placed = [...strategiesOf(document), ...discoveriesOf(document)];
  return [
    ...placed.flatMap((one) => [
      ...sectionFaults(document, one),
      ...secretFaults(document, one),
      ...tokenUrlFaults(document, one),
      ...clientFaults(document, one),
    ]),
    ...strategiesOf(document).flatMap((one) => principalFaults(document, one)),
    ...discoveryFaults(document),
  ];
}

function at(document: Section, path: Path): Placed {
  return { path, type: valueAt(document, [...path, "type"]) };
}

function strategiesOf(document: Section): Placed[] {
  const section = ["outgoingAuth", "backends"];
  const map = valueAt(document, section);
  const names = isSection(map) ? Object.keys(map) : [];
  const paths = [["outgoingAuth", "default"], ...names.map((name) => [...section, name])];
  return paths.map((path) => at(document, path));
}

function discoveriesOf(document: Section): Placed[] {
  const backends = valueAt(document, ["backends"]);
  return (Array.isArray(backends) ? backends : []).flatMap((backend: unknown, index) =>
    isSection(valueAt(backend, ["discoveryAuth"]))
      ? [at(document, ["backends", index, "discoveryAuth"])]
      : [],
  );
}

/** Each type has its section, and no other one. */
function sectionFaults(document: Section, { path, type }: Placed): Fault[] {
  if (typeof type !== "string") return [];
  return Object.entries(STRATEGY_SECTIONS).flatMap(([of, section]) => {
    const place = [...path, section];
    const value = valueAt(document, place);
    if (of === type && value === undefined) {
      return [fault(place, value, `is required with type ${of}`, "add it")];
    }
    if (of === type || value === undefined) return [];
    const fix = `set type: ${of}, or remove the section`;
    return [fault(place, value, `must be absent unless type is ${of}`, fix)];
  });
}

function secretFaults(document: Section, { path, type }: Placed): Fault[] {
  const section = STRATEGY_SECTIONS[String(type)];
  const [name, ...others] = SECRETS[section ?? ""] ?? [];
  if (section === undefined || name === undefined) return [];
  const place = [...path, section];
  if (!isSection(valueAt(document, place))) return [];
  const all = [name, ...others];
  const given = all.filter((field) => valueAt(document, [...place, field]) !== undefined);
  if (given.length > 1) {
    return given.slice(1).map((field) => {
      const rule = `must be absent if ${given[0]} is set`;
      return fault([...place, field], valueAt(document, [...place, field]), rule, "keep one");
    });
  }
  const isRequired = section === "headerInjection" || section === "bearerToken";
  if (given.length > 0 || !isRequired) return [];
  const field = others.at(-1) ?? name;
  return [fault([...place, field], undefined, `one of ${all.join(", ")} is required`, "add one")];
}

/** What goes to a token endpoint is secret. */
function tokenUrlFaults(document: Section, { path, type }: Placed): Fault[] {
  const section = STRATEGY_SECTIONS[String(type)];
  const place = [...path, section ?? "", "tokenUrl"];
  const value = valueAt(document, place);
  const isAllowed = valueAt(document, [...path, section ?? "", "insecureAllowHttp"]) === true;
  if (typeof value !== "string" || isAllowed || !URL.canParse(value)) return [];
  const { protocol, hostname } = new URL(value);
  if (protocol !== "http:" || /^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(hostname)) return [];
  const fix = "use https, or set insecureAllowHttp: true where the network is trusted";
  return [fault(place, value, "must be an https URL", fix)];
}

function clientFaults(document: Section, { path, type }: Placed): Fault[] {
  const section = STRATEGY_SECTIONS[String(type)];
  if (section !== "clientCredentials" && section !== "tokenExchange") return [];
  const place = [...path, section];
  const has = (field: string) => valueAt(document, [...place, field]) !== undefined;
  if (!isSection(valueAt(document, place))) return [];
  const signs = valueAt(document, [...place, "clientAuth"]) === "private_key_jwt";
  const secrets = (SECRETS[section] ?? []).filter(has);
  const faults: Fault[] = [];
  const add = (field: string, rule: string, fix: string) =>
    faults.push(fault([...place, field], valueAt(document, [...place, field]), rule, fix));
  if (!has("clientId") && (secrets.length > 0 || signs || section === "clientCredentials")) {
    add("clientId", "is required", "add the id of this gateway at the authorization server");
  }
  if (signs) {
    for (const field of secrets) add(field, "must be absent with private_key_jwt", "remove it");
    if (!has("privateKeyFile")) {
      add("privateKeyFile", "is required with private_key_jwt", "add the file of the private key");
    }
  } else if (has("privateKeyFile")) {
    const rule = "must be absent unless clientAuth is private_key_jwt";
    add("privateKeyFile", rule, "remove it, or set clientAuth: private_key_jwt");
  } else if (section === "clientCredentials" && secrets.length === 0) {
    add(
      "clientSecretFile",
      "one of clientSecret, clientSecretEnv, clientSecretFile is required",
      "add one",
    );
  }
  return faults;
}

/** There is nothing to exchange for clients that bring no token. */
function principalFaults(document: Section, { path, type }: Placed): Fault[] {
  if (type !== "token_exchange") return [];
  const incoming = valueAt(document, ["incomingAuth", "type"]) ?? "anonymous";
  if (incoming !== "anonymous" && incoming !== "local") return [];
  const rule = "must not be token_exchange where clients bring no tokens";
  const fix = "set incomingAuth.type: jwt, or use client_credentials";
  return [fault([...path, "type"], type, rule, fix)];
}

/** A credential of its own for the lists is of use only where calls are made as somebody. */
function discoveryFaults(document: Section): Fault[] {
  return discoveriesOf(document).flatMap(({ path, type }) => {
    const place = [...path, "type"];
    if (typeof type === "string" && !OWN_TYPES.includes(type)) {
      return [fault(place, type, `must be one of ${OWN_TYPES.join(", ")}`, "use one of these")];
    }
    const name = valueAt(document, [...path.slice(0, -1), "name"]);
    const own = valueAt(document, ["outgoingAuth", "backends", String(name), "type"]);
    const effective = own ?? valueAt(document, ["outgoingAuth", "default", "type"]);
    if (effective === "token_exchange") return [];
    const rule = "must be absent unless the backend's strategy is token_exchange";
    return [fault(path, valueAt(document, path), rule, "remove it")];
  });
}
