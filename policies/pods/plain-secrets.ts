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

const FIX = "is in plain text; move it to a Secret";

const SETTINGS = {
  allowedNames: {
    type: "list",
    default: [],
    description:
      "Variables, arguments, settings and keys of ConfigMaps that are not secret in spite of their names",
  },
} as const satisfies Settings;

export const plainSecrets = policy<Workload | ToolHiveServer, typeof SETTINGS>({
  name: "plain-secrets",
  level: "mandatory",
  rule: "Environment variables, arguments and ConfigMaps contain no secrets in plain text.",
  prevents:
    "Everyone who may list pods or ConfigMaps, or reads the stack's state, gets the password of the store",
  source:
    "Kubernetes: only Secrets can be encrypted at rest and have access rules of their own; Pulumi marks only those as secret",
  remediation:
    "Create a Secret and use it through valueFrom.secretKeyRef or a volume; in ToolHive's resources, through spec.secrets or passwordRef. Add names that only look secret to allowedNames.",
  settings: SETTINGS,
  examples: {
    passes: gatewayStack(),
    fails: edited(gatewayStack(), "Deployment eng-gateway", {
      "spec.template.spec.containers[0].env[1]": { name: "REDIS_PASSWORD", value: "hunter2" },
    }),
    says: "spec.template.spec.containers[0].env, REDIS_PASSWORD: its value is in plain text",
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
      yield `${place}: its value from a ConfigMap ${FIX}`;
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
    // A key with a dot is a file name; its content is searched instead.
    const find = (text: string) =>
      key.includes(".") ? finder.inText(text) : finder.inValue(key, text);
    yield* judgeText(`${title}, ${key}`, data, key, find, CERTIFICATE.test(key));
  }
}

/** The name of a file with certificates, which are public. Another resource may make them, and they are judged then. */
const CERTIFICATE = /\.crt$/;

/** Reports the secrets in a text. A text that is not known yet may be a secret, unless it may come later. */
function* judgeText(
  place: string,
  holder: Fields,
  name: string,
  find: (text: string) => Iterable<string>,
  mayComeLater = false,
): Iterable<string> {
  try {
    const text = holder.member(name).text() ?? "";
    for (const found of new Set(find(text))) yield `${place}: ${found} ${FIX}`;
  } catch (error) {
    if (!(error instanceof Unjudgeable)) throw error;
    if (mayComeLater) return;
    yield `${place}: its value is not known before the update and may be a secret; move it to a Secret, or add its name to allowedNames`;
  }
}

/** The names of the ConfigMaps that pods read variables from. */
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
