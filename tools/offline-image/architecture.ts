/** The processors that images are made for, as images name them; the value is what else names them. */
export const ARCHITECTURES = {
  amd64: { node: "x64", libraries: "x86_64-linux-gnu" },
  arm64: { node: "arm64", libraries: "aarch64-linux-gnu" },
} as const;

export type Architecture = keyof typeof ARCHITECTURES;

/**
 * The architecture of this name; without one, that of this machine.
 *
 * @throws {Error} where there is none of that name, or images cannot be made for this machine.
 */
export function architectureNamed(name: string | undefined): Architecture {
  const found = Object.entries(ARCHITECTURES).find(([key, { node }]) =>
    name ? key === name : node === process.arch,
  );
  if (found === undefined) {
    const known = Object.keys(ARCHITECTURES).join(" and ");
    throw new Error(`images are made for ${known}, not for ${name || process.arch}`);
  }
  return found[0] === "arm64" ? "arm64" : "amd64";
}
