import type { KubeObject, Port } from "../kube-object.ts";
import { LeftOut } from "../left-out.ts";

/**
 * The port that speaks MCP: the annotated one, by name or number, else the one that is called mcp, else the only one.
 *
 * @throws {LeftOut} where that is none, or several.
 */
export function mcpPort(object: KubeObject, ports: readonly Port[]): Port {
  const wanted = object.annotation("port");
  const found =
    wanted === undefined
      ? (ports.find(({ name }) => name === "mcp") ?? (ports.length === 1 ? ports[0] : undefined))
      : ports.find(({ name, number }) => name === wanted || String(number) === wanted);
  if (found !== undefined) return found;
  if (wanted !== undefined)
    throw new LeftOut(`it has no port ${wanted}, which its annotation names`);
  if (ports.length === 0) throw new LeftOut("it has no port");
  throw new LeftOut(
    `it has ${ports.length} ports: call one of them mcp, or annotate it with mcp-fleet.dev/backend-port`,
  );
}
