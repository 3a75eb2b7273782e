// Which room may import which: read by `make lint` and by test/import-rules.test.ts, drawn into docs/architecture.md by
// `make docs`. A room may import itself, what is named here, and packages.

/** What every room of the runtime stands on: time, chance, the network and files; waiting; what the contract says. */
const GROUND = ["runtime/platform", "runtime/async", "contract"];

/** The rooms of the runtime, from top to bottom: the way of a call goes down, and nothing below knows what is above. */
const RUNTIME = {
  "runtime/cli": [
    "runtime/server",
    "runtime/authz",
    "runtime/discover",
    "runtime/import",
    "runtime/wire",
  ],
  "runtime/discover": ["runtime/server", "runtime/admin", "runtime/edge", "runtime/telemetry"],
  "runtime/server": [
    "runtime/tracing",
    "runtime/admin",
    "runtime/edge",
    "runtime/auth",
    "runtime/authz",
    "runtime/roles",
    "runtime/calls",
    "runtime/credentials",
    "runtime/limits",
    "runtime/audit",
    "runtime/upstream",
    "runtime/store",
    "runtime/fleet",
    "runtime/sessions",
    "runtime/telemetry",
    "runtime/wire",
  ],
  "runtime/admin": [
    "runtime/edge",
    "runtime/roles",
    "runtime/upstream",
    "runtime/telemetry",
    "runtime/wire",
  ],
  "runtime/edge": [
    "runtime/auth",
    "runtime/calls",
    "runtime/sessions",
    "runtime/telemetry",
    "runtime/wire",
  ],
  "runtime/roles": [
    "runtime/authz",
    "runtime/calls",
    "runtime/catalog",
    "runtime/upstream",
    "runtime/fleet",
    "runtime/sessions",
    "runtime/telemetry",
    "runtime/wire",
  ],
  "runtime/calls": [
    "runtime/upstream",
    "runtime/fleet",
    "runtime/sessions",
    "runtime/telemetry",
    "runtime/wire",
  ],
  "runtime/tracing": ["runtime/calls", "runtime/upstream", "runtime/telemetry", "runtime/wire"],
  "runtime/credentials": [
    "runtime/upstream",
    "runtime/sessions",
    "runtime/telemetry",
    "runtime/wire",
  ],
  "runtime/limits": [
    "runtime/calls",
    "runtime/fleet",
    "runtime/sessions",
    "runtime/telemetry",
    "runtime/wire",
  ],
  "runtime/audit": [
    "runtime/authz",
    "runtime/calls",
    "runtime/sessions",
    "runtime/telemetry",
    "runtime/wire",
  ],
  "runtime/upstream": ["runtime/fleet", "runtime/sessions", "runtime/telemetry", "runtime/wire"],
  "runtime/catalog": ["runtime/sessions", "runtime/wire"],
  "runtime/auth": ["runtime/sessions", "runtime/wire"],
  "runtime/authz": ["runtime/sessions", "runtime/telemetry", "runtime/wire"],
  "runtime/store": ["runtime/fleet", "runtime/sessions", "runtime/telemetry", "runtime/wire"],
  "runtime/fleet": ["runtime/sessions"],
  "runtime/sessions": ["runtime/telemetry", "runtime/wire"],
  "runtime/telemetry": [],
  "runtime/wire": [],
  "runtime/import": [],
};

for (const allowed of Object.values(RUNTIME)) allowed.push(...GROUND);
Object.assign(RUNTIME, { "runtime/platform": ["contract"], "runtime/async": [] });

const ROOMS = {
  "contract/settings": [
    "contract/units.ts",
    "contract/faults.ts",
    "contract/document.ts",
    "contract/accepted-risks.ts",
    "contract/annotations.ts",
  ],
  "contract/capacity": [
    "contract/settings",
    "contract/units.ts",
    "contract/faults.ts",
    "contract/document.ts",
    "contract/annotations.ts",
  ],
  ...RUNTIME,
  infra: ["contract"],
  policies: ["contract"],
  testkit: ["runtime", "contract", "infra", "policies", "image", "tools"],
  image: ["tools"],
  demo: ["testkit", "runtime", "contract"],
  bench: ["testkit", "runtime", "contract", "tools"],
  e2e: ["testkit", "runtime", "contract", "infra", "policies", "image", "tools"],
  proof: ["testkit", "runtime", "contract", "infra", "policies", "image", "tools"],
  tools: ["runtime", "contract", "infra", "policies", "image"],
  test: ["testkit", "runtime", "contract", "infra", "policies", "image", "tools"],
};

const inside = (room) => (room.endsWith(".ts") ? `^${room}$` : `^${room}/`);

const ALL = "^(?:contract|runtime|infra|policies|testkit|image|demo|bench|e2e|proof|tools|test)/";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    ...Object.entries(ROOMS).map(([room, allowed]) => ({
      name: `${room} imports only ${allowed.join(", ")}`,
      severity: "error",
      from: { path: inside(room) },
      to: { path: ALL, pathNot: [inside(room), ...allowed.map(inside)] },
    })),
    {
      name: "the runtime knows no Pulumi",
      severity: "error",
      from: { path: "^(?:runtime|contract)/" },
      to: { path: "^@pulumi/|node_modules/@pulumi/" },
    },
    {
      name: "time, chance and the network are reached through runtime/platform",
      severity: "error",
      from: { path: "^runtime/", pathNot: "^runtime/platform/" },
      to: {
        path: "^(?:node:)?(?:timers|timers/promises|net|http|https|tls|dns|dns/promises)$|(?:^|/)undici(?:/|$)",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "one role does not import another",
      severity: "error",
      from: { path: "^runtime/roles/([^/]+)/" },
      to: { path: "^runtime/roles/[^/]+/", pathNot: "^runtime/roles/$1/" },
    },
    {
      name: "the proxy merges nothing",
      severity: "error",
      from: { path: "^runtime/roles/proxy/" },
      to: { path: "^runtime/catalog/" },
    },
    { name: "no cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "nothing is imported that is not there",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(?:^|/)dist/" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};
