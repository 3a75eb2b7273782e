import {
  amountText,
  type Plan,
  type ProcessPlan,
  type ServerPlan,
  type StoreSize,
} from "@mcp-fleet/contract/capacity";
import { type Box, type Markup, rectangle, text } from "./svg.ts";

const PADDING = 14;
const TITLE_HEIGHT = 40;
const ROW_HEIGHT = 19;

/** Processes of one kind: what they are, how many, and what each of them has. */
export interface Card {
  readonly kind: "clients" | "gateways" | "proxies" | "pods" | "elsewhere";
  readonly title: string;
  readonly amount: string;
  readonly rows: readonly (readonly [name: string, amount: string])[];
}

export function clientCard({ inputs }: Plan): Card {
  return {
    kind: "clients",
    title: "Clients",
    amount: "",
    rows: [
      ["sessions", printCount(inputs.sessions)],
      ["open streams", printCount(Math.ceil(inputs.sessions * inputs.streamsPerSession))],
      ["calls a second", printCount(Math.ceil(inputs.callsPerSecond))],
      ["calls in flight", printCount(Math.ceil(inputs.concurrentCalls))],
    ],
  };
}

export function gatewayCard({ gateways, inputs: { store } }: Plan): Card {
  const { sessionsPerPod, openStreams, cacheEntries, requiredNofile } = gateways;
  const { memory, heap, cpu, cpuLimit, disruption } = gateways;
  return {
    kind: "gateways",
    title: "Gateways",
    amount: replicasOf(gateways),
    rows: [
      ["sessions per pod", printCount(sessionsPerPod.value)],
      ["streams per pod", printCount(openStreams.value)],
      ["sessions kept ready", printCount(cacheEntries.value)],
      ["open files", printCount(requiredNofile.value)],
      ["memory", amountText(memory.value, "bytes")],
      ["heap", amountText(heap.value, "bytes")],
      ["CPU", `${cpu.value}m`],
      ["CPU limit", `${cpuLimit.value}m`],
      ["evicted at a time", amountText(disruption.value, "pods")],
      ...(store === "memory" ? [["session store", "its memory"] as const] : []),
    ],
  };
}

function replicasOf({ replicas, autoscaling }: ProcessPlan): string {
  const max = autoscaling?.maxReplicas ?? replicas;
  const range = `${printCount(replicas.value)}–${amountText(max.value, "pods")}`;
  return max.value > replicas.value ? range : amountText(replicas.value, "pods");
}

export function proxyCard(proxies: ProcessPlan): Card {
  const { sessionsPerPod, requiredNofile, memory, cpu } = proxies;
  return {
    kind: "proxies",
    title: "Proxies",
    amount: replicasOf(proxies),
    rows: [
      ["sessions per pod", printCount(sessionsPerPod.value)],
      ["open files", printCount(requiredNofile.value)],
      ["memory", amountText(memory.value, "bytes")],
      ["CPU", `${cpu.value}m`],
    ],
  };
}

/** The server's own pods; where there are none, that it runs elsewhere. */
export function podCard(pods: ServerPlan | undefined): Card {
  if (pods === undefined) {
    return { kind: "elsewhere", title: "Runs elsewhere", amount: "", rows: [] };
  }
  const { replicas, sessionsPerPod, memory, cpu, grace } = pods;
  return {
    kind: "pods",
    title: "Server",
    amount: amountText(replicas.value, "pods"),
    rows: [
      ["sessions per pod", printCount(sessionsPerPod.value)],
      ["termination grace", amountText(grace.terminationGrace.value, "seconds")],
      ["memory", amountText(memory.value, "bytes")],
      ["CPU", `${cpu.value}m`],
    ],
  };
}

export function cardHeight({ rows }: Card): number {
  return TITLE_HEIGHT + rows.length * ROW_HEIGHT + (rows.length > 0 ? 8 : 0);
}

/** A card whose middle is at y. */
export function cardBox(card: Card, column: Pick<Box, "x" | "width">, middle: number): Box {
  const height = cardHeight(card);
  return { ...column, y: Math.round(middle - height / 2), height };
}

export function drawCard({ kind, title, amount, rows }: Card, box: Box): Markup {
  const left = box.x + PADDING;
  const right = box.x + box.width - PADDING;
  return [
    ...frame(kind, box),
    text([left, box.y + 26], "title", title),
    text([right, box.y + 26], "title", amount, "end"),
    ...rows.flatMap(([name, value], index) => {
      const y = box.y + TITLE_HEIGHT + index * ROW_HEIGHT + 12;
      return [text([left, y], "quiet", name), text([right, y], "amount", value, "end")];
    }),
  ].join("");
}

export const STORE_HEIGHT = 96;

/** The store, its figures side by side. */
export function drawStore({ inputs }: Plan, store: StoreSize, box: Box): Markup {
  const { memory, container, clients, volume } = store;
  const title = inputs.store === "sentinel" ? "Store with Sentinels" : "Store";
  const stats: [name: string, amount: string][] = [
    ["maxmemory", amountText(memory.value, "bytes")],
    ["container memory", amountText(container.value, "bytes")],
    ["maxclients", printCount(clients.value)],
    ["volume of a pod", amountText(volume.value, "bytes")],
  ];
  const right = box.x + box.width - PADDING;
  const about = `volumes for ${printCount(inputs.storageSessions)} sessions`;
  return [
    ...frame("store", box),
    text([box.x + PADDING, box.y + 26], "title", title),
    text([right, box.y + 26], "quiet", about, "end"),
    drawStats(stats, { x: box.x + PADDING, y: box.y + 58, width: box.width - 2 * PADDING }),
  ].join("");
}

/** Amounts above their names, side by side. */
export function drawStats(
  stats: readonly (readonly [name: string, amount: string])[],
  { x, y, width }: Omit<Box, "height">,
): Markup {
  const step = Math.floor(width / stats.length);
  return stats
    .map(([name, amount], index) => {
      const left = x + index * step;
      return text([left, y], "stat", amount) + text([left, y + 18], "quiet small", name);
    })
    .join("");
}

/** A card's edge, with the color of its kind along the left. */
function frame(kind: Card["kind"] | "store", box: Box): Markup[] {
  if (kind === "elsewhere") return [rectangle(box, "elsewhere")];
  return [rectangle(box, "card"), rectangle({ ...box, width: 4 }, `of-${kind}`, 2)];
}

/** A number with a comma at its thousands, and at most three decimals. */
export function printCount(value: number): string {
  return value.toLocaleString("en-US");
}
