import type { Fields } from "./fields.ts";
import { Unjudgeable } from "./unjudgeable.ts";

/** Pods that keep sessions, by the program that they run. */
export interface KnownProgram {
  /** As messages name it: "the gateway of mcp-fleet". */
  readonly name: string;
  readonly role: "gateway" | "proxy";
}

/** The image of gateways and proxies, and the prefix of its variables. */
const OWN_IMAGE = "mcp-fleet";
const OWN_VARIABLE = /^MCP_FLEET_/;

/** Images of ToolHive, wherever they are mirrored. */
const TOOLHIVE_IMAGES: readonly (readonly [image: RegExp, program: KnownProgram])[] = [
  [/(?:^|\/)(?:toolhive[/-])?vmcp$/, { name: "ToolHive's vmcp", role: "gateway" }],
  [/(?:^|\/)(?:toolhive[/-]|thv-)proxyrunner$/, { name: "ToolHive's proxyrunner", role: "proxy" }],
];

/** The program of a container, by its image and its arguments; undefined for all others, and where they are not known yet. */
export function knownProgram(container: Fields): KnownProgram | undefined {
  const image = nameOf(read(() => container.at("image").text()) ?? "");
  const [, toolHive] = TOOLHIVE_IMAGES.find(([known]) => known.test(image)) ?? [];
  if (toolHive !== undefined) return toolHive;
  const words = ["command", "args"].flatMap((list) => wordsOf(container.at(list)));
  const at = words.findIndex((word) => word === "gateway" || word === "proxy");
  const role = words[at] === "gateway" ? "gateway" : "proxy";
  // In front of the role there is nothing, or the program that has roles.
  const isFirst = at === 0 || /(?:^|\/)(?:mcp-fleet|main\.js)$/.test(words[at - 1] ?? "");
  if (!isFirst || !(isOwn(image) || isOwn(words[at - 1] ?? "") || hasOwnVariables(container))) {
    return undefined;
  }
  return { name: `the ${role} of mcp-fleet`, role };
}

const isOwn = (path: string): boolean => path.split("/").at(-1) === OWN_IMAGE;

const hasOwnVariables = (container: Fields): boolean =>
  container
    .at("env")
    .items()
    .some((variable) => OWN_VARIABLE.test(read(() => variable.at("name").text()) ?? ""));

const wordsOf = (list: Fields): string[] =>
  (read(() => list.items()) ?? []).map((word) => read(() => word.text()) ?? "");

/** Without tag and digest; the port of a registry is before a slash. */
const nameOf = (image: string): string => image.replace(/@.*$/, "").replace(/:[^/]*$/, "");

/** What is not known yet is not taken for one of these programs: most workloads are none. */
function read<T>(value: () => T): T | undefined {
  try {
    return value();
  } catch (error) {
    if (error instanceof Unjudgeable) return undefined;
    throw error;
  }
}
