import { isSection, type Risk, type Section, valueAt, withValue } from "@mcp-fleet/contract";
import { decode } from "@mcp-fleet/contract/settings";
import { parse } from "yaml";
import { Facts } from "./facts.ts";
import type { Fields } from "./fields.ts";
import type { Fleet } from "./fleet.ts";
import type { Resource } from "./resource.ts";
import { Unjudgeable } from "./unjudgeable.ts";
import type { Workload } from "./workload.ts";

/** A resource that says who may call, what, and as whom: a gateway, a proxy, or a resource of ToolHive. */
export class Configured {
  readonly resource: Resource;
  readonly #facts: Facts;
  readonly #read: () => Section;

  private constructor(resource: Resource, facts: Facts, read: () => Section) {
    this.resource = resource;
    this.#facts = facts;
    this.#read = read;
  }

  /** All of a stack. */
  static of(fleet: Fleet): Configured[] {
    return [
      ...fleet.processes.map(
        (workload) =>
          new Configured(workload.resource, workload.facts, () => settingsOf(workload, fleet)),
      ),
      ...fleet.resources.flatMap((resource) => {
        const read = resource.group === TOOLHIVE ? OF_TOOLHIVE[resource.kind] : undefined;
        if (read === undefined) return [];
        const facts = new Facts(resource.fields.at("metadata.annotations"));
        return [new Configured(resource, facts, () => read(resource.fields.at("spec")))];
      }),
    ];
  }

  /**
   * What it says, in the form of a configuration of ours; nothing where the stack does not have it.
   *
   * @throws {Unjudgeable} where that is not known before the update.
   */
  get settings(): Section {
    return this.#read();
  }

  /** Whether somebody takes a risk for it, by its name and for a reason. */
  accepts(risk: Risk): boolean {
    return this.#facts.riskReason(risk) !== undefined;
  }
}

const OWN_VARIABLE = /^MCP_FLEET_/;

/** The file that the process reads, with the variables of its container over it. */
function settingsOf(workload: Workload, fleet: Fleet): Section {
  const { container } = workload;
  const variables = container
    .at("env")
    .items()
    .map((variable) => [variable.at("name").text() ?? "", variable] as const)
    .filter(([name]) => OWN_VARIABLE.test(name))
    .map(([name, variable]) => [name, variable.at("value").text()] as const);
  return decode(Object.fromEntries(variables), fileOf(workload, fleet)).configuration;
}

function fileOf(workload: Workload, fleet: Fleet): Section {
  const { container, podSpec } = workload;
  const path = pathOf(container);
  if (path === undefined) return {};
  const mounts = container.at("volumeMounts").items();
  const mount = mounts.find((one) => path.startsWith(`${one.at("mountPath").text()}/`));
  const volume = podSpec
    .at("volumes")
    .items()
    .find((one) => mount && one.at("name").text() === mount.at("name").text());
  const within = path.slice((mount?.at("mountPath").text() ?? "").length + 1);
  const sources = volume ? [volume, ...volume.at("projected.sources").items()] : [];
  for (const source of sources.map((one) => one.at("configMap"))) {
    const name = source.at("name").text();
    const map = fleet.beside(workload, "ConfigMap").find((one) => one.name === name);
    const item = source
      .at("items")
      .items()
      .find((one) => one.at("path").text() === within);
    const file = map?.fields.at("data").member(item?.at("key").text() ?? within);
    const text = file?.text();
    if (text !== undefined) return parsed(text, `${map?.title}, ${within}`);
  }
  return {};
}

/** Where the process finds its configuration. */
function pathOf(container: Fields): string | undefined {
  const words = ["command", "args"].flatMap((list) =>
    container
      .at(list)
      .items()
      .map((word) => word.text() ?? ""),
  );
  const at = words.findIndex((word) => /^(?:--config|-c)$/.test(word));
  if (at >= 0) return words[at + 1];
  return words.find((word) => word.startsWith("--config="))?.slice("--config=".length);
}

function parsed(text: string, title: string): Section {
  try {
    const document: unknown = parse(text);
    return isSection(document) ? document : {};
  } catch {
    throw new Unjudgeable(`${title} is neither JSON nor YAML; correct it`);
  }
}

const TOOLHIVE = "toolhive.stacklok.dev";

/** What resources of ToolHive say, as our configuration would. */
const OF_TOOLHIVE: Readonly<Record<string, (spec: Fields) => Section>> = {
  VirtualMCPServer: (spec) => ({
    incomingAuth: {
      oidc: oidcOf(spec.at("incomingAuth.oidcConfig.inline")),
      authz: { policies: spec.at("incomingAuth.authzConfig.inline.policies").plain() },
    },
    passthroughHeaders: spec.at("config.passthroughHeaders").plain(),
  }),
  MCPServer: login,
  MCPRemoteProxy: login,
  MCPOIDCConfig: (spec) => ({ incomingAuth: { oidc: oidcOf(spec.at("inline")) } }),
  MCPAuthzConfig: (spec) => ({
    incomingAuth: { authz: { policies: spec.at("config.policies").plain() } },
  }),
  MCPExternalAuthConfig: (spec) => ({
    outgoingAuth: { default: { tokenExchange: spec.at("tokenExchange").plain() } },
  }),
};

function login(spec: Fields): Section {
  return {
    incomingAuth: {
      oidc: oidcOf(spec.at("oidcConfig.inline")),
      authz: { policies: spec.at("authzConfig.inline.policies").plain() },
    },
  };
}

/** Names that ToolHive spells in another way. */
const NAMES = {
  jwksAllowPrivateIP: "jwksAllowPrivateIp",
  protectedResourceAllowPrivateIP: "protectedResourceAllowPrivateIp",
} as const;

function oidcOf(inline: Fields): unknown {
  const section = inline.plain();
  if (!isSection(section)) return section;
  return Object.entries(NAMES).reduce<Section>((named, [theirs, ours]) => {
    const value = valueAt(section, [theirs]);
    return value === undefined ? named : withValue(named, [ours], value);
  }, section);
}
