import { describe, expect, it, onTestFinished } from "vitest";
import { connectV1, connectV2 } from "../testkit/clients/sdk-clients.ts";
import { startGateway, startProxy } from "../testkit/processes/gateway.ts";
import { hasPlaywright, startPlaywright } from "../testkit/servers/playwright-server.ts";

/** A call that hangs takes 60 s. Starting, and looking for a browser, takes a second or two. */
const NO_HANG_MS = 20_000;

describe.skipIf(!hasPlaywright)(
  "@playwright/mcp, which asks for roots before its first tool",
  () => {
    const clients = [
      ["SDK 1", connectV1],
      ["SDK 2", (url: string) => connectV2(url, "legacy")],
    ] as const;
    const roles = [
      ["gateway", startGateway, "pw_"],
      ["proxy", startProxy, ""],
    ] as const;

    const ways = roles.flatMap(([role, start, prefix]) =>
      clients.map(([sdk, connect]) => [role, sdk, start, prefix, connect] as const),
    );

    it.each(ways)(
      "hears the roots of a client in 1 call, through a %s, with %s, whether it finds a browser or not",
      async (name, _sdk, start, prefix, connect) => {
        const playwright = await startPlaywright();
        onTestFinished(() => playwright.close());
        const running = await start({
          name,
          backends: [{ name: "pw", url: playwright.url, stateful: true }],
        });
        onTestFinished(() => running.close());
        const session = await connect(running.url);
        const { tools } = await session.client.listTools();
        expect(tools.map((tool) => tool.name)).toContain(`${prefix}browser_tabs`);

        const beganAt = performance.now();
        await session.call(`${prefix}browser_tabs`, { action: "list" });

        expect(performance.now() - beganAt).toBeLessThan(NO_HANG_MS);
        expect(session.asked).toEqual(["roots/list"]);
        await session.end();
      },
    );
  },
);
