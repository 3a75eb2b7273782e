import { join } from "node:path";

import { Engine, hasEngine, type Preview, type Step } from "../testkit/pulumi/engine.ts";
import type { OtherBuild } from "./other-build.ts";
import type { Row } from "./part.ts";
import { ROOT } from "./test-run.ts";

/** How programs import the components. */
const IMPORTED = /"(?:\.\.\/)+infra\/index\.ts"/;

/** Programs of the other build, which say nothing that it does not know, with their configuration. */
const PROGRAMS = [
  ["fleet", { "test:sessions": 1000 }],
  ["everything", {}],
] as const;

/** Content of files, for which Pulumi replaces a ConfigMap or Secret unless told otherwise. Pods keep what they have mounted. */
const CONTENT = /^(?:data|stringData|binaryData)\b/;

/**
 * Whether `pulumi preview` of one build replaces what the other has made: a state of the other, looked at and updated by
 * this one, and then looked at by the other again, which takes away what it does not know.
 */
export async function previewed(build: OtherBuild, say: (text: string) => void): Promise<Row[]> {
  if (!hasEngine) throw new Error("there is no Pulumi engine: run make .tools/pulumi/parts.json");
  const rows: Row[] = [];
  for (const [name, config] of PROGRAMS) {
    const program = build.program(name);
    const of = (components: string) => program.replace(IMPORTED, JSON.stringify(components));
    const [theirs, ours] = [of(build.components), of(join(ROOT, "infra/index.ts"))];
    const engine = await Engine.checked(theirs, { config });
    try {
      await engine.up();
      engine.write("main.ts", ours);
      rows.push(judged(`this build's preview of ${name}`, await engine.plan()));
      await engine.up();
      engine.write("main.ts", theirs);
      rows.push(judged(`the other build's preview of ${name}`, await engine.plan()));
    } finally {
      engine.remove();
    }
    for (const { cells } of rows.slice(-2)) say(cells.join(", "));
  }
  return rows;
}

function judged(title: string, { steps, code, stderr }: Preview): Row {
  const count = (op: string) => steps.filter((step) => step.op === op).length;
  const replaced = steps.filter((step) => step.op === "replace" && !isContent(step));
  const named = replaced.map(({ urn }) => urn.split("::").slice(-2).join(" "));
  const wrong = [...(code === 0 ? [] : [stderr.trim()]), ...named];
  const counts = [
    `${steps.length} resources`,
    `${count("update")} updated`,
    `${count("replace") - replaced.length} with other files`,
    `${count("create")} new`,
    `${count("delete")} deleted`,
    `${replaced.length} replaced`,
  ];
  return {
    cells: [
      `${title}: ${counts.join(", ")}`,
      "–",
      "–",
      "–",
      wrong.slice(0, 3).join("; ") || "–",
      "–",
    ],
    holds: wrong.length === 0 && steps.length > 0,
  };
}

const isContent = ({ replaceReasons = [] }: Step): boolean =>
  replaceReasons.length > 0 && replaceReasons.every((path) => CONTENT.test(path));
