import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";
import { STRATEGY_SECTIONS } from "./outgoing-auth.ts";

/** A strategy of a document, and where it is. */
interface Placed {
  readonly path: Path;
  readonly type: unknown;
}

/** Whether a backend's lists can be read with these: they are the gateway's own. */
const OWN_TYPES = ["header_injection", "bearer_token", "client_credentials", "aws_sts"];

/** The strategies that authenticate requests as their client, unless a token of the gateway's own is named. */
const CLIENT_TYPES = ["token_exchange", "aws_sts", "xaa"];

/** How to write the secrets of a section, each by the field that has its value. */
const SECRETS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  headerInjection: [threeWays("headerValue")],
  bearerToken: [threeWays("token")],
  clientCredentials: [threeWays("clientSecret")],
  tokenExchange: [threeWays("clientSecret")],
  xaa: [threeWays("idpClientSecret"), threeWays("targetClientSecret")],
};

/** The addresses of a section that tokens and secrets go to, with the field that allows each of them to be http. */
const TOKEN_URLS: Readonly<Record<string, readonly (readonly [string, string?])[]>> = {
  clientCredentials: [["tokenUrl", "insecureAllowHttp"]],
  tokenExchange: [["tokenUrl", "insecureAllowHttp"]],
  awsSts: [["stsUrl", "insecureAllowHttp"]],
  xaa: [["idpTokenUrl"], ["targetTokenUrl", "insecureTargetTokenUrl"]],
};

function threeWays(field: string): readonly string[] {
  return [field, `${field}Env`, `${field}File`];
}

/** The faults of how requests to backends are authenticated. */
export function authRules(document: Section): Fault[] {
  const placed = [...strategiesOf(document), ...discoveriesOf(document)];
  return [
    ...placed.flatMap((one) => [
      ...sectionFaults(document, one),
      ...secretFaults(document, one),
      ...tokenUrlFaults(document, one),
      ...clientFaults(document, one),
      ...crossAppFaults(document, one),
      ...roleFaults(document, one),
    ]),
    ...strategiesOf(document).flatMap((one) => principalFaults(document, one)),
    ...discoveryFaults(document),
    ...signatureFaults(document),
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
  const section = STRATEGY_SECTIONS[String(type)] ?? "";
  const place = [...path, section];
  if (!isSection(valueAt(document, place))) return [];
  return (SECRETS[section] ?? []).flatMap((all) => {
    const given = all.filter((field) => valueAt(document, [...place, field]) !== undefined);
    if (given.length > 1) {
      return given.slice(1).map((field) => {
        const rule = `must be absent if ${given[0]} is set`;
        return fault([...place, field], valueAt(document, [...place, field]), rule, "keep one");
      });
    }
    const isRequired = section === "headerInjection" || section === "bearerToken";
    if (given.length > 0 || !isRequired) return [];
    const field = all.at(-1) ?? "";
    return [fault([...place, field], undefined, `one of ${all.join(", ")} is required`, "add one")];
  });
}

/** What goes to a token endpoint is secret. */
function tokenUrlFaults(document: Section, { path, type }: Placed): Fault[] {
  const section = STRATEGY_SECTIONS[String(type)] ?? "";
  return (TOKEN_URLS[section] ?? []).flatMap(([field, relaxation]) => {
    const place = [...path, section, field];
    const value = valueAt(document, place);
    const isAllowed =
      relaxation !== undefined && valueAt(document, [...path, section, relaxation]) === true;
    if (typeof value !== "string" || isAllowed || !URL.canParse(value)) return [];
    const { protocol, hostname } = new URL(value);
    if (protocol !== "http:" || /^(?:localhost|127\.[0-9.]+|\[::1\])$/.test(hostname)) return [];
    const or =
      relaxation === undefined ? "" : `, or set ${relaxation}: true where the network is trusted`;
    return [fault(place, value, "must be an https URL", `use https${or}`)];
  });
}

/** Each role of AWS is for somebody, and whoever fits none has to be thought of. */
function roleFaults(document: Section, { path, type }: Placed): Fault[] {
  const place = [...path, "awsSts"];
  const section = valueAt(document, place);
  if (type !== "aws_sts" || !isSection(section)) return [];
  const { roleMappings, fallbackRoleArn } = section;
  const mappings: unknown[] = Array.isArray(roleMappings) ? roleMappings : [];
  if (mappings.length === 0 && fallbackRoleArn === undefined) {
    const rule = "one of roleMappings, fallbackRoleArn is required";
    return [fault([...place, "fallbackRoleArn"], undefined, rule, "add the role to assume")];
  }
  return mappings.flatMap((mapping, index) => {
    if (!isSection(mapping)) return [];
    const { claim, matcher } = mapping;
    if ((claim === undefined) !== (matcher === undefined)) return [];
    const at = [...place, "roleMappings", index];
    return claim === undefined
      ? [fault([...at, "claim"], claim, "one of claim, matcher is required", "add one")]
      : [fault([...at, "matcher"], matcher, "must be absent if claim is set", "keep one")];
  });
}

function clientFaults(document: Section, { path, type }: Placed): Fault[] {
  const section = STRATEGY_SECTIONS[String(type)];
  if (section !== "clientCredentials" && section !== "tokenExchange") return [];
  const place = [...path, section];
  const has = (field: string) => valueAt(document, [...place, field]) !== undefined;
  if (!isSection(valueAt(document, place))) return [];
  const signs = valueAt(document, [...place, "clientAuth"]) === "private_key_jwt";
  const secrets = threeWays("clientSecret").filter(has);
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

/** Whoever has a secret has a client id. */
function crossAppFaults(document: Section, { path, type }: Placed): Fault[] {
  if (type !== "xaa") return [];
  const has = (field: string) => valueAt(document, [...path, "xaa", field]) !== undefined;
  return ["idp", "target"].flatMap((of) => {
    const id = `${of}ClientId`;
    if (has(id) || !threeWays(`${of}ClientSecret`).some(has)) return [];
    const fix = "add the id of this gateway at the authorization server";
    return [fault([...path, "xaa", id], undefined, "is required", fix)];
  });
}

/** Whether a strategy needs a client's token: there is nothing to exchange for clients that bring none. */
function isOfClients(document: Section, { path, type }: Placed): boolean {
  if (type !== "aws_sts") return CLIENT_TYPES.some((one) => one === type);
  return valueAt(document, [...path, "awsSts", "webIdentityTokenFile"]) === undefined;
}

function principalFaults(document: Section, placed: Placed): Fault[] {
  const { path, type } = placed;
  if (!isOfClients(document, placed)) return [];
  const incoming = valueAt(document, ["incomingAuth", "type"]) ?? "anonymous";
  if (incoming !== "anonymous" && incoming !== "local") return [];
  const rule = `must not be ${type} where clients bring no tokens`;
  const own = type === "aws_sts" ? "awsSts.webIdentityTokenFile" : "client_credentials";
  const fix = `set incomingAuth.type: jwt, or use ${own}`;
  return [fault([...path, "type"], type, rule, fix)];
}

/** The strategy of a backend: its own, or the default one. */
function strategyOf(document: Section, name: unknown): Placed {
  const own = at(document, ["outgoingAuth", "backends", String(name)]);
  return own.type === undefined ? at(document, ["outgoingAuth", "default"]) : own;
}

/** A credential of its own for the lists is of use only where calls are made as somebody. */
function discoveryFaults(document: Section): Fault[] {
  return discoveriesOf(document).flatMap((placed) => {
    const { path, type } = placed;
    const place = [...path, "type"];
    if (typeof type === "string" && !OWN_TYPES.includes(type)) {
      return [fault(place, type, `must be one of ${OWN_TYPES.join(", ")}`, "use one of these")];
    }
    if (isOfClients(document, placed)) {
      const field = [...path, "awsSts", "webIdentityTokenFile"];
      return [fault(field, undefined, "is required here", "add the file of the gateway's token")];
    }
    const name = valueAt(document, [...path.slice(0, -1), "name"]);
    if (isOfClients(document, strategyOf(document, name))) return [];
    const rule = `must be absent unless the backend's strategy is ${CLIENT_TYPES.join(", ")}`;
    return [fault(path, valueAt(document, path), rule, "remove it")];
  });
}

/** A signature covers the request as its server gets it; one of HTTP+SSE may be sent by another process. */
function signatureFaults(document: Section): Fault[] {
  const backends = valueAt(document, ["backends"]);
  return (Array.isArray(backends) ? backends : []).flatMap((backend: unknown, index) => {
    if (!isSection(backend) || backend.transport !== "sse") return [];
    if (strategyOf(document, backend.name).type !== "aws_sts") return [];
    const fix = "use streamable-http, or another strategy for this backend";
    const rule = "must not be sse if the backend's strategy is aws_sts";
    return [fault(["backends", index, "transport"], "sse", rule, fix)];
  });
}
