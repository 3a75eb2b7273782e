import { bytes, formatBytes, type Path, type Section } from "@mcp-fleet/contract";
import { type Field, type Reading, type Reason, stepsOf } from "../reading.ts";
import type { SecretVariable } from "./external-auth-config.ts";

/** What a pod template says that pods here have too, whatever runs in them. */
const SCHEDULING = [
  "nodeSelector",
  "tolerations",
  "affinity",
  "topologySpreadConstraints",
  "priorityClassName",
  "runtimeClassName",
  "imagePullSecrets",
  "schedulerName",
  "dnsConfig",
  "dnsPolicy",
  "hostAliases",
];

const OWN_PODS: Reason = {
  topic: "pods",
  why: "the component makes its pods itself",
  fix: "add it to podTemplate by hand, where you still need it",
};

/** Volumes that pods here may have, too: none of the node. */
const VOLUMES = [
  "emptyDir",
  "persistentVolumeClaim",
  "configMap",
  "secret",
  "projected",
  "ephemeral",
  "csi",
];

/** What of a security context is carried over; the rest is as strict as Kubernetes' restricted profile. */
const USERS = ["runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"];

/** `podTemplate` of a component, from the template of a resource of ToolHive. */
export class PodTemplateReading {
  readonly #reading: Reading;
  readonly #at: Path;
  readonly #container: Path | undefined;
  readonly #own: string;

  /**
   * @param theirs the name of ToolHive's container.
   * @param own the name of the component's container in its place.
   */
  constructor(reading: Reading, field: Field, theirs: string, own: string) {
    this.#reading = reading;
    this.#at = stepsOf(field);
    this.#own = own;
    if (reading.has(field)) reading.left(field, OWN_PODS);
    this.#container = containerOf(reading, field, theirs);
    if (this.#container) reading.taken([...this.#container, "name"]);
  }

  /** The path of a member of ToolHive's container; undefined where the template does not name it. */
  inContainer(member: string): Path | undefined {
    return this.#container && [...this.#container, member];
  }

  template(): Section | undefined {
    const metadata = this.#picked([...this.#at, "metadata"], ["labels", "annotations"]);
    const container = this.#containerOf();
    const spec = {
      ...this.#picked([...this.#at, "spec"], SCHEDULING),
      ...this.#users([...this.#at, "spec"]),
      ...this.#volumes(),
      ...(container && { containers: [{ name: this.#own, ...container }] }),
    };
    const template = {
      ...(Object.keys(metadata).length > 0 && { metadata }),
      ...(Object.keys(spec).length > 0 && { spec }),
    };
    return Object.keys(template).length > 0 ? template : undefined;
  }

  #containerOf(): Section | undefined {
    const path = this.#container;
    if (path === undefined) return undefined;
    const container = { ...this.#users(path), ...this.#picked(path, ["volumeMounts"]) };
    return Object.keys(container).length > 0 ? container : undefined;
  }

  #picked(around: Path, keys: readonly string[]): Section {
    const picked = keys.filter((key) => this.#reading.has([...around, key]));
    this.#reading.taken(...picked.map((key) => [...around, key]));
    return Object.fromEntries(picked.map((key) => [key, this.#reading.at([...around, key])]));
  }

  #users(around: Path): Section {
    const path = [...around, "securityContext"];
    if (!this.#reading.has(path)) return {};
    const why =
      "pods are as strict as Kubernetes' restricted profile; users and groups are carried over";
    this.#reading.different(path, why, "set the rest in podTemplate, where an image needs it");
    const securityContext = this.#picked(path, USERS);
    return Object.keys(securityContext).length > 0 ? { securityContext } : {};
  }

  #volumes(): Section {
    const volumes = this.#reading.entries([...this.#at, "spec", "volumes"]).filter((entry) => {
      const volume = Object.keys(this.#reading.section(entry) ?? {});
      return volume.some((key) => VOLUMES.includes(key));
    });
    this.#reading.taken(...volumes);
    return volumes.length > 0 ? { volumes: volumes.map((entry) => this.#reading.at(entry)) } : {};
  }
}

/** The steps of a container of a pod template, by its name. */
function containerOf(reading: Reading, field: Field, name: string): Path | undefined {
  return reading
    .entries([...stepsOf(field), "spec", "containers"])
    .find((entry) => reading.text([...entry, "name"]) === name);
}

/** Environment variables of a container, with the secret ones apart. */
export interface Variables {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly secrets: readonly SecretVariable[];
}

const SECRET_NAME =
  /passw(or)?d|passphrase|secret|credential|authorization|api_?key|private_?key|access_?key|(?:^|_)(?:pass|pwd|tokens?)(?:_|$)/i;
const ABOUT_SECRET = /_(?:file|path|dir|name|url|uri|endpoint|issuer|audience|type|mode|ttl)$/i;

/** The variables of a list of `{name, value}`, and of `valueFrom.secretKeyRef`. */
export function variablesOf(reading: Reading, field: Field): Variables {
  const env: { name: string; value: string }[] = [];
  const secrets: SecretVariable[] = [];
  for (const entry of reading.entries(field)) {
    const name = reading.text([...entry, "name"]);
    if (name === undefined) continue;
    const reference = [...entry, "valueFrom", "secretKeyRef"];
    const value = reading.at([...entry, "value"]);
    if (reading.has(reference)) {
      const secret = reading.text([...reference, "name"]);
      const key = reading.text([...reference, "key"]);
      if (!secret || !key) continue;
      reading.taken(entry);
      secrets.push({ targetEnvName: name, name: secret, key });
    } else if (reading.has([...entry, "valueFrom"])) {
      reading.left(entry, OWN_PODS);
    } else if (
      SECRET_NAME.test(name) &&
      !ABOUT_SECRET.test(name) &&
      value !== undefined &&
      value !== ""
    ) {
      const secret = `${reading.name}-env`;
      const key = name.toLowerCase().replaceAll(/[^a-z\d]+/g, "-");
      secrets.push({ targetEnvName: name, name: secret, key });
      reading.different(
        entry,
        `is a secret in plain text, and the program reads it from a Secret`,
        `create the Secret ${secret} in the namespace ${reading.namespace} with the key ${key}`,
      );
    } else {
      env.push({ name, value: reading.text([...entry, "value"]) ?? "" });
      reading.taken(entry);
    }
  }
  return { env, secrets };
}

/** The Secrets of an MCPServer: `{name, key, targetEnvName}`. */
export function secretsOf(reading: Reading, field: Field): SecretVariable[] {
  return reading.entries(field).flatMap((entry) => {
    const name = reading.text([...entry, "name"]);
    const key = reading.text([...entry, "key"]);
    if (name === undefined || key === undefined) return [];
    reading.taken(entry);
    return [{ targetEnvName: reading.text([...entry, "targetEnvName"]) ?? key, name, key }];
  });
}

/** `cost` of an McpServer: the memory that its pods had is what they need without any session. */
export function costOf(reading: Reading, field: Field): Section | undefined {
  const at = stepsOf(field);
  if (!reading.has(field)) return undefined;
  const path = reading.has([...at, "limits", "memory"])
    ? [...at, "limits", "memory"]
    : [...at, "requests", "memory"];
  const fix = "preview the program, and set resources where the plan does not fit";
  reading.different(
    field,
    "the plan sets the resources, from the sessions and the memory limit",
    fix,
  );
  const memory = reading.text(path);
  if (memory === undefined || !/^\d+(?:k|M|G|Ki|Mi|Gi)$/.test(memory)) return undefined;
  const processBytes = bytes(memory);
  // The ceiling of a pod is 4 GiB unless it is raised.
  const isLarge = processBytes > 2 * 1024 ** 3;
  return { processBytes: memory, ...(isLarge && { memory: formatBytes(2 * processBytes) }) };
}

/** `serviceAccount` of a component, for an account that exists. */
export function serviceAccountOf(reading: Reading, field: Field): Section | undefined {
  const name = reading.text(field);
  if (name === undefined) return undefined;
  reading.taken(field);
  return { create: false, name };
}

/** What a resource says of the proxies that ToolHive runs before each server. */
export function proxyFields(reading: Reading): void {
  const why = "gateways call the server's pods directly; there are no proxies of ToolHive";
  const fix = "delete it; set replicas where other clients need proxies";
  for (const key of [
    "proxyPort",
    "port",
    "proxyMode",
    "replicas",
    "sessionStorage",
    "sessionAffinity",
    "resourceOverrides",
    "trustProxyHeaders",
    "endpointPrefix",
    "proxyReadTimeout",
    "proxyWriteTimeout",
    "maxRequestBodySize",
  ]) {
    reading.different(`spec.${key}`, why, fix);
  }
  if (reading.at("spec.audit.enabled") === true) {
    reading.left("spec.audit", {
      topic: "audit",
      why: "the server's pods have no proxy that would write events",
      fix: "set audit at the gateway, whose events name the backend",
    });
  } else reading.taken("spec.audit");
  for (const key of ["telemetryConfigRef", "telemetry"]) {
    reading.left(`spec.${key}`, {
      topic: "telemetry",
      why: "the server's pods have no proxy that would send telemetry",
      fix: "Prometheus scrapes the gateway's metrics port, by backend",
    });
  }
  reading.left("spec.rateLimiting", {
    topic: "rate limits",
    why: "the server's pods have no proxy that would limit calls",
    fix: "set rateLimiting.backends at the gateway, with this server's name",
  });
}
