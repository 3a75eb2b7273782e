import { join } from "node:path";
import { bundle } from "../../image/bundle.ts";
import type { Architecture } from "../../tools/offline-image/architecture.ts";
import { writeArchive } from "../../tools/offline-image/archive.ts";
import { makeBase } from "../../tools/offline-image/gateway-layers.ts";
import { settle } from "../../tools/offline-image/root-folder.ts";

export const COUNTER_IMAGE = "mcp-fleet-test/counter:1";

/** Where the example stack expects a server: /mcp at this port. */
const PORT = 3001;

/** A stateful MCP server as an image for tests: each session counts by itself, in memory. It needs no folder to write to. */
export async function makeCounterImage(
  file: string,
  work: string,
  architecture: Architecture,
): Promise<void> {
  const base = makeBase(work, architecture);
  const counter = join(work, "counter");
  await bundle("testkit/servers/counter-server.ts", join(counter, "app"));
  settle(counter);
  const configuration = {
    User: "65532:65532",
    WorkingDir: "/app",
    Entrypoint: ["/usr/bin/node", "/app/main.js"],
    Cmd: [String(PORT), "0.0.0.0"],
    ExposedPorts: { [`${PORT}/tcp`]: {} },
  };
  const layers = [base, counter];
  await writeArchive({ name: COUNTER_IMAGE, architecture, configuration, layers }, file);
}
