import { edited } from "../examples/edit.ts";
import { gatewayStack } from "../examples/gateway.ts";
import { policy } from "../policy.ts";
import type { Settings } from "../setting.ts";
import type { Fields } from "../stack/fields.ts";
import type { Fleet } from "../stack/fleet.ts";
import { mountedConfigMaps } from "../stack/mounted-config-maps.ts";
import type { Resource } from "../stack/resource.ts";
import { ToolHiveServer } from "../stack/toolhive-server.ts";
import { Unjudgeable } from "../stack/unjudgeable.ts";
import type { Workload } from "../stack/workload.ts";
import { allContainers } from "./all-containers.ts";
import { SecretFinder } from "./secret-finder.ts";

const FIX = "stands in plain: keep it in a Secret";

const SETTINGS = {
  allowedNames: {
    type: "list",
    default: [],
    about:
      "Names of variables, arguments and settings that are no secrets in spite of their names, and keys of ConfigMaps",
  },
} as const satisfies Settings;

export const plainSecrets = policy<Workload | ToolHiveServer, typeof SETTINGS>({
  name: "plain-secrets",
  level: "mandatory",
  rule: "No secret stands in plain in an environment variable, an argument or a ConfigMap.",
  prevents:
    "Whoever may list pods or ConfigMaps, or reads the state of the stack, has the password of the store",
  source:
    "Kubernetes: only Secrets can be encrypted at rest and guarded by rules of their own; Pulumi marks only those as secret",
  remediation:
    "Write a Secret and take it by valueFrom.secretKeyRef or a volume; for ToolHive's resources by spec.secrets or passwordRef. Give allowedNames what has such a name and is no secret.",
  settings: SETTINGS,
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.containers[0].env[1]": { name: "REDIS_PASSWORD", value: "hunter2" },
    }),
    says: "spec.template.spec.containers[0].env, REDIS_PASSWORD: its value stands in plain",
  },
  subjects: ({ workloads, toolHiveServers }) => [...workloads, ...toolHiveServers],
  *judge(subject, fleet, { allowedNames }) {
    if (subject instanceof ToolHiveServer) yield* judgeToolHive(subject, allowedNames);
    else yield* judgeWorkload(subject, fleet, allowedNames);
  },
});

function* judgeWorkload(
  workload: Workload,
  fleet: Fleet,
  allowedNames: readonly string[],
): Iterable<string> {
  const { podSpec } = workload;
  const finder = new SecretFinder(allowedNames, mountPaths(podSpec));
  yield* judgeContainers(podSpec, finder);
  const names = new Set([...mountedConfigMaps(podSpec), ...takenConfigMaps(podSpec)]);
  for (const configMap of fleet.beside(workload, "ConfigMap")) {
    if (names.has(configMap.name)) yield* judgeConfigMap(configMap, finder);
  }
}

function* judgeToolHive(
  { spec }: ToolHiveServer,
  allowedNames: readonly string[],
): Iterable<string> {
  const podSpec = spec.at("podTemplateSpec.spec");
  const finder = new SecretFinder(allowedNames, [
    ...mountPaths(podSpec),
    ...pathsAt(spec, "volumes"),
  ]);
  yield* judgeVariables(spec.at("env"), finder);
  yield* judgeVariables(spec.at("resourceOverrides.proxyDeployment.env"), finder);
  yield* judgeWords(spec.at("args"), finder);
  yield* judgeContainers(podSpec, finder);
}

function* judgeContainers(podSpec: Fields, finder: SecretFinder): Iterable<string> {
  for (const container of allContainers(podSpec)) {
    yield* judgeVariables(container.at("env"), finder);
    yield* judgeWords(container.at("command"), finder);
    yield* judgeWords(container.at("args"), finder);
  }
}

function* judgeVariables(env: Fields, finder: SecretFinder): Iterable<string> {
  for (const variable of env.items()) {
    const name = variable.at("name").text() ?? "";
    if (finder.isAllowed(name)) continue;
    const place = `${env.path}, ${name}`;
    yield* judgeText(place, variable, "value", (value) => finder.inValue(name, value));
    if (finder.announces(name) && variable.at("valueFrom.configMapKeyRef").isThere) {
      yield `${place}: what comes from a ConfigMap ${FIX}`;
    }
  }
}

function* judgeWords(words: Fields, finder: SecretFinder): Iterable<string> {
  const texts = words.items().map((word) => word.text() ?? "");
  for (const found of new Set(finder.inWords(texts))) {
    yield `${words.path}: ${found} ${FIX}`;
  }
}

function* judgeConfigMap({ fields, title }: Resource, finder: SecretFinder): Iterable<string> {
  const data = fields.at("data");
  for (const key of data.names()) {
    if (finder.isAllowed(key)) continue;
    // A key with a dot is the name of a file; what is in it has names of its own.
    const find = (text: string) =>
      key.includes(".") ? finder.inText(text) : finder.inValue(key, text);
    yield* judgeText(`${title}, ${key}`, data, key, find);
  }
}

/** What is secret in a text. One that is not known may be a secret. */
function* judgeText(
  place: string,
  holder: Fields,
  name: string,
  find: (text: string) => Iterable<string>,
): Iterable<string> {
  try {
    const text = holder.member(name).text() ?? "";
    for (const found of new Set(find(text))) yield `${place}: ${found} ${FIX}`;
  } catch (error) {
    if (!(error instanceof Unjudgeable)) throw error;
    yield `${place}: what is not known before the update may be a secret: keep it in a Secret, or name it in allowedNames`;
  }
}

/** The names of the ConfigMaps that pods take variables from. */
function takenConfigMaps(podSpec: Fields): string[] {
  return allContainers(podSpec).flatMap((container) => {
    const sources = container.at("envFrom").items();
    const variables = container.at("env").items();
    return [
      ...sources.flatMap((source) => source.at("configMapRef.name").text() ?? []),
      ...variables.flatMap(
        (variable) => variable.at("valueFrom.configMapKeyRef.name").text() ?? [],
      ),
    ];
  });
}

const mountPaths = (podSpec: Fields): string[] =>
  allContainers(podSpec).flatMap((container) => pathsAt(container, "volumeMounts"));

function pathsAt(fields: Fields, list: string): string[] {
  return fields
    .at(list)
    .items()
    .flatMap((mount) => mount.at("mountPath").text() ?? []);
}
