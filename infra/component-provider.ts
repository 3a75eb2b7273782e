import type { ComponentResourceOptions, Inputs, provider } from "@pulumi/pulumi";
import { COMPONENTS } from "./components.ts";
import { SCHEMA, SCHEMA_TEXT } from "./package-schema.ts";
import { VERSION } from "./version.ts";

/** The components for programs in other languages, described by the schema that the package carries. */
export class ComponentProvider implements provider.Provider {
  readonly version = VERSION;
  readonly schema = SCHEMA_TEXT;

  /** @throws the type is none of this package, or the component refuses its arguments */
  async construct(
    name: string,
    type: string,
    inputs: Inputs,
    options: ComponentResourceOptions,
  ): Promise<provider.ConstructResult> {
    const Component = componentOf(type);
    const component = new Component(name, Object(inputs), options);
    const { properties = {} } = SCHEMA.resources[`mcp-fleet:index:${Component.name}`] ?? {};
    const state = Object.fromEntries(
      Object.keys(properties).map((output) => [output, Reflect.get(component, output)]),
    );
    return { urn: component.urn, state };
  }
}

function componentOf(type: string) {
  const [name = "", module, component] = type.split(":");
  const found = Object.entries(COMPONENTS).find(([key]) => key === component);
  if (name !== "mcp-fleet" || !["", "index"].includes(module ?? "") || found === undefined) {
    const types = Object.keys(COMPONENTS).map((key) => `mcp-fleet:${key}`);
    throw new Error(`there is no component ${type}: this package has ${types.join(", ")}`);
  }
  return found[1];
}
