import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError, fault } from "@mcp-fleet/contract";
import type { BackendSettings } from "@mcp-fleet/contract/settings";
import type { Logger } from "pino";
import { WatchedFile } from "../platform/watched-file.ts";

type Files = NonNullable<BackendSettings["clientCertificate"]>;

/** A certificate with its key, both in PEM. */
export interface CertificatePair {
  readonly cert: string;
  readonly key: string;
}

/** What this process shows one backend of itself in TLS, as its files say it now. */
export class ClientCertificate {
  readonly #watched: readonly WatchedFile[];
  #pair: CertificatePair;

  /**
   * @param onChange another pair is there.
   * @throws {ConfigError} when a file cannot be read, or the two do not belong together.
   */
  constructor(backend: string, files: Files, log: Logger, onChange: () => void) {
    this.#watched = [files.certFile, files.keyFile].map((path) => new WatchedFile(path, log));
    const [cert = "", key = ""] = this.#watched.map(({ text }) => text);
    this.#pair = checked(backend, files, { cert, key });
    // Each change reads both: where one is written before the other, the pair comes with the second.
    const take = () => {
      const [next, nextKey] = [files.certFile, files.keyFile].map((path) =>
        readFileSync(path, "utf8"),
      );
      const pair = checked(backend, files, { cert: next ?? "", key: nextKey ?? "" });
      if (pair.cert === this.#pair.cert && pair.key === this.#pair.key) return;
      this.#pair = pair;
      onChange();
    };
    for (const file of this.#watched) file.onChange(take);
  }

  get pair(): CertificatePair {
    return this.#pair;
  }

  close(): void {
    for (const file of this.#watched) file.close();
  }
}

function checked(backend: string, files: Files, pair: CertificatePair): CertificatePair {
  const wrong = (field: keyof Files, rule: string, fix: string) =>
    new ConfigError([
      fault(["clientCertificate", field], files[field], `of the backend ${backend} ${rule}`, fix),
    ]);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pair.cert);
  } catch {
    const fix = "put the client's certificate there, and the intermediate ones after it";
    throw wrong("certFile", "must be a PEM file with a certificate", fix);
  }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(pair.key))) return pair;
  } catch {
    const fix = "put the key there, without a passphrase";
    throw wrong("keyFile", "must be a PEM file with a private key", fix);
  }
  throw wrong("keyFile", "must be the key of the certificate in certFile", "replace one of them");
}
