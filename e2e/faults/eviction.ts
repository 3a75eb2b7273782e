import type { Fault, Fleet } from "../fleet.ts";
import type { Part } from "../pods.ts";

/** Both pods of a part are asked to go, as a drain of nodes asks: the budget lets one go, and the other one later. */
export function eviction(part: Part, title: string): Fault {
  return {
    title,
    isPlanned: true,
    async bring(fleet) {
      const [first, second] = await fleet.pods.of(part);
      if (first === undefined || second === undefined) throw new Error(`fewer than 2 of ${part}`);
      expectAnswer(await evict(fleet, first.name), "granted");
      expectAnswer(await evict(fleet, second.name), "refused");
      await fleet.pods.settled();
      expectAnswer(await evict(fleet, second.name), "granted");
      return [];
    },
  };
}

type Answer = "granted" | "refused";

async function evict({ kubectl }: Fleet, name: string): Promise<Answer> {
  const path = `/api/v1/namespaces/${kubectl.namespace}/pods/${name}/eviction`;
  const metadata = { name, namespace: kubectl.namespace };
  const body = JSON.stringify({ apiVersion: "policy/v1", kind: "Eviction", metadata });
  const { code, stderr } = await kubectl.try(["create", "--raw", path, "-f", "-"], body);
  if (code === 0) return "granted";
  if (stderr.includes("disruption budget")) return "refused";
  throw new Error(`eviction of ${name}: ${stderr}`);
}

function expectAnswer(answer: Answer, expected: Answer): void {
  if (answer !== expected) throw new Error(`the eviction was ${answer}, and not ${expected}`);
}
