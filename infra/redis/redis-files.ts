import * as k8s from "@pulumi/kubernetes";
import type { Output } from "@pulumi/pulumi";
import { present } from "../facts.ts";
import { nodeSecret, sentinelSecret } from "./acl.ts";
import { DEFAULT_ENGINE } from "./images.ts";
import { known, type PasswordOutputs } from "./passwords.ts";
import { MASTER_NAME } from "./pods.ts";
import { redisConf } from "./redis-conf.ts";
import { labelsOf, partName, REPLICAS, type RedisPart, type RedisSpec } from "./redis-spec.ts";
import { scriptFiles } from "./scripts.ts";
import { sentinelConf } from "./sentinel-conf.ts";

/** The prefix of all keys of gateways and proxies. Their ACL denies access to others. */
export const KEY_PREFIX = "mcp-fleet:";

/** The ConfigMaps and Secrets that servers and Sentinels mount. */
export interface RedisFiles {
  readonly scripts: k8s.core.v1.ConfigMap;
  readonly configuration: Readonly<Record<RedisPart, k8s.core.v1.ConfigMap>>;
  readonly secrets: Readonly<Record<RedisPart, k8s.core.v1.Secret>>;
}

/** Creates them with generated names: changed content is a new object, so pods roll out one by one. */
export function redisFiles(spec: RedisSpec, passwords: PasswordOutputs): RedisFiles {
  const { size, args } = spec;
  const { engine = DEFAULT_ENGINE, persistence, eviction } = args;
  const users = known(passwords);
  return {
    scripts: configMap(spec, "redis", "scripts", scriptFiles()),
    configuration: {
      redis: configMap(spec, "redis", "configuration", {
        "redis.conf": redisConf({
          replicas: REPLICAS - 1,
          maxMemoryBytes: size.maxMemoryBytes,
          maxClients: size.maxClients,
          ...(persistence && { persistence }),
          ...(eviction && { eviction }),
        }),
      }),
      sentinel: configMap(spec, "sentinel", "configuration", {
        "sentinel.conf": sentinelConf({ masterName: MASTER_NAME }),
      }),
    },
    secrets: {
      redis: secret(
        spec,
        "redis",
        users.apply((plain) => ({
          ...nodeSecret({ passwords: plain, keyPrefix: KEY_PREFIX, engine }),
          ...present({ "exporter-password": plain.exporter }),
        })),
      ),
      sentinel: secret(spec, "sentinel", users.apply(sentinelSecret)),
    },
  };
}

function configMap(
  spec: RedisSpec,
  part: RedisPart,
  what: string,
  data: Record<string, string>,
): k8s.core.v1.ConfigMap {
  return new k8s.core.v1.ConfigMap(
    `${partName(spec.instance, part)}-${what}`,
    { metadata: { namespace: spec.namespace, labels: labelsOf(spec, part) }, data },
    { parent: spec.parent },
  );
}

function secret(
  spec: RedisSpec,
  part: RedisPart,
  stringData: Output<Record<string, string>>,
): k8s.core.v1.Secret {
  return new k8s.core.v1.Secret(
    `${partName(spec.instance, part)}-secrets`,
    { metadata: { namespace: spec.namespace, labels: labelsOf(spec, part) }, stringData },
    { parent: spec.parent },
  );
}
