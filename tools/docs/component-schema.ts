import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// What Pulumi itself runs on these sources when a program in another language asks for the package.
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer.js";
import { generateSchema, type PackageSpec } from "@pulumi/pulumi/provider/experimental/schema.js";
import { analyzedSource } from "../../infra/analyzed-source.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "infra");

/** The components of the package. */
export const COMPONENTS = ["VirtualMcpServer", "McpServer", "RedisSentinel"] as const;

/** Where the schema is kept: programs in other languages are made from it, and arguments are checked against it. */
export const SCHEMA_FILE = join(FOLDER, "schema.json");

/** The schema of the package, as its sources are now. */
export function componentSchema(): PackageSpec {
  // Within the repository, since what the sources import is found from where they lie.
  const copy = mkdtempSync(join(ROOT, "infra-"));
  try {
    const isSource = (path: string) => !/\/(?:dist|node_modules)$/.test(path);
    cpSync(FOLDER, copy, { recursive: true, filter: isSource });
    for (const file of globSync(join(copy, "**/*.ts"))) {
      writeFileSync(file, analyzedSource(readFileSync(file, "utf8")));
    }
    return shippedSchema(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

/** The schema of the package in a folder, as Pulumi reads it there. */
export function shippedSchema(folder: string): PackageSpec {
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
