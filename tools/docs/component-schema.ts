import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
// What Pulumi itself runs on these sources when a program in another language asks for the package.
import { Analyzer } from "@pulumi/pulumi/provider/experimental/analyzer.js";
import { generateSchema, type PackageSpec } from "@pulumi/pulumi/provider/experimental/schema.js";
import { COMPONENTS } from "../../infra/components.ts";
import { analyzedSource } from "./analyzed-source.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "infra");

/** Where the schema is kept: programs in other languages are made from it, and arguments are checked against it. */
export const SCHEMA_FILE = join(FOLDER, "schema.json");

/** What the package's schema says of the package itself, for Pulumi's registry. */
type PackageFacts = Pick<Manifest, "homepage" | "license" | "keywords"> & {
  readonly displayName: string;
  readonly publisher: string;
  readonly repository: string;
  readonly logoUrl: string;
};

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly homepage: string;
  readonly license: string;
  readonly keywords: readonly string[];
  readonly repository: { readonly url: string };
}

/** The schema of the package, as its sources are now. */
export function componentSchema(): PackageSpec & PackageFacts {
  // Within the repository, since what the sources import is found from where they lie.
  const copy = mkdtempSync(join(ROOT, "infra-"));
  try {
    const isSource = (path: string) => !/\/(?:dist|node_modules)$/.test(path);
    cpSync(FOLDER, copy, { recursive: true, filter: isSource });
    for (const file of globSync(join(copy, "**/*.ts"))) {
      writeFileSync(file, analyzedSource(readFileSync(file, "utf8")));
    }
    return analyzed(copy);
  } finally {
    rmSync(copy, { recursive: true });
  }
}

function analyzed(folder: string): PackageSpec & PackageFacts {
  const manifest: Manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { name, version, description, homepage, license, keywords } = manifest;
  const analyzer = new Analyzer(folder, name, Object(manifest), new Set(Object.keys(COMPONENTS)));
  const { components, typeDefinitions, dependencies } = analyzer.analyze();
  const repository = manifest.repository.url.replace(/^git\+|\.git$/g, "");
  const facts: PackageFacts = {
    ...{
      displayName: "MCP Fleet",
      publisher: "mcp-fleet",
      homepage,
      repository,
      license,
      keywords,
    },
    logoUrl: `${repository}/raw/v${version}/docs/logo.svg`,
  };
  const { resources, types, ...schema } = generateSchema(
    ...([name, version, description, components, typeDefinitions, dependencies] as const),
  );
  return { ...schema, ...facts, resources, types };
}

/** The schema as its file holds it. */
export function schemaText(schema = componentSchema()): string {
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

if (import.meta.main) writeFileSync(SCHEMA_FILE, schemaText());
