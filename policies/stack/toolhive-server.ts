import { Facts } from "./facts.ts";
import type { Fields } from "./fields.ts";
import type { Resource } from "./resource.ts";

const GROUP = "toolhive.stacklok.dev";

export type ToolHiveKind = "MCPServer" | "VirtualMCPServer";
const KINDS: readonly ToolHiveKind[] = ["MCPServer", "VirtualMCPServer"];

/** The default of ToolHive's operator: its proxies and gateways have neither headroom nor preStop. */
export const GRACE_SECONDS = 30;

/** The default key prefixes: the same for all gateways, and for the proxies of all servers. */
const KEY_PREFIXES = {
  MCPServer: "thv:proxy:session:",
  VirtualMCPServer: "thv:vmcp:session:",
} as const;

/** A custom resource of ToolHive, for which its operator creates pods. */
export class ToolHiveServer {
  readonly resource: Resource;
  readonly kind: ToolHiveKind;

  private constructor(resource: Resource, kind: ToolHiveKind) {
    this.resource = resource;
    this.kind = kind;
  }

  static of(resource: Resource): ToolHiveServer | undefined {
    const kind = KINDS.find((known) => known === resource.kind);
    if (kind === undefined || resource.group !== GROUP) return undefined;
    return new ToolHiveServer(resource, kind);
  }

  get spec(): Fields {
    return this.resource.fields.at("spec");
  }

  /** Pods of the proxy or gateway; 1 by default. */
  get replicas(): number {
    return this.spec.at("replicas").number() ?? 1;
  }

  /** Pods of the MCP server itself; 1 by default. */
  get backendReplicas(): number {
    return this.spec.at("backendReplicas").number() ?? 1;
  }

  get transport(): string {
    return this.spec.at("transport").text() ?? "stdio";
  }

  get sharesSessions(): boolean {
    return this.spec.at("sessionStorage.provider").text() === "redis";
  }

  /** `host:port` of its Redis. */
  get storeAddress(): string | undefined {
    return this.spec.at("sessionStorage.address").text();
  }

  /** The number of the database; 0 by default. */
  get database(): number {
    return this.spec.at("sessionStorage.db").number() ?? 0;
  }

  get keyPrefix(): string {
    return this.spec.at("sessionStorage.keyPrefix").text() || KEY_PREFIXES[this.kind];
  }

  /** The facts of its annotations. */
  get facts(): Facts {
    return new Facts(this.resource.fields.at("metadata.annotations"));
  }

  /** The Service that the operator creates for its proxies or gateways. */
  get serviceName(): string {
    const { name } = this.resource;
    return this.kind === "MCPServer" ? `mcp-${name}-proxy` : `vmcp-${name}`;
  }

  /** The type of the gateway's Service; that of proxies cannot be set. */
  get serviceType(): string {
    return this.spec.at("serviceType").text() ?? "ClusterIP";
  }

  /** The idle TTL of sessions: constants of ToolHive. */
  get idleTtlSeconds(): number {
    return this.kind === "MCPServer" ? 7200 : 1800;
  }

  /** The backends of a gateway that have an address: those of its own configuration, and entries of its group. */
  backendHosts(entries: readonly Resource[]): readonly { name: string; host: string }[] {
    const group = this.spec.at("groupRef.name").text();
    const listed = this.spec
      .at("config.backends")
      .items()
      .map((one) => ({ name: one.at("name").text() ?? "", url: one.at("url").text() }));
    const found = entries
      .filter(
        ({ namespace, fields }) =>
          namespace === this.resource.namespace && fields.at("spec.groupRef.name").text() === group,
      )
      .map(({ name, fields }) => ({ name, url: fields.at("spec.remoteUrl").text() }));
    return [...listed, ...found].map(({ name, url = "" }) => ({
      name,
      host: URL.parse(url)?.hostname ?? "",
    }));
  }

  get sessionAffinity(): string {
    return this.spec.at("sessionAffinity").text() ?? "ClientIP";
  }

  /** That of a gateway's pods; of an MCPServer it is the grace of the server's own pods. */
  get graceSeconds(): number {
    const grace = this.spec.at("podTemplateSpec.spec.terminationGracePeriodSeconds");
    return grace.number() ?? GRACE_SECONDS;
  }
}
