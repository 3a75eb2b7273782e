/** The oldest Node on which the packages run, as `engines` of every package says. */
export const OLDEST_NODE = "22.19";

/**
 * Why a Node is too old for this, in one line, or undefined where it is not. It stands alone, so that it can be asked before
 * anything is loaded that an older Node cannot read.
 */
export function oldNode(version: string, name = "mcp-fleet"): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE.split(".").map(Number);
  const isOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  return isOld ? `${name} needs Node ${OLDEST_NODE} or newer, and this is ${version}` : undefined;
}
