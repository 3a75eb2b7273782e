import type { Fault, Fleet } from "../fleet.ts";

/** Any process passes it on. The token is in its environment, where it has one. */
const DRAIN = `const token = process.env.MCP_FLEET_ADMIN_TOKEN;
fetch("http://localhost:9090/pods/" + process.argv[1] + "/drain", {
  method: "POST",
  headers: token === undefined ? {} : { authorization: "Bearer " + token },
}).then(async (answer) => {
  if (answer.status !== 202) throw new Error(answer.status + " " + (await answer.text()));
});`;

/** The server gets another pod, by `pulumi up`: sessions stay where they are. */
export function serverGrowth(replicas: number, title: string): Fault {
  return {
    title,
    isPlanned: true,
    async bring(fleet) {
      await apart(fleet, () => fleet.stack.up({ serverReplicas: replicas }));
      return [];
    },
  };
}

/** The last pod of the server is drained and taken away, by `pulumi up`: what is left of its sessions is told so. */
export function serverShrinking(replicas: number, title: string): Fault {
  return {
    title,
    isPlanned: true,
    refusesLosers: true,
    async bring(fleet) {
      const { kubectl, pods, stack } = fleet;
      const servers = (await pods.of("server")).map(({ name }) => name).sort();
      const [proxy] = await pods.of("proxy");
      const last = servers.at(-1);
      if (last === undefined || proxy === undefined) throw new Error("there is no pod to take");
      await kubectl.run(["exec", proxy.name, "--", "node", "-e", DRAIN, last]);
      await apart(fleet, () => stack.up({ serverReplicas: replicas }));
      return [last];
    },
  };
}

/** @throws the change restarts a pod that is there before and afterwards. */
async function apart({ pods }: Fleet, change: () => Promise<unknown>): Promise<void> {
  const before = await pods.all();
  await change();
  await pods.settled();
  const after = new Map((await pods.all()).map(({ name, uid }) => [name, uid]));
  const left = before.length - before.filter(({ uid, name }) => after.get(name) === uid).length;
  const fewer = Math.max(0, before.length - after.size);
  if (left !== fewer)
    throw new Error(`${left - fewer} pods were replaced that had no reason to be`);
}
