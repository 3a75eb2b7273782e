import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError, fault } from "@mcp-fleet/contract";

/**
 * The certificates to trust for a backend.
 *
 * @throws {ConfigError} when the file cannot be read, or has no certificate.
 */
export function readCaBundle(backend: string, path: string): Buffer {
  const wrong = (rule: string, fix: string) =>
    new ConfigError([fault(["caBundlePath"], path, `of the backend ${backend} ${rule}`, fix)]);
  let bundle: Buffer;
  try {
    bundle = readFileSync(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const fix = error.code === "ENOENT" ? "check its path" : "let this user read it";
    throw wrong(`must be a file that can be read (${error.code})`, fix);
  }
  try {
    new X509Certificate(bundle);
  } catch {
    throw wrong("must be a PEM file with certificates", "put the CA's certificate there");
  }
  return bundle;
}
