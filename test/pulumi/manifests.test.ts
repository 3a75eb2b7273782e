import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApiServer, hasApiServer } from "../../testkit/cluster/api-server.ts";
import { Manifest } from "../../testkit/cluster/manifest.ts";
import { Engine, hasEngine } from "../../testkit/pulumi/engine.ts";
import { EVERYTHING_PROGRAM, FLEET_PROGRAM } from "../../testkit/pulumi/programs.ts";

const LIMIT_MS = 180_000;

describe.skipIf(!hasEngine || !hasApiServer)(
  "what the components render, before a real API server",
  () => {
    let server: ApiServer;

    beforeAll(async () => {
      server = await ApiServer.start();
    }, ApiServer.START_LIMIT_MS);
    afterAll(() => server?.stop());

    test.each([
      ["the fleet of the README", FLEET_PROGRAM, { "test:sessions": 1000 }, 40],
      ["one of each with everything switched on", EVERYTHING_PROGRAM, {}, 70],
    ])(
      "%s: every manifest is valid to the last field, and every pod restricted",
      async (_, program, config, min) => {
        const engine = await Engine.checked(program, { config });
        await engine.up();
        const manifests = Manifest.read(join(engine.folder, "manifests"));
        expect(manifests.length).toBeGreaterThan(min);
        expect(await server.dryRun(manifests, { podSecurity: "restricted" })).toEqual([]);
        engine.remove();
      },
      LIMIT_MS,
    );
  },
);
