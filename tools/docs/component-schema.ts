import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// What Pulumi itself runs on these sources when a program in another language asks for the package.
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer.js";
import { generateSchema, type PackageSpec } from "@pulumi/pulumi/provider/experimental/schema.js";

const FOLDER = join(import.meta.dirname, "../../infra");

/** The components of the package. */
export const COMPONENTS = ["VirtualMcpServer", "McpServer", "RedisSentinel"] as const;

/** Where the schema is kept: programs in other languages are made from it, and arguments are checked against it. */
export const SCHEMA_FILE = join(FOLDER, "schema.json");

/** The schema of the package, as its sources are now; or of a folder that holds the package as it is shipped. */
export function componentSchema(folder = FOLDER): PackageSpec {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { name, version, description } = manifest;
  const analyzer = new Analyzer(folder, name, manifest, new Set(COMPONENTS));
  const { components, typeDefinitions, dependencies } = analyzer.analyze();
  return generateSchema(name, version, description, components, typeDefinitions, dependencies);
}

/** The schema as its file holds it. */
export function schemaText(): string {
  return `${JSON.stringify(componentSchema(), undefined, 2)}\n`;
}

if (import.meta.main) writeFileSync(SCHEMA_FILE, schemaText());
