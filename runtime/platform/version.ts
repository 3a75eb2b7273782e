import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

/** The package's version, the same from source and from dist. */
export const VERSION = readVersion();

function readVersion(): string {
  const file = findPackageJSON(import.meta.url) ?? "";
  const manifest: { readonly version?: unknown } = JSON.parse(readFileSync(file, "utf8"));
  return String(manifest.version ?? "unknown");
}
