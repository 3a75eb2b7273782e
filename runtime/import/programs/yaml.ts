import { isSection } from "@mcp-fleet/contract";
import { stringify } from "yaml";
import { type Component, type Program, Reference } from "../program.ts";
import { variablesOf } from "./typescript.ts";

/** The program in Pulumi YAML. */
export function yamlProgram({ components, name }: Program): string {
  const variables = variablesOf(components, (words) => words);
  const resources = Object.fromEntries(
    components.map((component) => [
      variables.get(component),
      {
        type: `mcp-fleet:${component.type}`,
        name: component.name,
        properties: plain(component.args, variables),
      },
    ]),
  );
  const outputs = Object.fromEntries(
    components
      .filter(({ type }) => type !== "RedisSentinel")
      .map((component) => [`${component.name}-url`, property(variables.get(component), "url")]),
  );
  const project = {
    name,
    description: "Imported from ToolHive by mcp-fleet. REPORT.md says what is different.",
    runtime: "yaml",
    resources,
    outputs,
  };
  return stringify(project, { aliasDuplicateObjects: false, lineWidth: 0 });
}

/** A value in which components are the properties of their resources, and `${` of a text is no reference. */
function plain(value: unknown, variables: ReadonlyMap<Component, string>): unknown {
  if (value instanceof Reference) {
    const { component } = value;
    if (component.type !== "RedisSentinel") return plain(value.plain, variables);
    const store = variables.get(component);
    const username = property(store, "username");
    return {
      sentinel: {
        masterName: property(store, "masterName"),
        addresses: property(store, "sentinelAddresses"),
        username,
      },
      username,
      password: property(store, "password"),
    };
  }
  if (Array.isArray(value)) return value.map((entry) => plain(entry, variables));
  if (isSection(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, plain(inner, variables)]),
    );
  }
  return typeof value === "string" ? value.replaceAll("${", "$${") : value;
}

const property = (variable: string | undefined, name: string) => `\${${variable}.${name}}`;
