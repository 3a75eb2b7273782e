import type { Configuration } from "@mcp-fleet/contract/settings";
import { describe, expect, it } from "vitest";
import contract from "../../contract/package.json" with { type: "json" };
import runtime from "../../runtime/package.json" with { type: "json" };
import { type LoadedModules, loadedModules } from "../../testkit/processes/loaded-modules.ts";

const DEPENDENCIES = { ...runtime.dependencies, ...contract.dependencies };
const backends = [{ name: "nobody", url: "http://127.0.0.1:9/mcp" }];

const ownPackages = ({ packages }: LoadedModules) =>
  packages.filter((name) => name in DEPENDENCIES);

const filesIn = ({ files }: LoadedModules, folder: string) =>
  files.filter((file) => file.startsWith(folder));

/** With nothing switched on. prom-client loads the API of OpenTelemetry, which does nothing by itself. */
const CORE = [
  "@fastify/cors",
  "@opentelemetry/api",
  "eventsource-parser",
  "fastest-levenshtein",
  "fastify",
  "lru-cache",
  "pino",
  "prom-client",
  "undici",
  "yaml",
  "zod",
];

describe("a gateway that listens", () => {
  it("has loaded 11 packages with nothing switched on, and 0 files of what is off", async () => {
    const loaded = await loadedModules({ backends });
    expect(ownPackages(loaded)).toEqual(CORE);
    const off = [
      ...["cli/", "discover/", "store/redis/", "roles/proxy/", "server/live/"],
      ...[
        "auth/jwt",
        "auth/oidc",
        "auth/token",
        "auth/local",
        "authz/cedar",
        "credentials/credentials",
        "tracing/telemetry",
        "limits/rate-limits",
        "limits/token-stocks",
        "audit/",
      ],
    ];
    for (const folder of off) {
      expect(filesIn(loaded, folder)).toEqual([]);
    }
    expect(loaded.files.length).toBeGreaterThan(80);
  });

  it.each<[string, readonly string[], Partial<Configuration>]>([
    [
      "jose where clients bring tokens",
      ["jose"],
      {
        incomingAuth: {
          type: "jwt",
          jwt: { issuer: "https://a.example", audience: "a", jwks: "https://a.example/jwks" },
        },
      },
    ],
    [
      "oauth4webapi and jose where tokens are got for a backend",
      ["jose", "oauth4webapi"],
      {
        outgoingAuth: {
          default: {
            type: "client_credentials",
            clientCredentials: {
              tokenUrl: "http://127.0.0.1:9/",
              clientId: "a",
              clientSecret: "b",
            },
          },
        },
      },
    ],
    [
      "nothing more where a backend gets a header",
      [],
      {
        outgoingAuth: {
          default: {
            type: "header_injection",
            headerInjection: { headerName: "X-Key", headerValue: "a" },
          },
        },
      },
    ],
    [
      "OpenTelemetry for HTTP alone where traces are exported",
      [
        "@opentelemetry/core",
        "@opentelemetry/exporter-metrics-otlp-proto",
        "@opentelemetry/exporter-trace-otlp-proto",
        "@opentelemetry/resources",
        "@opentelemetry/sdk-metrics",
        "@opentelemetry/sdk-trace-base",
      ],
      { telemetry: { endpoint: "127.0.0.1:9", tracingEnabled: true } },
    ],
    [
      "jose and oauth4webapi where their issuers are asked",
      ["jose", "oauth4webapi"],
      { incomingAuth: { type: "oidc", oidc: { issuer: "https://a.invalid", audience: "a" } } },
    ],
  ])("loads %s", async (_, names, configuration) => {
    const loaded = await loadedModules({ backends, ...configuration });
    expect(ownPackages(loaded)).toEqual([...CORE, ...names].toSorted());
  });
});
