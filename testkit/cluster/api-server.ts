import { randomBytes } from "node:crypto";
import { homedir } from "node:os";
import { join } from "node:path";

import { runCommand } from "../processes/command-outcome.ts";
import { currentContext } from "./kube-context.ts";
import { LocalCluster } from "./local-cluster.ts";
import { Manifest } from "./manifest.ts";

/** What the API server refuses of an object, or warns of. */
export interface ManifestFault {
  /** As in `apps/v1 Deployment fleet/gateway`. */
  readonly object: string;
  readonly message: string;
}

export interface DryRunOptions {
  /** What the namespace enforces: a pod template that violates it is a fault. Default: anything goes. */
  readonly podSecurity?: PodSecurity;
}

type PodSecurity = "privileged" | "baseline" | "restricted";

const CACHE = process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache");
const CRD_FOLDER = join(process.env.FLEET_CACHE ?? join(CACHE, "mcp-fleet"), "crds");
const GET_CRDS = join(import.meta.dirname, "get-crds.sh");

/** The kinds beside Kubernetes' own that components make, and the names of their definitions. */
const CUSTOM_KINDS = {
  HTTPRoute: "httproutes.gateway.networking.k8s.io",
  ServiceMonitor: "servicemonitors.monitoring.coreos.com",
  PrometheusRule: "prometheusrules.monitoring.coreos.com",
  Certificate: "certificates.cert-manager.io",
} as const;

const APPLY = ["apply", "--server-side", "--force-conflicts", "--dry-run=server"];
const STRICTLY = ["--validate=strict", "-f", "-"];

const localObstacle = LocalCluster.obstacle();
const context = localObstacle === undefined ? undefined : currentContext();

/** Where no local cluster can be started and no current context answers, these tests are skipped by name. */
export const hasApiServer = localObstacle === undefined || context !== undefined;

if (localObstacle !== undefined) {
  if (LocalCluster.isConfigured && process.env.FLEET_REQUIRE_ALL === "1") {
    throw new Error(`there is no API server to test with: ${localObstacle}`);
  }
  const instead =
    context === undefined ? "no context answers" : `asked instead: context ${context}`;
  const skipped = context === undefined ? "skipped: " : "";
  console.warn(`${skipped}the tests with a Kubernetes API server (${localObstacle}; ${instead})`);
}

/**
 * A real Kubernetes API server that judges manifests and keeps none of them: one of its own where the cluster tool is,
 * else that of the current context. The latter gets namespaces for the time of the test, and nothing else.
 */
export class ApiServer {
  /** Within this it is up, even when Kubernetes has to be built first. */
  static readonly START_LIMIT_MS = LocalCluster.START_LIMIT_MS;

  readonly #command: readonly string[];
  readonly #cluster: LocalCluster | undefined;
  readonly #namespaces = new Map<PodSecurity, Promise<string>>();
  /** Those of CUSTOM_KINDS that somebody else's cluster does not have. */
  #unknownKinds: readonly string[] = [];

  private constructor(command: readonly string[], cluster?: LocalCluster) {
    this.#command = command;
    this.#cluster = cluster;
  }

  static async start(): Promise<ApiServer> {
    if (context !== undefined) {
      const server = new ApiServer(["kubectl", "--context", context]);
      await server.#findUnknownKinds();
      return server;
    }
    const cluster = await LocalCluster.start();
    const server = new ApiServer(cluster.kubectl, cluster);
    await server.#defineCustomKinds();
    return server;
  }

  /**
   * Applies the YAML documents for trial, as if their namespaces were there: what they become is not kept. Objects of
   * a kind that the server does not know, see `knows`, are named and left out.
   */
  async dryRun(manifests: string, options: DryRunOptions = {}): Promise<ManifestFault[]> {
    const namespace = await this.#namespace(options.podSecurity ?? "privileged");
    const objects = Manifest.parse(manifests).filter(({ kind, title }) => {
      if (!this.knows(kind)) console.warn(`${title} is not checked: the cluster lacks the kind`);
      return this.knows(kind);
    });
    return await this.#faults(objects, namespace);
  }

  /** False for a kind in CUSTOM_KINDS that the cluster of the current context lacks. */
  knows(kind: string): boolean {
    return !this.#unknownKinds.includes(kind);
  }

  async stop(): Promise<void> {
    if (this.#cluster !== undefined) return await this.#cluster.stop();
    for (const namespace of await Promise.all(this.#namespaces.values())) {
      await this.#must(["delete", "namespace", namespace, "--wait=false"]);
    }
  }

  async #defineCustomKinds(): Promise<void> {
    const files = await runCommand(["sh", GET_CRDS, CRD_FOLDER]);
    if (files.code !== 0) throw new Error(files.stderr);
    const arguments_ = files.stdout
      .trim()
      .split("\n")
      .flatMap((file) => ["-f", file]);
    await this.#must(["apply", "--server-side", ...arguments_]);
    await this.#must(["wait", "--for=condition=Established", "--timeout=60s", ...arguments_]);
  }

  async #findUnknownKinds(): Promise<void> {
    const names = Object.values(CUSTOM_KINDS);
    const known = await this.#must(["get", "crd", ...names, "--ignore-not-found", "-o", "name"]);
    const unknown = Object.entries(CUSTOM_KINDS).filter(([, name]) => !known.includes(name));
    this.#unknownKinds = unknown.map(([kind]) => kind);
  }

  #namespace(podSecurity: PodSecurity): Promise<string> {
    const existing = this.#namespaces.get(podSecurity);
    if (existing !== undefined) return existing;
    const created = this.#createNamespace(podSecurity);
    this.#namespaces.set(podSecurity, created);
    return created;
  }

  async #createNamespace(podSecurity: PodSecurity): Promise<string> {
    const name = `mcp-fleet-dry-run-${randomBytes(4).toString("hex")}`;
    await this.#must(["create", "namespace", name]);
    // It refuses pods that violate it; of what makes such pods, the server warns.
    const label = `pod-security.kubernetes.io/enforce=${podSecurity}`;
    await this.#must(["label", "namespace", name, label]);
    return name;
  }

  /** Not every complaint names its object: which one it is about is found by asking for each half alone. */
  async #faults(objects: readonly Manifest[], namespace: string): Promise<ManifestFault[]> {
    const texts = objects.map((object) => object.within(namespace));
    const complaints = await this.#complaints(namespace, texts.join("---\n"));
    if (complaints.length === 0) return [];
    const [first] = objects;
    if (first === undefined) throw new Error(complaints.join("\n"));
    if (objects.length === 1)
      return complaints.map((message) => ({ object: first.title, message }));
    const middle = Math.ceil(objects.length / 2);
    const faults = [
      ...(await this.#faults(objects.slice(0, middle), namespace)),
      ...(await this.#faults(objects.slice(middle), namespace)),
    ];
    if (faults.length === 0) throw new Error(`only together: ${complaints.join("\n")}`);
    return faults;
  }

  async #complaints(namespace: string, manifests: string): Promise<string[]> {
    const { code, stderr } = await runCommand(
      [...this.#command, ...APPLY, ...STRICTLY, "-n", namespace],
      manifests,
    );
    const lines = stderr.split("\n");
    const warnings = lines.filter((line) => line.startsWith("Warning: "));
    const error = lines
      .filter((line) => !line.startsWith("Warning: "))
      .join("\n")
      .trim();
    if (error !== "") return [...warnings, error];
    return code === 0 ? warnings : [...warnings, `kubectl ended with ${code}`];
  }

  async #must(arguments_: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await runCommand([...this.#command, ...arguments_]);
    if (code !== 0) throw new Error(`kubectl ${arguments_.join(" ")}: ${stderr}`);
    return stdout;
  }
}
