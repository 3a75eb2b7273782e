/** The colors of a drawing: what is behind, what is written, and one for each kind of process. */
interface Palette {
  readonly page: string;
  readonly lane: string;
  readonly card: string;
  readonly edge: string;
  readonly ink: string;
  readonly quiet: string;
  readonly clients: string;
  readonly gateways: string;
  readonly proxies: string;
  readonly pods: string;
  readonly store: string;
}

const LIGHT: Palette = {
  page: "#f8fafc",
  lane: "#eef2f7",
  card: "#ffffff",
  edge: "#cbd5e1",
  ink: "#0f172a",
  quiet: "#526075",
  clients: "#64748b",
  gateways: "#2563eb",
  proxies: "#0d7f76",
  pods: "#7c3aed",
  store: "#b45309",
};

const DARK: Palette = {
  page: "#0b1220",
  lane: "#121b2d",
  card: "#1a2538",
  edge: "#36445a",
  ink: "#e6edf6",
  quiet: "#9fb0c5",
  clients: "#94a3b8",
  gateways: "#6ea8fe",
  proxies: "#2dd4bf",
  pods: "#b39dff",
  store: "#fbbf24",
};

/** The style sheet of a drawing: light, or dark where its reader's screen is. */
export const STYLE = [
  "text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:12px}",
  ".heading{font-size:22px;font-weight:600}",
  ".title{font-size:14px;font-weight:600}",
  ".stat{font-size:16px;font-weight:600}",
  ".amount,.name{font-weight:600}",
  ".small{font-size:11px}",
  ".calls,.sessions{fill:none;stroke-width:1.5}",
  ".sessions{stroke-dasharray:4 4}",
  ".elsewhere{stroke-dasharray:5 4}",
  ".part{fill-opacity:.16}",
  ".part.drain{fill-opacity:.38}",
  ".part.headroom{fill-opacity:0;stroke-dasharray:5 4}",
  colorsOf(LIGHT),
  `@media (prefers-color-scheme:dark){${colorsOf(DARK)}}`,
].join("");

function colorsOf({ page, lane, card, edge, ink, quiet, ...kinds }: Palette): string {
  return [
    `.page{fill:${page}}`,
    `.lane{fill:${lane}}`,
    `.card,.elsewhere{fill:${card};stroke:${edge}}`,
    `text{fill:${ink}}`,
    `.quiet{fill:${quiet}}`,
    `.calls{stroke:${quiet}}`,
    `.arrow{fill:${quiet}}`,
    `.sessions{stroke:${kinds.store}}`,
    `.part{fill:${kinds.gateways};stroke:${kinds.gateways}}`,
    ...Object.entries(kinds).map(([kind, color]) => `.of-${kind}{fill:${color}}`),
  ].join("");
}
