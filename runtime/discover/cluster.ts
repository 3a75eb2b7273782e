import { existsSync } from "node:fs";
import {
  HttpMethod,
  IsomorphicFetchHttpLibrary,
  KubeConfig,
  type KubernetesObject,
  ListWatch,
  RequestContext,
  type ResponseContext,
  Watch,
} from "@kubernetes/client-node";
import { brief, ConfigError, fault, isSection, type Section, valueAt } from "@mcp-fleet/contract";
import { clock } from "../platform/clock.ts";

/** An API server that answers takes milliseconds. */
const REQUEST_TIMEOUT_MS = 15_000;

/** One page of a list; a list of more pages is not read. */
const PAGE = 500;
const MAX_OBJECTS = 5_000;

/** What the API server answers instead of what it was asked for. */
export class ClusterError extends Error {
  override readonly name = "ClusterError";
  /** That of the answer; 0 where there is none. */
  readonly status: number;
  /** For the log, which shows no stack of it. */
  readonly code: string;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
    this.code = status === 0 ? "UNREACHABLE" : `HTTP_${status}`;
  }
}

/** A list of objects at an API server. */
export interface ListPath {
  /** As in `/api/v1/namespaces/tools/services`. */
  readonly path: string;
  readonly labelSelector?: string;
}

/** What is listed: objects, and the version from which a watch goes on. */
interface ObjectList {
  items: KubernetesObject[];
  metadata: { resourceVersion: string };
}

/** The API server of a cluster, and who we are there. */
export class Cluster {
  readonly #config: KubeConfig;
  readonly #http = new IsomorphicFetchHttpLibrary();

  /**
   * @param kubeconfig a file. Default: the pod's service account, else KUBECONFIG, else ~/.kube/config.
   * @throws {ConfigError} for a file that cannot be used.
   */
  constructor(kubeconfig?: string) {
    this.#config = readKubeconfig(kubeconfig);
  }

  /** The namespace of the pod, or of the current context. */
  get namespace(): string {
    const context = this.#config.getContextObject(this.#config.getCurrentContext());
    return context?.namespace || "default";
  }

  get url(): string {
    return this.#config.getCurrentCluster()?.server ?? "";
  }

  /** Every object of a list. @throws {ClusterError}, and the system's. */
  async list({ path, labelSelector }: ListPath): Promise<ObjectList> {
    const items: KubernetesObject[] = [];
    let next = "";
    let resourceVersion = "";
    do {
      const query = { limit: String(PAGE), continue: next, labelSelector: labelSelector ?? "" };
      const page = await this.ask(HttpMethod.GET, path, query);
      if (!Array.isArray(page.items)) throw new ClusterError(200, "the answer is no list");
      for (const item of page.items) if (isSection(item)) items.push(item);
      if (items.length > MAX_OBJECTS) {
        throw new ClusterError(413, `there are more than ${MAX_OBJECTS} objects`);
      }
      next = textAt(page, "continue");
      resourceVersion = textAt(page, "resourceVersion");
    } while (next !== "");
    return { items, metadata: { resourceVersion } };
  }

  /** Objects as they change. It stops at an error; nothing is listed before its `start`. */
  watch(list: ListPath, listed: () => Promise<ObjectList>): ListWatch<KubernetesObject> {
    return new ListWatch(list.path, new Watch(this.#config), listed, false, list.labelSelector);
  }

  /**
   * One request.
   *
   * @returns the object of the answer.
   * @throws {ClusterError}, and the system's.
   */
  async ask(
    method: HttpMethod,
    path: string,
    query: Readonly<Record<string, string>> = {},
    body?: Section,
  ): Promise<Section> {
    const url = new URL(this.url.replace(/\/$/, "") + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== "") url.searchParams.set(name, value);
    }
    const request = new RequestContext(url.toString(), method);
    request.setHeaderParam("accept", "application/json");
    if (body !== undefined) {
      request.setHeaderParam("content-type", "application/json");
      request.setBody(JSON.stringify(body));
    }
    await this.#config.applySecurityAuthentication(request);
    request.setSignal(clock.timeout(REQUEST_TIMEOUT_MS));
    return await objectOf(await this.#sent(request));
  }

  async #sent(request: RequestContext): Promise<ResponseContext> {
    try {
      return await this.#http.send(request).toPromise();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new ClusterError(0, `${this.url} does not answer: ${brief(String(cause))}`);
    }
  }
}

async function objectOf({ httpStatusCode: status, body }: ResponseContext): Promise<Section> {
  const text = await body.text();
  const value = parsed(text);
  if (status >= 300) {
    const message = valueAt(value, ["message"]);
    throw new ClusterError(
      status,
      brief(typeof message === "string" ? message : text || "no text"),
    );
  }
  if (!isSection(value)) throw new ClusterError(status, "the answer is no object");
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textAt(page: Section, member: string): string {
  const value = valueAt(page, ["metadata", member]);
  return typeof value === "string" ? value : "";
}

function readKubeconfig(file: string | undefined): KubeConfig {
  const config = new KubeConfig();
  try {
    if (file !== undefined) config.loadFromFile(file);
    else if (isInCluster()) config.loadFromCluster();
    else config.loadFromDefault();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const rule = `must be a kubeconfig that can be read (${brief(reason)})`;
    throw new ConfigError([fault(["--kubeconfig"], file, rule, "check its path and its content")]);
  }
  if (config.getCurrentCluster() === null) {
    const rule = "must have a current context whose cluster it names";
    throw new ConfigError([fault(["--kubeconfig"], file, rule, "set current-context in it")]);
  }
  return config;
}

function isInCluster(): boolean {
  const token = "/var/run/secrets/kubernetes.io/serviceaccount/token";
  return process.env.KUBERNETES_SERVICE_HOST !== undefined && existsSync(token);
}
