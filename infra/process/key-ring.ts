import * as k8s from "@pulumi/kubernetes";
import { all } from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { SessionKeyArgs } from "../arguments/settings-args.ts";
import { labelsOf, logicalNameOf, type ProcessSpec } from "./process-spec.ts";

/** The mount path of the keys. */
export const KEYS_PATH = "/etc/mcp-fleet/keys";

/** The name of the file in the Secret. */
export const KEYS_FILE = "keys.json";

const KEY_BYTES = 32;

/** The default key. */
const FIRST_KEY: SessionKeyArgs = { id: "first" };

/**
 * The keys that sign session ids: generated once, kept in the stack's state, mounted as a file. A new key verifies in
 * all pods before it signs, from its `signAfter`. An old key can be removed once no session signed with it is left.
 */
export function keyRing(spec: ProcessSpec): k8s.core.v1.Secret {
  const { sessionKeys = [FIRST_KEY] } = spec.process;
  const entries = sessionKeys.map(({ id, signAfter }) => {
    const key = new random.RandomBytes(
      `${logicalNameOf(spec)}-key-${id}`,
      { length: KEY_BYTES },
      { parent: spec.parent },
    );
    return key.base64.apply((base64) => ({
      id,
      key: base64,
      ...(signAfter !== undefined && { signAfter }),
    }));
  });
  return new k8s.core.v1.Secret(
    `${logicalNameOf(spec)}-keys`,
    {
      metadata: { namespace: spec.namespace, labels: labelsOf(spec) },
      stringData: { [KEYS_FILE]: all(entries).apply((known) => JSON.stringify(known)) },
    },
    { parent: spec.parent },
  );
}
