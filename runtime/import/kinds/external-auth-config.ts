import { isSection, type Section } from "@mcp-fleet/contract";
import type { Given } from "../given.ts";
import { ownValue } from "../own-value.ts";
import type { Field, Reading } from "../reading.ts";

/** An environment variable with the value of a Secret. */
export interface SecretVariable {
  readonly targetEnvName: string;
  readonly name: string;
  readonly key: string;
}

/** How a gateway authenticates to a backend, as a vmcp.yaml says it. */
export interface Strategy {
  readonly value: Section;
  readonly secrets: readonly SecretVariable[];
  /** Where it comes from. */
  readonly reading: Reading;
  readonly field: Field;
}

/** ToolHive's names of the strategies, in resources and in a vmcp.yaml. */
const TYPES: Readonly<Record<string, string>> = {
  headerInjection: "header_injection",
  tokenExchange: "token_exchange",
  upstreamInject: "upstream_inject",
  awsSts: "aws_sts",
  bearerToken: "bearer_token",
  xaa: "xaa",
  obo: "obo",
};

/** The strategy that a reference to an MCPExternalAuthConfig stands for. */
export function strategyOf(given: Given, from: Reading, field: Field): Strategy | undefined {
  const config = given.follow(from, field, "MCPExternalAuthConfig", {
    topic: "credentials",
    why: "its credential is unknown",
    fix: "",
  });
  if (config === undefined) return undefined;
  const type = config.text("spec.type");
  if (type === undefined) return undefined;
  config.taken("spec.type");
  const own: Field = ["spec", type];
  if (type === "unauthenticated") {
    return { value: { type }, secrets: [], reading: config, field: "spec.type" };
  }
  if (type === "embeddedAuthServer" || ownValue(TYPES, type) === undefined) {
    const why =
      type === "embeddedAuthServer"
        ? "there is no authorization server in the gateway's pods"
        : `the strategy ${type} is not known to this import`;
    const fix = "let clients log in at your identity provider, and name it in incomingAuth";
    config.left("spec", { topic: "identity", why, fix });
    from.left(field, { topic: "identity", why, fix });
    return undefined;
  }
  config.taken(own);
  const section = config.section(own) ?? {};
  const secrets: SecretVariable[] = [];
  const plain = withVariables(section, `${config.name} ${type}`, secrets);
  const renamed = type === "headerInjection" ? rename(plain, "valueEnv", "headerValueEnv") : plain;
  const value = { type: ownValue(TYPES, type), [type]: renamed };
  return { value, secrets, reading: config, field: own };
}

/** The strategy that adds one header, as MCPRemoteProxy and MCPServerEntry name it. */
export function headerStrategy(reading: Reading): Strategy | undefined {
  const plain = Object.entries(reading.map("spec.headerForward.addPlaintextHeaders"));
  const secret = reading.entries("spec.headerForward.addHeadersFromSecret");
  const field = "spec.headerForward";
  reading.taken(field);
  if (plain.length + secret.length === 0) return undefined;
  if (plain.length + secret.length > 1) {
    reading.left(field, {
      topic: "credentials",
      why: "a backend gets one header of its own",
      fix: "keep its proxy in ToolHive, or add the other headers in a proxy in front of the server",
    });
    return undefined;
  }
  const [entry] = secret;
  if (entry === undefined) {
    const [[headerName, headerValue] = ["", ""]] = plain;
    const value = { type: "header_injection", headerInjection: { headerName, headerValue } };
    return { value, secrets: [], reading, field };
  }
  const headerName = reading.text([...entry, "headerName"]);
  const name = reading.text([...entry, "valueSecretRef", "name"]);
  const key = reading.text([...entry, "valueSecretRef", "key"]);
  if (!headerName || !name || !key) return undefined;
  const targetEnvName = variableName(`${reading.name} header`);
  const value = {
    type: "header_injection",
    headerInjection: { headerName, headerValueEnv: targetEnvName },
  };
  return { value, secrets: [{ targetEnvName, name, key }], reading, field };
}

/** A section whose references to Secrets are names of variables: `clientSecretRef` becomes `clientSecretEnv`. */
export function withVariables(section: Section, owner: string, secrets: SecretVariable[]): Section {
  return Object.fromEntries(
    Object.entries(section).map(([key, value]) => {
      if (!key.endsWith("Ref") || !isSection(value)) return [key, value];
      const { name, key: entry } = value;
      if (typeof name !== "string" || typeof entry !== "string") return [key, value];
      const base = key.replace(/(?:Secret)?Ref$/, "");
      const variable = key === "clientSecretRef" ? "clientSecretEnv" : `${base}Env`;
      const targetEnvName = variableName(`${owner} ${base}`);
      secrets.push({ targetEnvName, name, key: entry });
      return [variable, targetEnvName];
    }),
  );
}

export const variableName = (text: string): string =>
  `MCP_FLEET_IMPORTED_${text
    .replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
    .replaceAll(/[^A-Za-z\d]+/g, "_")
    .toUpperCase()}`;

function rename(section: Section, from: string, to: string): Section {
  if (!Object.hasOwn(section, from)) return section;
  const { [from]: value, ...others } = section;
  return { ...others, [to]: value };
}
