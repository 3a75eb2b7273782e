import type { Plan, PlannedServer } from "@mcp-fleet/contract/capacity";
import {
  type Card,
  cardBox,
  cardHeight,
  clientCard,
  drawCard,
  drawStore,
  gatewayCard,
  podCard,
  printCount,
  proxyCard,
  STORE_HEIGHT,
} from "./plan-card.ts";
import { STYLE } from "./plan-style.ts";
import { drawTimes, TIME_BAR_HEIGHT } from "./plan-time-bar.ts";
import { type Box, element, line, type Markup, rectangle, shortened, text } from "./svg.ts";

const WIDTH = 1200;
const MARGIN = 32;
const GAP = 14;

/** The columns, left to right: clients, gateways, and in the lane of each server its proxies and its pods. */
const CLIENTS = { x: MARGIN, width: 190 };
const GATEWAYS = { x: 278, width: 250 };
const LANE = { x: 596, width: 572 };
const PROXIES = { x: LANE.x + GAP, width: 250 };
const PODS = { x: LANE.x + LANE.width - GAP - 250, width: 250 };
const STORE = { x: GATEWAYS.x, width: PROXIES.x + PROXIES.width - GATEWAYS.x };

/** Where calls branch to the servers, and where the sessions of proxies go down to the store. */
const CALLS_X = 552;
const SESSIONS_X = 576;

const BODY_Y = 100;
const LANE_TITLE_HEIGHT = 32;
const SHORT_LANE_HEIGHT = 44;

/** A drawing of a thousand servers says less than one of a few. */
const MAX_LANES = 6;
/** Fits above a lane, whatever the letters. */
const LONGEST_NAME = 40;

/** What stands beside the gateways: one server, or a line about several. */
interface Lane {
  readonly y: number;
  readonly height: number;
  readonly words: string;
  readonly proxies?: Card;
  readonly pods?: Card;
}

type UnplacedLane = Omit<Lane, "y">;

/**
 * A plan as a picture: who calls whom, how many there are and what each of them has, the store, and the time that a
 * gateway takes to end. It is light or dark as its reader's screen is, and has no scripts and no fonts of its own.
 */
export function planSvg(plan: Plan): string {
  const { gateways, store } = plan;
  const [clientsCard, gatewaysCard] = [clientCard(plan), gatewayCard(plan)];
  const unplaced = lanesOf(plan);
  const height = Math.max(heightOf(unplaced), cardHeight(gatewaysCard));
  const bottom = BODY_Y + height;
  const lanes = placed(unplaced, BODY_Y + height / 2);
  const middles = lanes.map(middleOf);
  const middle = (Math.min(...middles) + Math.max(...middles)) / 2;
  const clientsBox = cardBox(clientsCard, CLIENTS, middle);
  const gatewaysBox = cardBox(gatewaysCard, GATEWAYS, middle);
  const storeBox = { ...STORE, y: bottom + 40, height: STORE_HEIGHT };
  const timesY = (store === undefined ? bottom : storeBox.y + storeBox.height) + 56;
  const drawing = [
    ...lanes.map((lane) => rectangle({ ...LANE, ...lane }, "lane", 12)),
    ...callLines(clientsBox, gatewaysBox, lanes),
    ...(store === undefined
      ? []
      : [...sessionLines(gatewaysBox, storeBox, lanes), drawStore(plan, store, storeBox)]),
    drawCard(clientsCard, clientsBox),
    drawCard(gatewaysCard, gatewaysBox),
    ...lanes.map(drawLane),
    drawTimes(gateways.grace, { x: MARGIN, y: timesY, width: WIDTH - 2 * MARGIN }),
  ];
  return page(titleOf(plan), timesY + TIME_BAR_HEIGHT + MARGIN, drawing);
}

function page(title: string, height: number, drawing: readonly Markup[]): string {
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    viewBox: `0 0 ${WIDTH} ${height}`,
    width: WIDTH,
    height,
    role: "img",
  };
  const lines = [
    element("title", {}, title),
    element("style", {}, STYLE),
    element("defs", {}, ARROW_HEAD),
    rectangle({ x: 0, y: 0, width: WIDTH, height }, "page", 16),
    text([MARGIN, 50], "heading", title),
    text([MARGIN, 74], "quiet", "Figures of a pod hold while the pods that may be lost are gone."),
    ...drawing,
  ];
  return `${element("svg", attributes, `\n${lines.join("\n")}\n`)}\n`;
}

function titleOf({ inputs: { sessions, backends } }: Plan): string {
  return `A fleet for ${counted(sessions, "session")} at ${counted(backends, "server")}`;
}

function counted(count: number, noun: string): string {
  return `${printCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** The first servers, and how many more there are. */
function lanesOf({ servers, inputs: { backends } }: Plan): UnplacedLane[] {
  const lanes = servers.slice(0, MAX_LANES).map(laneOf);
  const more = backends - lanes.length;
  if (more === 0) return lanes;
  const words = lanes.length > 0 ? `and ${printCount(more)} more` : counted(more, "server");
  return [...lanes, { height: SHORT_LANE_HEIGHT, words }];
}

function heightOf(lanes: readonly UnplacedLane[]): number {
  return lanes.reduce((sum, { height }) => sum + height + GAP, -GAP);
}

/** One below the other, the middle of them all at y. */
function placed(lanes: readonly UnplacedLane[], middle: number): Lane[] {
  let end = middle - heightOf(lanes) / 2;
  return lanes.map((lane) => {
    const y = end;
    end += lane.height + GAP;
    return { ...lane, y };
  });
}

function laneOf({ name, proxies, pods }: PlannedServer): UnplacedLane {
  const words = shortened(name, LONGEST_NAME);
  if (proxies === undefined && pods === undefined) {
    return { height: SHORT_LANE_HEIGHT, words: `${words}, which runs elsewhere` };
  }
  const cards = { ...(proxies && { proxies: proxyCard(proxies) }), pods: podCard(pods) };
  const tallest = Math.max(...Object.values(cards).map(cardHeight));
  return { height: LANE_TITLE_HEIGHT + tallest + GAP, words, ...cards };
}

/** Where the cards of a lane have their middle, and arrows point to. */
function middleOf({ y, height, pods }: Lane): number {
  return pods === undefined ? y + height / 2 : y + (LANE_TITLE_HEIGHT + height - GAP) / 2;
}

function drawLane(lane: Lane): Markup {
  const { y, height, words, proxies, pods } = lane;
  const middle = middleOf(lane);
  if (pods === undefined) return text([PROXIES.x, y + height / 2 + 4], "name", words);
  const direct = text(
    [PROXIES.x + PROXIES.width / 2, middle - 8],
    "quiet small",
    "called by the gateways",
    "middle",
  );
  return [
    text([PROXIES.x, y + 21], "name", words),
    proxies ? drawCard(proxies, cardBox(proxies, PROXIES, middle)) : direct,
    drawCard(pods, cardBox(pods, PODS, middle)),
  ].join("");
}

/** Clients call gateways, these call proxies or pods, and proxies pods. */
function callLines(clients: Box, gateways: Box, lanes: readonly Lane[]): Markup[] {
  const from = gateways.y + gateways.height / 2;
  const middles = [from, ...lanes.map(middleOf)];
  const arrows = lanes.flatMap((lane) => {
    const y = middleOf(lane);
    const end = lane.pods === undefined ? LANE.x : lane.proxies ? PROXIES.x : PODS.x;
    const branch = arrow([CALLS_X, y], [end, y]);
    return lane.proxies ? [branch, arrow([PROXIES.x + PROXIES.width, y], [PODS.x, y])] : [branch];
  });
  return [
    arrow([clients.x + clients.width, from], [gateways.x, from]),
    line("calls", [gateways.x + gateways.width, from], [CALLS_X, from]),
    line("calls", [CALLS_X, Math.min(...middles)], [CALLS_X, Math.max(...middles)]),
    ...arrows,
  ];
}

/** Gateways and proxies keep their sessions in the store. */
function sessionLines(gateways: Box, store: Box, lanes: readonly Lane[]): Markup[] {
  const x = gateways.x + gateways.width / 2;
  const proxied = lanes.flatMap((lane) => {
    if (lane.proxies === undefined) return [];
    const { y, height } = cardBox(lane.proxies, PROXIES, middleOf(lane));
    return [y + height - GAP];
  });
  return [
    line("sessions", [x, gateways.y + gateways.height], [x, store.y]),
    ...proxied.map((y) => line("sessions", [PROXIES.x, y], [SESSIONS_X, y])),
    ...proxied.slice(0, 1).map((y) => line("sessions", [SESSIONS_X, y], [SESSIONS_X, store.y])),
  ];
}

/** Drawn short of where it points, since its head is as long as that. */
function arrow([x, y]: readonly [number, number], [endX, endY]: readonly [number, number]): Markup {
  const d = `M${x} ${y}L${endX - 7} ${endY}`;
  return element("path", { class: "calls", d, "marker-end": "url(#arrow)" });
}

const ARROW_HEAD = element(
  "marker",
  {
    id: "arrow",
    viewBox: "0 0 8 8",
    refX: 1,
    refY: 4,
    markerWidth: 6,
    markerHeight: 6,
    orient: "auto",
  },
  element("path", { class: "arrow", d: "M0 0L8 4L0 8Z" }),
);
