import { createHash, createHmac, type Hash, type Hmac } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { clock } from "../../platform/clock.ts";
import type { SignRequest } from "../../upstream/endpoints/endpoint.ts";

/** Credentials of AWS that expire. */
export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** What AWS's library is given to digest. */
type Data = string | ArrayBuffer | ArrayBufferView;

/** SHA-256 of Node, or its HMAC, as AWS's library calls it. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: Data) {
    this.#hash = secret === undefined ? createHash("sha256") : createHmac("sha256", read(secret));
  }

  update(data: Data): void {
    this.#hash.update(read(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error("a digest is made once");
  }
}

function read(data: Data): string | Uint8Array {
  if (typeof data === "string") return data;
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Signs requests with Signature Version 4 of AWS: method, path, headers and body. */
export function awsSigner(keys: AwsKeys, region: string, service: string): SignRequest {
  const signer = new SignatureV4({ credentials: keys, region, service, sha256: Sha256 });
  return async ({ origin, path, method, headers, body }) => {
    const { protocol, host, hostname, pathname, searchParams } = new URL(path, origin);
    const query = Object.fromEntries(
      [...searchParams.keys()].map((name) => [name, searchParams.getAll(name)]),
    );
    const signingDate = new Date(clock.now());
    const unsigned = { protocol, hostname, path: pathname, query, method, body };
    const sent = { ...headers, host };
    const signed = await signer.sign({ ...unsigned, headers: sent }, { signingDate });
    return signed.headers;
  };
}
