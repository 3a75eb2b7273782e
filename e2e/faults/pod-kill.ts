import type { Fault, Fleet } from "../fleet.ts";
import type { Part } from "../pods.ts";

/** A pod is gone from one moment to the next. */
export function podKill(part: Part, title: string, choose = firstOf(part)): Fault {
  return {
    title,
    isPlanned: false,
    async bring(fleet) {
      const pod = await choose(fleet);
      await fleet.kubectl.run(["delete", "pod", pod, "--grace-period=0", "--force"]);
      return part === "server" ? [pod] : [];
    },
  };
}

const firstOf =
  (part: Part) =>
  async ({ pods }: Fleet): Promise<string> => {
    const [first] = await pods.of(part);
    if (first === undefined) throw new Error(`there is no pod of ${part}`);
    return first.name;
  };

/** A word of the scripts in the pods of Redis. */
const ROLE = ". /mcp-fleet/scripts/lib.sh; info localhost replication role";

/** The server of Redis that takes writes. */
export async function redisMaster({ kubectl, pods }: Fleet): Promise<string> {
  for (const { name } of await pods.of("redis")) {
    const role = await kubectl.run(["exec", name, "--", "sh", "-c", ROLE]);
    if (role.trim() === "master") return name;
  }
  throw new Error("no server of Redis is a master");
}
