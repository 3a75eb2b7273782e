import { FleetLoad } from "../../testkit/clients/fleet-load.ts";
import { FleetProcess } from "../../testkit/processes/fleet-process.ts";
import { hasRedis, RedisProcess } from "../../testkit/processes/redis.ts";
import { makeOld, redisAt } from "../../testkit/processes/redis-store.ts";
import { until } from "../../testkit/processes/until.ts";
import { EchoBackend } from "../../testkit/servers/echo-backend.ts";
import { countFrom } from "../environment.ts";
import { OtherBuild } from "../other-build.ts";
import type { Findings, Row } from "../part.ts";
import { previewed } from "../previewed-state.ts";

/** Gateways, which are replaced one after the other. */
const REPLICAS = 3;

const KEY_PREFIX = "fleet:";

/** Of each client while one gateway is replaced. */
const TURNS = 10;

/**
 * The stack of the other build as this one previews it, and the other way round; then the fleet once from the other build
 * to this one, and once back, with sessions that last over both.
 */
export async function run(say: (text: string) => void): Promise<Findings> {
  if (!hasRedis)
    throw new Error("a fleet needs a session store: put valkey-server or redis-server on PATH");
  const clients = countFrom("CLIENTS", 12);
  const build = new OtherBuild(OtherBuild.named);
  try {
    say(`the other build is ${build.commit}`);
    const rows = [...(await previewed(build, say)), ...(await replaced(build, clients, say))];
    return {
      setup: `from commit ${build.commit} and back, ${REPLICAS} gateways replaced one after the other, ${clients} lasting sessions`,
      columns: ["What runs", "Calls", "Cut", "Ran twice", "Wrong or refused", "Undead sessions"],
      rows,
    };
  } finally {
    build.remove();
  }
}

async function replaced(build: OtherBuild, clients: number, say: (text: string) => void) {
  /** How often each numbered call ran. */
  const runs = new Map<unknown, number>();
  const backend = await EchoBackend.start({ keepRequests: false });
  backend.on("tools/call", (exchange) => {
    const { number } = Object(exchange.received.params.arguments);
    runs.set(number, (runs.get(number) ?? 0) + 1);
    backend.echo(exchange);
  });
  const redis = await RedisProcess.server();
  await makeOld(redis, redisAt(redis, { keyPrefix: KEY_PREFIX }));
  const gateways: FleetProcess[] = [];
  const start = (main?: string) => {
    const configuration = {
      name: "fleet",
      backends: [{ name: "counting", url: backend.url }],
      sessionStorage: {
        provider: "redis",
        address: `127.0.0.1:${redis.port}`,
        keyPrefix: KEY_PREFIX,
      },
    };
    return FleetProcess.start(configuration, "gateway", main);
  };
  try {
    for (let index = 0; index < REPLICAS; index += 1) gateways.push(await start(build.main));
    const load = new FleetLoad(
      gateways.map(({ url }) => url),
      "counting_echo",
    );
    await load.open(clients);
    const rows: Row[] = [];
    const steps = [
      ["this build", undefined],
      ["the other build again", build.main],
    ] as const;
    for (const [title, main] of steps) {
      for (let index = 0; index < REPLICAS; index += 1) {
        const running = load.run(TURNS);
        const next = await start(main);
        const previous = gateways[index];
        load.urls[index] = next.url;
        gateways[index] = next;
        await previous?.terminate();
        await previous?.stop();
        await running;
        await load.callAll();
        rows.push(await judged(`${index + 1} of ${REPLICAS}: ${title}`, load, runs));
        say(rows.at(-1)?.cells.join(", ") ?? "");
      }
    }
    return rows;
  } finally {
    await Promise.all([...gateways, redis].map((one) => one.stop()));
    await backend.stop();
  }
}

/** All that has been since the beginning. */
async function judged(
  title: string,
  load: FleetLoad,
  runs: ReadonlyMap<unknown, number>,
): Promise<Row> {
  const { answered, broken, complaints } = load;
  const twice = [...runs.values()].filter((times) => times > 1).length;
  let undead = 0;
  const isOver = async () => {
    undead = await load.undead();
    return undead === 0;
  };
  // An end takes a moment to reach every gateway.
  await until("the end of sessions that were ended", isOver).catch(() => {});
  const wrong = [complaints.length, ...complaints.slice(0, 3)].join("; ");
  return {
    cells: [title, `${answered.size}`, `${broken.size}`, `${twice}`, wrong, `${undead}`],
    holds: broken.size + twice + complaints.length + undead === 0 && answered.size > 0,
  };
}
