import { readFileSync } from "node:fs";

/** What a Dockerfile's last stage says, which copies folders of the stage before it to the root and runs nothing. */
export interface LastStage {
  /** The configuration in the form in which an image has it. */
  readonly configuration: ImageConfiguration;
  /** The names of the folders, the lowest layer first. */
  readonly layers: readonly string[];
}

export interface ImageConfiguration {
  User?: string;
  WorkingDir?: string;
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  Labels?: Record<string, string>;
  ExposedPorts?: Record<string, object>;
}

/**
 * Reads a Dockerfile's last stage; `given` are build arguments, which go before their defaults.
 *
 * @throws {Error} where the stage has an instruction that an image without a build cannot follow.
 */
export function readLastStage(file: string, given: Readonly<Record<string, string>>): LastStage {
  const text = readFileSync(file, "utf8").replaceAll(/^#.*\n/gm, "");
  const lines = text.replaceAll(/\\\n\s*/g, "").split("\n");
  const start = lines.findLastIndex((line) => line.startsWith("FROM "));
  const values = new Map<string, string>();
  const configuration: ImageConfiguration = {};
  const layers: string[] = [];
  for (const line of lines.slice(start + 1).filter(Boolean)) {
    const [, instruction = "", raw = ""] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    const rest = raw.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => values.get(name) ?? "");
    if (instruction === "ARG") {
      for (const [name, value] of pairs(rest)) values.set(name, given[name] ?? value);
    } else if (instruction === "COPY") {
      layers.push(copiedLayer(rest));
    } else {
      configure(configuration, instruction, rest);
    }
  }
  return { configuration, layers };
}

function configure(configuration: ImageConfiguration, instruction: string, rest: string): void {
  switch (instruction) {
    case "USER":
      configuration.User = rest;
      break;
    case "WORKDIR":
      configuration.WorkingDir = rest;
      break;
    case "ENTRYPOINT":
      configuration.Entrypoint = JSON.parse(rest);
      break;
    case "CMD":
      configuration.Cmd = JSON.parse(rest);
      break;
    case "ENV":
      configuration.Env = pairs(rest).map((pair) => pair.join("="));
      break;
    case "LABEL":
      configuration.Labels = Object.fromEntries(pairs(rest));
      break;
    case "EXPOSE":
      configuration.ExposedPorts = Object.fromEntries(
        rest.split(" ").map((port) => [`${port}/tcp`, {}]),
      );
      break;
    default:
      throw new Error(`the last stage of the Dockerfile has ${instruction}, which needs a build`);
  }
}

/** Each `name=value` or `name="value"`. */
function pairs(text: string): [name: string, value: string][] {
  return [...text.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S*))/g)].map(
    ([, name = "", quoted, plain = ""]) => [name, quoted ?? plain],
  );
}

function copiedLayer(rest: string): string {
  const [, name] = /^--from=build \/layers\/(\w+)\/ \/$/.exec(rest) ?? [];
  if (name === undefined)
    throw new Error(`the last stage of the Dockerfile copies no layer: ${rest}`);
  return name;
}
