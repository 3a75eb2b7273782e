import { bytes, formatBytes } from "@mcp-fleet/contract";

/** The name of the file in the ConfigMap: JSON, which is valid YAML. */
export const CONFIGURATION_FILE = "configuration.json";

/** What Kubernetes keeps in a ConfigMap, keys and values together. */
const MAX_BYTES = bytes("1Mi");

/** The file's text. */
export function fileText(configuration: unknown): string {
  return `${JSON.stringify(configuration, undefined, 2)}\n`;
}

/** How much longer these files are than a ConfigMap may be, as a rule that they break; undefined where they fit. */
export function tooLong(files: Readonly<Record<string, string>>): string | undefined {
  const size = Object.entries(files)
    .flat()
    .reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (size <= MAX_BYTES) return undefined;
  return `makes the configuration ${formatBytes(size)}, but a ConfigMap has at most ${formatBytes(MAX_BYTES)}`;
}
