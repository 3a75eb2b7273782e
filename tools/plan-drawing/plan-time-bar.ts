import { amountText, type Grace } from "@mcp-fleet/contract/capacity";
import { drawStats } from "./plan-card.ts";
import { type Box, line, type Markup, rectangle, text } from "./svg.ts";

const BAR_Y = 22;
const BAR_HEIGHT = 36;
const STATS_Y = 142;

/** How tall it is, whatever it shows. */
export const TIME_BAR_HEIGHT = 160;

/** A part of the end of a pod, and what happens at its end. */
interface Part {
  readonly name: string;
  readonly seconds: number;
  readonly event: string;
}

/** A name and a duration fit into it. */
const MIN_WIDTH = 132;

/** The end of a gateway from preStop to SIGKILL, and below it what its rollout takes. */
export function drawTimes(grace: Grace, { x, y, width }: Omit<Box, "height">): Markup {
  const whole = print(grace.terminationGrace.value);
  const parts = widened(partsOf(grace), width);
  return [
    text([x, y], "title", `How a gateway ends: ${whole} of termination grace`),
    text([x + width, y], "quiet", "not to scale", "end"),
    ...parts.map((part) => drawPart(part, x, y + BAR_Y)),
    drawMark([x, y + BAR_Y + BAR_HEIGHT], "0s", "the pod is ending", "start"),
    ...parts.map(({ endSeconds, event, end }, index) => {
      const anchor = index === parts.length - 1 ? "end" : "middle";
      return drawMark([x + end, y + BAR_Y + BAR_HEIGHT], print(endSeconds), event, anchor);
    }),
    drawStats(statsOf(grace), { x, y: y + STATS_Y, width }),
  ].join("");
}

function partsOf({ preStop, linger, drain, close, terminationGrace }: Grace): Part[] {
  const parts = [
    { name: "preStop", seconds: preStop.value, event: "SIGTERM" },
    { name: "linger", seconds: linger.value, event: "listener closes" },
    { name: "drain", seconds: drain.value, event: "last answer" },
    { name: "close", seconds: close.value, event: "exit" },
  ];
  const used = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  return [...parts, { name: "headroom", seconds: terminationGrace.value - used, event: "SIGKILL" }];
}

function statsOf(grace: Grace): [name: string, amount: string][] {
  const { startup, retryAfter, progressDeadline } = grace;
  const { rollout, createTimeout, updateTimeout, deleteTimeout } = grace;
  return [
    ["Retry-After", print(retryAfter.value)],
    ["start of a pod, at most", print(startup.value)],
    ["rollout, at most", print(rollout.value)],
    ["progress deadline", print(progressDeadline.value)],
    ["create timeout", print(createTimeout.value)],
    ["update timeout", print(updateTimeout.value)],
    ["delete timeout", print(deleteTimeout.value)],
  ];
}

/** A part with its place in the bar, and how long after the beginning it ends. */
interface WidePart extends Part {
  readonly start: number;
  readonly end: number;
  readonly endSeconds: number;
}

/** Each part as wide as its words, and of the rest its share of the time. */
function widened(parts: readonly Part[], width: number): WidePart[] {
  const whole = parts.reduce((sum, { seconds }) => sum + seconds, 0);
  const rest = width - parts.length * MIN_WIDTH;
  let start = 0;
  let endSeconds = 0;
  return parts.map((part) => {
    const end = start + MIN_WIDTH + Math.round((rest * part.seconds) / whole);
    endSeconds += part.seconds;
    const wide = { ...part, start, end, endSeconds };
    start = end;
    return wide;
  });
}

function drawPart({ name, seconds, start, end }: WidePart, x: number, y: number): Markup {
  const box = { x: x + start + 1, y, width: end - start - 2, height: BAR_HEIGHT };
  const middle = x + (start + end) / 2;
  const words = `${name} ${print(seconds)}`;
  return (
    rectangle(box, `part ${name}`, 4) +
    text([middle, y + BAR_HEIGHT / 2 + 4], "name", words, "middle")
  );
}

function drawMark(
  [x, y]: readonly [x: number, y: number],
  time: string,
  event: string,
  anchor: "start" | "middle" | "end",
): Markup {
  return [
    line("calls", [x, y + 3], [x, y + 10]),
    text([x, y + 24], "amount small", time, anchor),
    text([x, y + 40], "quiet small", event, anchor),
  ].join("");
}

function print(durationSeconds: number): string {
  return amountText(durationSeconds, "seconds");
}
