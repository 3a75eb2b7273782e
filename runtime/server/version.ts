import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";

import { isObject } from "../wire/message.ts";

/** The package's version, the same from source and from dist. */
export const VERSION = readVersion();

function readVersion(): string {
  const file = findPackageJSON(import.meta.url) ?? "";
  const manifest: unknown = JSON.parse(readFileSync(file, "utf8"));
  return isObject(manifest) ? String(manifest.version) : "unknown";
}
