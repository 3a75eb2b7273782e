import { isSection, type Path, type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";

const TYPE = ["incomingAuth", "type"];
const OIDC = ["incomingAuth", "oidc"];

/** What each type of login does not go without. */
const SECTIONS = {
  jwt: "add issuer, audience and jwks",
  oidc: "add issuer and audience",
} as const;

/** The rules about how clients authenticate. */
export function incomingAuthRules(document: Section): Fault[] {
  return [
    ...sections(document),
    ...principalCaps(document),
    ...localHost(document),
    ...issuersOf(document).flatMap(({ path, section }) => issuerRules(path, section)),
    ...distinctIssuers(document),
    ...oneIntrospection(document),
    ...logoutClient(document),
  ];
}

function sections(document: Section): Fault[] {
  const type = valueAt(document, TYPE);
  return Object.entries(SECTIONS).flatMap(([name, fix]) => {
    const path = ["incomingAuth", name];
    const section = valueAt(document, path);
    if ((type === name) === isSection(section)) return [];
    if (type === name) {
      return [fault(path, section, `is required with incomingAuth.type ${name}`, fix)];
    }
    const rule = `must be absent unless incomingAuth.type is ${name}`;
    return [fault(path, section, rule, `set incomingAuth.type: ${name}, or remove the section`)];
  });
}

/** Without tokens there are no principals to count, so these limits would have no effect. */
function principalCaps(document: Section): Fault[] {
  const type = valueAt(document, TYPE);
  if (type === "jwt" || type === "oidc") return [];
  return ["maxPerPrincipal", "initializePerMinute"].flatMap((key) => {
    const path = ["session", key];
    const value = valueAt(document, path);
    if (value === undefined) return [];
    const fix = "remove it, or set incomingAuth.type: oidc or jwt";
    return [fault(path, value, "must be absent unless incomingAuth.type is oidc or jwt", fix)];
  });
}

/** With type local, everyone who reaches the port is the user of the machine. */
function localHost(document: Section): Fault[] {
  const host = valueAt(document, ["host"]);
  if (valueAt(document, TYPE) !== "local" || typeof host !== "string") return [];
  if (host === "localhost" || host === "::1" || host.startsWith("127.")) return [];
  const rule = "must be a loopback address with incomingAuth.type local";
  return [fault(["host"], host, rule, "remove it, or set incomingAuth.type: oidc")];
}

interface Issuer {
  readonly path: Path;
  readonly section: Section;
}

function issuersOf(document: Section): Issuer[] {
  const section = valueAt(document, OIDC);
  if (!isSection(section)) return [];
  const more: unknown[] = Array.isArray(section.moreIssuers) ? section.moreIssuers : [];
  const others = more.flatMap((one, index) =>
    isSection(one) ? [{ path: [...OIDC, "moreIssuers", index], section: one }] : [],
  );
  return [{ path: OIDC, section }, ...others];
}

function issuerRules(path: Path, section: Section): Fault[] {
  const { clientSecretEnv, clientSecretFile, clientId, introspectionUrl } = section;
  const faults = httpUrls(path, section);
  if (clientSecretEnv !== undefined && clientSecretFile !== undefined) {
    const rule = "must be the only one of clientSecretEnv and clientSecretFile";
    const at = [...path, "clientSecretFile"];
    faults.push(fault(at, clientSecretFile, rule, "remove one of the two"));
  }
  if (clientId === undefined && introspectionUrl !== undefined) {
    const rule = "is required with introspectionUrl";
    faults.push(
      fault([...path, "clientId"], undefined, rule, "add the id of this gateway at the issuer"),
    );
  }
  return faults;
}

/** Over http, whoever is in between says which keys are the issuer's. */
function httpUrls(path: Path, section: Section): Fault[] {
  if (section.insecureAllowHttp === true) return [];
  return ["issuer", "jwksUrl", "introspectionUrl"].flatMap((key) => {
    const value = section[key];
    if (typeof value !== "string" || !/^http:/i.test(value)) return [];
    const rule = "must be https, unless insecureAllowHttp is set";
    return [fault([...path, key], value, rule, "use https, or set insecureAllowHttp: true")];
  });
}

function distinctIssuers(document: Section): Fault[] {
  const issuers = issuersOf(document);
  return issuers.flatMap(({ path, section: { issuer } }, index) =>
    typeof issuer === "string" &&
    issuers.findIndex(({ section }) => section.issuer === issuer) < index
      ? [fault([...path, "issuer"], issuer, "must be unique", "remove one of the two")]
      : [],
  );
}

/** What says that an issuer introspects tokens. */
const INTROSPECTION = ["introspectionUrl", "clientSecretEnv", "clientSecretFile"];

/** A token that is no JWT does not say whose it is, and none may be shown to another issuer. */
function oneIntrospection(document: Section): Fault[] {
  const introspecting = issuersOf(document).filter(({ section }) => introspects(section));
  return introspecting.slice(1).map(({ path, section }) => {
    const name = INTROSPECTION.find((key) => section[key] !== undefined) ?? "introspectionUrl";
    const rule = "must be set for one issuer only: a token that is no JWT does not say whose it is";
    return fault([...path, name], section[name], rule, "remove it");
  });
}

function introspects(section: Section): boolean {
  return INTROSPECTION.some((key) => section[key] !== undefined);
}

/** A logout token is for the client, by its id. */
function logoutClient(document: Section): Fault[] {
  if (valueAt(document, [...OIDC, "backchannelLogout"]) !== true) return [];
  if (issuersOf(document).some(({ section }) => section.clientId !== undefined)) return [];
  const rule = "is required with backchannelLogout";
  const fix = "add the id of this gateway at the issuer";
  return [fault([...OIDC, "clientId"], undefined, rule, fix)];
}
