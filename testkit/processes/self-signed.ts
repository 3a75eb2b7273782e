import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What is in the certificate. */
const SUBJECT = ["-subj", "/CN=redis.test"];
const SUBJECT_ALTERNATIVE_NAME = "subjectAltName=DNS:redis.test";

/** How long a certificate lasts that nobody waits for. */
const LIFETIME_SECONDS = 2 * 24 * 3600;

/** `openssl ca` alone takes an end to the second. */
const AUTHORITY = `
[ca]
default_ca = own
[own]
database = index.txt
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = named
x509_extensions = extensions
[named]
commonName = supplied
[extensions]
basicConstraints = critical, CA:true
${SUBJECT_ALTERNATIVE_NAME.replace("=", " = ")}
`;

export interface SelfSigned {
  /** The paths of two PEM files. */
  readonly cert: string;
  readonly key: string;
  readonly expiresAtMs: number;
}

/** A certificate for `redis.test`, signed by itself, and its key, in the folder. */
export function selfSigned(folder: string, lifetimeSeconds = LIFETIME_SECONDS): SelfSigned {
  mkdirSync(folder, { recursive: true });
  const openssl = (...args: readonly string[]) =>
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  writeFileSync(join(folder, "ca.cnf"), AUTHORITY);
  writeFileSync(join(folder, "index.txt"), "");
  openssl("req", "-new", ...kind, ...SUBJECT, "-keyout", "key.pem", "-out", "request.pem");
  const expiresAtMs = Math.floor(Date.now() / 1000 + lifetimeSeconds) * 1000;
  const end = new Date(expiresAtMs).toISOString().replace(/[-:T]|\.\d+/g, "");
  const files = ["-keyfile", "key.pem", "-in", "request.pem", "-out", "cert.pem"];
  openssl(
    ...["ca", "-batch", "-selfsign", "-notext", "-config", "ca.cnf", "-enddate", end],
    ...files,
  );
  return { cert: join(folder, "cert.pem"), key: join(folder, "key.pem"), expiresAtMs };
}
