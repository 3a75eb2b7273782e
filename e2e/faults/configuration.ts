import type { Fault, Fleet } from "../fleet.ts";
import { lookAgain, statuses, untilAll } from "../gateway-status.ts";

/** Of the tool that clients do not call. */
const AGGREGATION = {
  tools: [{ workload: "everything", overrides: { count: { description: "Counts in a session" } } }],
};

/** The gateways take another configuration over while they run, one after the other. */
export const configurationChange: Fault = {
  title: "the gateways take a changed configuration over, one by one",
  isPlanned: true,
  async bring(fleet) {
    const before = await generations(fleet);
    const pods = await namesOf(fleet);
    await fleet.stack.up({ aggregation: JSON.stringify(AGGREGATION) });
    await lookAgain(fleet);
    await untilAll(
      fleet,
      "changed configuration",
      ({ configuration }) =>
        configuration.state === "current" && configuration.generation > Math.min(...before),
    );
    if ((await namesOf(fleet)).join() !== pods.join()) throw new Error("gateways were replaced");
    return [];
  },
};

/** What is written into the ConfigMap by hand is none, and is put right again. */
export const badConfiguration: Fault = {
  title: "the gateways refuse a configuration with faults, and keep theirs",
  isPlanned: true,
  async bring(fleet) {
    const name = await configMapOf(fleet);
    const { data } = JSON.parse(await fleet.kubectl.run(["get", "configmap", name, "-o", "json"]));
    const bad = Object.fromEntries(Object.keys(data).map((key) => [key, BAD]));
    await replace(fleet, name, bad);
    await untilAll(fleet, "refusal", ({ configuration }) => configuration.state === "refused");
    await replace(fleet, name, data);
    await untilAll(fleet, "way back", ({ configuration }) => configuration.state === "current");
    return [];
  },
};

/** Valid YAML, and a backend without an address. */
const BAD = JSON.stringify({ backends: [{ name: "everything" }], aggregation: { tools: 3 } });

async function generations(fleet: Fleet): Promise<number[]> {
  return (await statuses(fleet)).map(({ configuration }) => configuration.generation);
}

async function namesOf({ pods }: Fleet): Promise<string[]> {
  return (await pods.of("gateway")).map(({ name }) => name).toSorted();
}

/** The ConfigMap that the gateways mount. */
async function configMapOf({ kubectl, pods }: Fleet): Promise<string> {
  const [gateway] = await pods.of("gateway");
  const path = '{.spec.volumes[?(@.name=="configuration")].configMap.name}';
  return await kubectl.run(["get", "pod", gateway?.name ?? "", "-o", `jsonpath=${path}`]);
}

async function replace(fleet: Fleet, name: string, data: object): Promise<void> {
  const patch = JSON.stringify({ data });
  await fleet.kubectl.run(["patch", "configmap", name, "--type", "merge", "-p", patch]);
  await lookAgain(fleet);
}
