import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PackageSchema, Shape } from "../../infra/package-schema.ts";

/**
 * Writes what `podTemplate` is judged and merged by, from Kubernetes' own OpenAPI: `kubectl get --raw /openapi/v2` of a
 * cluster, or `api/openapi-spec/swagger.json` of Kubernetes' sources.
 *
 *     node tools/kubernetes/pod-template-schema.ts swagger.json 1.34
 */

const POD_TEMPLATE = "io.k8s.api.core.v1.PodTemplateSpec";
const FILE = join(import.meta.dirname, "../../infra/pods/pod-template-schema.json");

/** All that a template's metadata is good for. */
const METADATA: Shape = {
  type: "object",
  properties: {
    labels: { type: "object", additionalProperties: { type: "string" } },
    annotations: { type: "object", additionalProperties: { type: "string" } },
  },
};

/** What the component has already need not be said again by who changes it. */
const REQUIRED: Readonly<Record<string, readonly string[]>> = {
  "io.k8s.api.core.v1.PodSpec": [],
  "io.k8s.api.core.v1.TopologySpreadConstraint": ["topologyKey"],
};

/** Texts or numbers, which the API server tells apart. */
const SCALARS = /\.(?:IntOrString|Quantity|Time)$/;

interface Definition {
  readonly type?: string;
  readonly $ref?: string;
  readonly items?: Definition;
  readonly additionalProperties?: Definition;
  readonly properties?: Readonly<Record<string, Definition>>;
  readonly required?: readonly string[];
  readonly "x-kubernetes-patch-merge-key"?: string;
}

/** The template and every type within it, without what describes them to people. */
export function podTemplateSchema(
  definitions: Readonly<Record<string, Definition>>,
): Pick<PackageSchema, "types"> {
  const types: Record<string, Shape> = {};
  const add = (name: string) => {
    const definition = definitions[name];
    if (definition === undefined) throw new Error(`${name} is not defined`);
    if (name in types) return;
    types[name] = {};
    types[name] = name.endsWith(".ObjectMeta") ? METADATA : shape(definition, REQUIRED[name]);
  };
  const shape = (
    { type, $ref, items, additionalProperties, properties, ...rest }: Definition,
    required = rest.required,
  ): Shape => {
    if ($ref !== undefined) {
      const name = $ref.slice("#/definitions/".length);
      if (SCALARS.test(name)) return {};
      add(name);
      return { $ref: `#/types/${name}` };
    }
    const mergeKey = rest["x-kubernetes-patch-merge-key"];
    return {
      ...(type !== undefined && { type }),
      ...(items && { items: shape(items) }),
      ...(additionalProperties && { additionalProperties: shape(additionalProperties) }),
      ...(properties && {
        properties: Object.fromEntries(
          Object.entries(properties).map(([name, inner]) => [name, shape(inner)]),
        ),
      }),
      ...(required && required.length > 0 && { required }),
      ...(mergeKey !== undefined && { mergeKey }),
    };
  };
  add(POD_TEMPLATE);
  return { types };
}

if (import.meta.main) {
  const [file = "", kubernetes = ""] = process.argv.slice(2);
  const { definitions } = JSON.parse(readFileSync(file, "utf8"));
  const schema = { kubernetes, ...podTemplateSchema(definitions) };
  writeFileSync(FILE, `${JSON.stringify(schema)}\n`);
}
