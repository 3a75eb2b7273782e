import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb.js";
import { Agent, request } from "undici";
import { parse } from "yaml";

import { isProperties, type Properties, part } from "../pulumi/difference.ts";
import { annotation, idOf, objectName, textOf } from "../pulumi/kubernetes-object.ts";
import { NotReady } from "../pulumi/not-ready.ts";
import type { ObjectStore } from "../pulumi/object-store.ts";
import {
  hasReadyEndpoint,
  isReady,
  needsEndpoints,
  podFaults,
  skipsWaiting,
  why,
} from "../pulumi/readiness.ts";

/** The vendor's limit for a create, an update or a delete, where neither resource nor annotation has one. */
const DEFAULT_TIMEOUT_SECONDS = 600;
const POLL_MS = 250;
const FIELD_MANAGER = "pulumi-kubernetes";

interface Answer {
  readonly status: number;
  readonly body: Properties;
}

function items(value: JavaScriptValue | undefined): Properties[] {
  return Array.isArray(value) ? value.filter(isProperties) : [];
}

function named(config: Properties, list: string, entry: string, name: string): Properties {
  const found = items(config[list]).find((item) => item.name === name);
  if (found === undefined) throw new Error(`the kubeconfig has no ${entry} ${name}`);
  return part(found, entry);
}

/** A PEM of the kubeconfig: inline, or the file that it names. */
function pem(properties: Properties, name: string): string | undefined {
  const inline = textOf(properties, `${name}-data`);
  if (inline !== "") return Buffer.from(inline, "base64").toString();
  const path = textOf(properties, name);
  return path === "" ? undefined : readFileSync(path, "utf8");
}

function given<Value>(name: string, value: Value | undefined): { readonly [name: string]: Value } {
  return value === undefined ? {} : { [name]: value };
}

/** A cluster, by its API: server-side apply, and the waits of the vendor's provider. */
export class Cluster implements ObjectStore {
  readonly #server: string;
  readonly #agent: Agent;
  readonly #headers: { readonly [name: string]: string };

  /** `kubeconfig` is its text or its path. Users are known by certificate or token. */
  constructor(kubeconfig: string, context: string) {
    const isText = kubeconfig.includes("\n") || kubeconfig.trimStart().startsWith("{");
    const config: Properties = parse(isText ? kubeconfig : readFileSync(kubeconfig, "utf8"));
    const chosen = named(
      config,
      "contexts",
      "context",
      context || textOf(config, "current-context"),
    );
    const cluster = named(config, "clusters", "cluster", textOf(chosen, "cluster"));
    const user = named(config, "users", "user", textOf(chosen, "user"));
    const token = textOf(user, "token");
    this.#server = textOf(cluster, "server").replace(/\/$/, "");
    this.#headers = token === "" ? {} : { authorization: `Bearer ${token}` };
    this.#agent = new Agent({
      connect: {
        rejectUnauthorized: cluster["insecure-skip-tls-verify"] !== true,
        ...given("ca", pem(cluster, "certificate-authority")),
        ...given("cert", pem(user, "client-certificate")),
        ...given("key", pem(user, "client-key")),
      },
    });
  }

  async create(object: Properties, timeoutSeconds: number): Promise<Properties> {
    const limit = this.#limit(object, timeoutSeconds);
    if ((await this.read(object)) !== undefined) {
      throw new Error(`${object.kind} ${idOf(object)} already exists`);
    }
    return await this.#apply(object, limit);
  }

  async update(object: Properties, _old: Properties, seconds: number): Promise<Properties> {
    return await this.#apply(object, this.#limit(object, seconds));
  }

  async read(object: Properties): Promise<Properties | undefined> {
    const { status, body } = await this.#ask("GET", await this.#path(object));
    if (status === 404) return undefined;
    return this.#accepted(object, { status, body });
  }

  async delete(object: Properties, timeoutSeconds: number): Promise<void> {
    const limit = this.#limit(object, timeoutSeconds);
    const path = await this.#path(object);
    const policy = annotation(object, "pulumi.com/deletionPropagationPolicy") || "foreground";
    const propagationPolicy = policy.charAt(0).toUpperCase() + policy.slice(1);
    const options = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy };
    const answer = await this.#ask("DELETE", path, options);
    if (answer.status === 404) return;
    this.#accepted(object, answer);
    const ended = await this.#until(limit, async () => (await this.read(object)) === undefined);
    if (!ended) throw new Error(`${object.kind} ${idOf(object)} is still there`);
  }

  async #apply(object: Properties, limit: Date): Promise<Properties> {
    const force = annotation(object, "pulumi.com/patchForce") === "true";
    const query = `?fieldManager=${FIELD_MANAGER}&force=${force}`;
    const path = await this.#path(object);
    let now = this.#accepted(object, await this.#ask("PATCH", `${path}${query}`, object));
    if (skipsWaiting(object)) return now;
    const ended = await this.#until(limit, async () => {
      now = this.#accepted(object, await this.#ask("GET", path));
      return isReady(now) && (!needsEndpoints(now) || (await this.#hasReadyEndpoint(now)));
    });
    if (ended) return now;
    const reasons = [why(now), ...(await this.#podFaults(now))].join(" ");
    throw new NotReady(`${object.kind} ${idOf(object)} is not ready ${reasons}`, idOf(object), now);
  }

  /** What keeps the pods of a workload from running. */
  async #podFaults(workload: Properties): Promise<string[]> {
    const labels = Object.entries(part(part(part(workload, "spec"), "selector"), "matchLabels"));
    if (labels.length === 0) return [];
    const selector = encodeURIComponent(labels.map((label) => label.join("=")).join(","));
    const { namespace } = objectName(workload);
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`;
    const { body } = await this.#ask("GET", path);
    return items(body.items).flatMap(podFaults);
  }

  async #hasReadyEndpoint(service: Properties): Promise<boolean> {
    const { namespace, name } = objectName(service);
    const selector = `labelSelector=kubernetes.io%2Fservice-name%3D${name}`;
    const path = `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?${selector}`;
    return hasReadyEndpoint(this.#accepted(service, await this.#ask("GET", path)));
  }

  async #path(object: Properties): Promise<string> {
    const { apiVersion, kind, namespace, name } = objectName(object);
    const group = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const { body } = await this.#ask("GET", group);
    const resource = items(body.resources).find(
      (item) => item.kind === kind && !textOf(item, "name").includes("/"),
    );
    if (resource === undefined) throw new Error(`the cluster knows no ${kind} of ${apiVersion}`);
    const folder = resource.namespaced === true ? `/namespaces/${namespace || "default"}` : "";
    return `${group}${folder}/${textOf(resource, "name")}/${name}`;
  }

  async #ask(method: "GET" | "PATCH" | "DELETE", path: string, body?: Properties): Promise<Answer> {
    const type = method === "PATCH" ? "application/apply-patch+yaml" : "application/json";
    const answer = await request(`${this.#server}${path}`, {
      method,
      dispatcher: this.#agent,
      headers: { ...this.#headers, "content-type": type },
      ...given("body", body === undefined ? undefined : JSON.stringify(body)),
    });
    const parsed: Properties = parse(await answer.body.text());
    return { status: answer.statusCode, body: parsed };
  }

  #accepted(object: Properties, { status, body }: Answer): Properties {
    if (status < 300) return body;
    throw new Error(`${object.kind} ${idOf(object)}: ${textOf(body, "message") || status}`);
  }

  #limit(object: Properties, timeoutSeconds: number): Date {
    const annotated = Number(annotation(object, "pulumi.com/timeoutSeconds"));
    const seconds = timeoutSeconds || annotated || DEFAULT_TIMEOUT_SECONDS;
    return new Date(Date.now() + seconds * 1_000);
  }

  /** Whether it holds before the limit. */
  async #until(limit: Date, holds: () => Promise<boolean>): Promise<boolean> {
    while (!(await holds())) {
      if (new Date() > limit) return false;
      await setTimeout(POLL_MS);
    }
    return true;
  }
}
