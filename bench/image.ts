import { readFileSync, statSync, writeFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { ImageFolder, type ImageProcess } from "../testkit/processes/image-folder.ts";
import { CounterProcess } from "../testkit/servers/counter-server.ts";
import { markdown } from "../tools/docs/generated-table.ts";

/** Measures the size of the image and how long it takes to be ready, and writes both into docs/image.md. */
const PAGE = join(import.meta.dirname, "../docs/image.md");
const STARTS = 15;
const MEBIBYTE = 2 ** 20;
/** Linux counts in hundredths of a second here. */
const MILLISECONDS_PER_TICK = 10;
const CONFIGURATION = "/etc/mcp-fleet/configuration";
const MARKS = /(<!-- BEGIN measured -->\n).*(\n<!-- END measured -->)/s;

interface Start {
  /** From the start of its namespaces until /readyz answers 200. */
  readonly readyMs: number;
  /** What it used of processors until then: a busy machine changes this little. */
  readonly cpuMs: number;
}

async function measureStart(image: ImageFolder, folder: string): Promise<Start> {
  const config = ["--config", `${CONFIGURATION}/configuration.json`];
  const ports = ["--port", "0", "--admin-port", "0"];
  const startedAtMs = performance.now();
  const process = image.start(["gateway", ...config, ...ports], { [CONFIGURATION]: folder });
  try {
    for (;;) {
      const line = process.lines.find((one) => one.includes('"listening"'));
      if (line !== undefined && (await isReady(JSON.parse(line).adminUrl))) {
        return { readyMs: performance.now() - startedAtMs, cpuMs: cpuMs(process) };
      }
      await delay(2);
    }
  } finally {
    await process.stop();
  }
}

function cpuMs(process: ImageProcess): number {
  const [user, system] = process
    .fact("stat")
    .replace(/^.*\) /, "")
    .split(" ")
    .slice(11, 13);
  return (Number(user) + Number(system)) * MILLISECONDS_PER_TICK;
}

async function isReady(adminUrl: string): Promise<boolean> {
  const { ok } = await fetch(new URL("/readyz", adminUrl));
  return ok;
}

async function measureStarts(image: ImageFolder): Promise<Start[]> {
  const counter = await CounterProcess.start();
  const folder = await mkdtemp(join(tmpdir(), "mcp-fleet-configuration-"));
  await chmod(folder, 0o755);
  const configuration = { backends: [{ name: "counter", url: counter.url }] };
  writeFileSync(join(folder, "configuration.json"), JSON.stringify(configuration));
  try {
    const starts: Start[] = [];
    while (starts.length < STARTS) starts.push(await measureStart(image, folder));
    return starts;
  } finally {
    await rm(folder, { recursive: true });
    await counter.kill();
  }
}

const file = ImageFolder.make("mcp-fleet");
if (file === undefined) process.exit(1);
const image = ImageFolder.open(file);
const starts = await measureStarts(image).finally(() => image.remove());
const sorted = (of: (start: Start) => number) => starts.map(of).sort((one, other) => one - other);
const ready = sorted(({ readyMs }) => readyMs);
const cpu = sorted(({ cpuMs }) => cpuMs);
const mebibytes = (bytes: number) => `${(bytes / MEBIBYTE).toFixed(0)} MiB`;
const milliseconds = (ms = Number.NaN) => `${ms.toFixed(0)} ms`;
const middle = (values: readonly number[]) => milliseconds(values[Math.floor(STARTS / 2)]);
const table = markdown(
  ["What", "Figure"],
  [
    ["size", mebibytes(statSync(file).size)],
    [
      "size compressed by gzip, as registries keep it",
      mebibytes(gzipSync(readFileSync(file)).length),
    ],
    [`start until \`/readyz\` answers 200: the fastest of ${STARTS}`, milliseconds(ready[0])],
    ["the median", middle(ready)],
    ["the slowest", milliseconds(ready.at(-1))],
    ["processor time until then, the median", middle(cpu)],
  ],
);
const cores = `${availableParallelism()} cores (${cpus()[0]?.model.trim()})`;
const load = (loadavg()[0] ?? 0).toFixed(1);
const text = `\n${table}\n\nOn ${cores} with a load of ${load} from everything that runs there, one server behind the gateway.\n`;
const page = readFileSync(PAGE, "utf8");
if (!MARKS.test(page)) throw new Error("docs/image.md has no marks for what is measured");
writeFileSync(
  PAGE,
  page.replace(MARKS, (_, begin, end) => `${begin}${text}${end}`),
);
process.stdout.write(text);
