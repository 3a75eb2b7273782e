import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fault } from "@mcp-fleet/contract";
import { type Command, Option } from "commander";
import { GATES, type Gate, ImportError } from "../import/import-error.ts";
import { LANGUAGES, type Language } from "../import/program.ts";

interface Options {
  readonly kube?: true;
  readonly namespace?: string;
  readonly output: string;
  readonly language: Language;
  readonly acceptOpen?: readonly Gate[];
  readonly keepServers?: true;
  readonly format: "text" | "json";
}

/** `mcp-fleet import toolhive`: a gateway's YAML, a program and a report, from resources of ToolHive. */
export function addImport(program: Command): void {
  const command = program
    .command("import")
    .description("turn the resources of another system into a configuration and a program");
  command
    .command("toolhive")
    .description(
      "read ToolHive's resources and vmcp.yaml files; write gateway.yaml, a Pulumi program and REPORT.md",
    )
    .argument("[paths...]", "files and folders with YAML or JSON; - for the standard input")
    .option("--kube", "read the cluster of the current kube context instead")
    .option("--namespace <namespace>", "with --kube: only this namespace")
    .requiredOption("--output <folder>", "where the files are written: a new or empty folder")
    .addOption(
      new Option("--language <language>", "the language of the program")
        .choices(Object.keys(LANGUAGES))
        .default("typescript"),
    )
    .option(
      "--keep-servers",
      "ToolHive goes on to run the servers, and the gateways call its proxies",
    )
    .addOption(
      new Option(
        "--accept-open <what...>",
        "what may be open afterwards, where it cannot be taken over",
      ).choices(GATES),
    )
    .addOption(
      new Option("--format <format>", "what is printed").choices(["text", "json"]).default("text"),
    )
    .addHelpText(
      "after",
      "\nNothing is dropped silently: REPORT.md names every field that is not taken over. Nothing is written where a" +
        "\nlogin, policies, hidden tools or webhooks would be lost, unless --accept-open names them.",
    )
    .action(run);
}

async function run(paths: readonly string[], options: Options): Promise<void> {
  const [{ SourceReader }, { ResourceReader }, { importToolHive }, { summary }] = await Promise.all(
    [
      import("../import/source.ts"),
      import("../import/resource-reader.ts"),
      import("../import/import-toolhive.ts"),
      import("../import/report.ts"),
    ],
  );
  const refused = (path: string, rule: string, fix: string) =>
    new ImportError([fault([path], undefined, rule, fix)]);
  if (options.kube ? paths.length > 0 : paths.length === 0) {
    throw refused(
      "PATH",
      "one of PATH and --kube is required",
      "name files or folders, or the cluster",
    );
  }
  const { output } = options;
  if (existsSync(output) && readdirSync(output).length > 0) {
    throw refused(output, "must be a new or empty folder", "name another one with --output");
  }
  const source = options.kube ? undefined : new SourceReader(paths);
  const reader = new ResourceReader(source?.files ?? []);
  if (options.kube) {
    const { readCluster } = await import("../import/cluster.ts");
    try {
      await readCluster(reader, options.namespace);
    } catch (error) {
      const said = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
      throw refused(
        "--kube",
        `must be a cluster that can be read: ${said}`,
        "check the kube context and its rights",
      );
    }
  }
  const faults = [...(source?.faults ?? []), ...reader.faults];
  if (faults.length > 0) throw new ImportError(faults);
  const { files, report } = importToolHive(reader.resources, {
    language: options.language,
    acceptOpen: options.acceptOpen ?? [],
    keepServers: options.keepServers ?? false,
  });
  for (const [path, text] of files) {
    const file = join(output, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  const where = [...files.keys()].map((path) => `  ${join(output, path)}`).join("\n");
  process.stdout.write(
    options.format === "json"
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : `${summary(report)}\nWritten:\n${where}\n`,
  );
}
