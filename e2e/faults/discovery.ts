import type { Fault, Fleet } from "../fleet.ts";
import { lookAgain, untilAll } from "../gateway-status.ts";
import { untilSeen } from "../until-seen.ts";

/** A Service with this label is a backend. */
const LABEL = { "mcp-fleet-e2e/backend": "yes" };
export const BACKEND_SELECTOR = Object.entries(LABEL)[0]?.join("=") ?? "";

/** The last backend that was found stays until there is another, so one more is there than leaves. */
const STAYS = "standing";
const LEAVES = "passing";

const PUBLISHED_WITHIN_MS = 90_000;
const POLL_MS = 500;

/** Services before the server's proxies join as backends by a label, and one of them leaves, while clients call another backend. */
export const discovery: Fault = {
  title: "two backends join by their Services, and one leaves",
  isPlanned: true,
  async bring(fleet) {
    const { kubectl } = fleet;
    const { spec } = await serviceOfProxies(fleet);
    const { ports, selector } = spec;
    for (const name of [STAYS, LEAVES]) {
      const metadata = { name, labels: LABEL };
      await kubectl.apply({
        apiVersion: "v1",
        kind: "Service",
        metadata,
        spec: { ports, selector },
      });
    }
    await untilFound(fleet, [STAYS, LEAVES], []);
    await kubectl.run(["delete", "service", LEAVES]);
    await untilFound(fleet, [STAYS], [LEAVES]);
    return [];
  },
};

async function serviceOfProxies({ kubectl }: Fleet) {
  const proxies = ["-l", "app.kubernetes.io/component=proxy"];
  const { items } = JSON.parse(await kubectl.run(["get", "services", ...proxies, "-o", "json"]));
  if (items.length !== 1) throw new Error(`${items.length} Services are those of the proxies`);
  return items[0];
}

/** Until every gateway has these as backends that are up, and those no more. */
async function untilFound(fleet: Fleet, there: readonly string[], gone: readonly string[]) {
  const what = `change of backends (${[...there, ...gone.map((name) => `without ${name}`)].join(", ")})`;
  await untilPublished(fleet, there, gone);
  await lookAgain(fleet);
  await untilAll(fleet, what, ({ backends }) => {
    const up = backends.filter(({ state }) => state === "up").map(({ name }) => name);
    const names = backends.map(({ name }) => name);
    return there.every((name) => up.includes(name)) && !gone.some((name) => names.includes(name));
  });
}

/** Until the ConfigMap of the process that looks has these, and those no more. */
function untilPublished(
  { kubectl }: Fleet,
  there: readonly string[],
  gone: readonly string[],
): Promise<void> {
  return untilSeen({
    look: async () => {
      const { items } = JSON.parse(await kubectl.run(["get", "configmaps", "-o", "json"]));
      return new Set<string>(items.flatMap(({ data = {} }) => Object.keys(data)));
    },
    holds: (keys) => {
      const has = (name: string) => keys.has(`${name}.yaml`);
      return there.every(has) && !gone.some(has);
    },
    withinMs: PUBLISHED_WITHIN_MS,
    pollMs: POLL_MS,
    failure: (keys) => `not published in time; the ConfigMaps have ${[...keys].join(", ")}`,
  });
}
