import type { Input } from "@pulumi/pulumi";
import type { BackendArgs } from "../arguments/backend-args.ts";
import type { ArgumentFault } from "../faults/argument-faults.ts";
import type { KeptFile } from "../pods/kept-file.ts";
import { CONFIGURATION_PATH } from "./configuration-file.ts";

/** The mount path of CA certificates in ConfigMaps of the user. */
const CA_PATH = "/etc/mcp-fleet/backend-ca";

type OfBackend = Pick<BackendArgs, "name" | "caBundle" | "caBundleRef">;

const fileOf = ({ name }: OfBackend) => `ca-${name}.crt`;

/** Where a process finds the CA certificates of a backend; undefined where those of the image do. */
export function caBundlePath(backend: OfBackend): string | undefined {
  if (backend.caBundle !== undefined) return `${CONFIGURATION_PATH}/${fileOf(backend)}`;
  return backend.caBundleRef && `${CA_PATH}/${fileOf(backend)}`;
}

/** The files beside the configuration with the CA certificates that are given as texts. */
export function caFiles(backends: readonly OfBackend[]): Record<string, Input<string>> {
  return Object.fromEntries(
    backends.flatMap((backend) =>
      backend.caBundle === undefined ? [] : [[fileOf(backend), backend.caBundle]],
    ),
  );
}

/** The volume of the ConfigMaps with CA certificates; undefined where there are none. */
export function caVolume(backends: readonly OfBackend[]): KeptFile | undefined {
  const sources = backends.flatMap((backend) => {
    if (backend.caBundleRef === undefined) return [];
    const { name, key } = backend.caBundleRef;
    return [{ configMap: { name, items: [{ key, path: fileOf(backend) }] } }];
  });
  if (sources.length === 0) return undefined;
  return { volume: { name: "backend-ca", projected: { sources } }, mountPath: CA_PATH };
}

/** What says where a backend is, and whom to trust there. */
type Trust = Pick<BackendArgs, "url" | "urls" | "scheme" | "caBundle" | "caBundleRef">;

/** The faults of the CA certificates of a backend: they are given once, and only where there is TLS. */
export function caFaults(prefix: string, backend: Trust): ArgumentFault[] {
  const { caBundle, caBundleRef } = backend;
  if (caBundle === undefined && caBundleRef === undefined) return [];
  if (caBundle !== undefined && caBundleRef !== undefined) {
    const rule = "must be absent if caBundle is set";
    return [{ path: `${prefix}caBundleRef`, rule, fix: "remove it, or remove caBundle" }];
  }
  if (!isPlainHttp(backend)) return [];
  const path = `${prefix}${caBundle === undefined ? "caBundleRef" : "caBundle"}`;
  return [{ path, rule: "must be absent without https", fix: "remove it, or use https" }];
}

/** An address that is an output may be anything. */
function isPlainHttp({ url, urls, scheme = "http" }: Trust): boolean {
  const given = url === undefined ? urls : [url];
  if (given === undefined) return scheme === "http";
  if (!Array.isArray(given)) return false;
  return given.every((one) => typeof one === "string" && one.startsWith("http:"));
}
