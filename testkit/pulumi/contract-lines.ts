import type { PackageSpec, Property, Type } from "@pulumi/pulumi/provider/experimental/schema.js";

/**
 * What programs rely on, a line each, as TypeScript writes it: `BackendArgs.url?: Input<string>` is an argument that
 * may be left out and may be an output, `VirtualMcpServer.url: Output<string>` an output of a component, and
 * `Transport: "sse"` one of the values of a choice.
 */
export function contractLines({ types, resources }: PackageSpec): string[] {
  const ofComponents = Object.entries(resources).flatMap(([token, component]) => {
    const { inputProperties = {}, requiredInputs, properties = {} } = component;
    const name = nameOf(token);
    const outputs = Object.entries(properties).map(
      ([output, shape]) => `${name}.${output}: Output<${typeText(shape)}>`,
    );
    return [...argumentLines(`${name}Args`, inputProperties, requiredInputs), ...outputs];
  });
  const ofTypes = Object.entries(types).flatMap(([token, shape]) => {
    const name = nameOf(token);
    if (shape.enum) return shape.enum.map(({ value }) => `${name}: ${JSON.stringify(value)}`);
    return argumentLines(name, shape.properties ?? {}, shape.required);
  });
  return [...ofComponents, ...ofTypes].sort();
}

/** What takes all that the published line took: itself, what may be left out now, and what may be an output now. */
export function widerLines(line: string): string[] {
  const [, name = "", mark = "", type = ""] = /^([^?:]+)(\??): (.*)$/.exec(line) ?? [];
  const types = /^Input<.*>$/.test(type) ? [type] : [type, `Input<${type}>`];
  const marks = mark === "" ? ["", "?"] : ["?"];
  return types.flatMap((each) => marks.map((optional) => `${name}${optional}: ${each}`));
}

function argumentLines(
  type: string,
  members: Readonly<Record<string, Property>>,
  required: readonly string[] = [],
): string[] {
  return Object.entries(members).map(([name, shape]) => {
    const mark = required.includes(name) ? "" : "?";
    return `${type}.${name}${mark}: ${inputText(shape)}`;
  });
}

/** A plain value has to be known at once; any other may be an output. */
function inputText(shape: Type): string {
  return shape.plain ? typeText(shape) : `Input<${typeText(shape)}>`;
}

function typeText(shape: Type): string {
  if ("$ref" in shape) return shape.$ref === "pulumi.json#/Any" ? "any" : nameOf(shape.$ref);
  if (shape.items) return `${inputText(shape.items)}[]`;
  if (shape.additionalProperties) return `Record<string, ${inputText(shape.additionalProperties)}>`;
  return shape.type;
}

const nameOf = (token: string) => token.split(":").at(-1) ?? token;
