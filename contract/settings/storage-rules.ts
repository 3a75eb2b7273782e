import { type Section, valueAt } from "../document.ts";
import { type Fault, fault } from "../faults.ts";

const SECTION = ["sessionStorage"];

/** The rules about how Redis is reached, and which keys fit that. */
export function storageRules(document: Section): Fault[] {
  if (valueAt(document, [...SECTION, "provider"]) !== "redis") return [];
  return [...redisAddress(document), ...clusterKeys(document), ...verified(document)];
}

const TLS = [...SECTION, "tls"];

/** The certificate of Redis is verified, and by one authority. */
function verified(document: Section): Fault[] {
  const at = (key: string) => valueAt(document, [...TLS, key]);
  const faults: Fault[] = [];
  if (at("caFile") !== undefined && at("caCertFile") !== undefined) {
    const rule = "must be absent if caFile is set, whose name in ToolHive it is";
    faults.push(fault([...TLS, "caCertFile"], at("caCertFile"), rule, "remove one of the two"));
  }
  if (at("insecureSkipVerify") === true && at("acceptUnverified") === undefined) {
    const rule =
      "must be false: whoever answers at the address of Redis could read and write all sessions";
    const fix =
      "set caFile to the CA that signed the certificate, or say in acceptUnverified why that is no risk";
    faults.push(fault([...TLS, "insecureSkipVerify"], true, rule, fix));
  }
  return faults;
}

/** Redis has one of three kinds of address. */
function redisAddress(document: Section): Fault[] {
  const [address, sentinel, cluster] = ["address", "sentinel", "cluster"].map((key) =>
    valueAt(document, [...SECTION, key]),
  );
  const path = [...SECTION, "address"];
  if (address === undefined && sentinel === undefined && cluster === undefined) {
    const rule = "is required with provider redis, unless sentinel or cluster is set";
    return [fault(path, address, rule, "add address: redis.example.com:6379")];
  }
  const faults: Fault[] = [];
  if (sentinel !== undefined && cluster !== undefined) {
    const rule = "must be absent if cluster is set";
    const fix = "remove it: a cluster replaces its masters without Sentinels; or remove cluster";
    faults.push(fault([...SECTION, "sentinel"], sentinel, rule, fix));
  }
  if (address !== undefined && (sentinel ?? cluster) !== undefined) {
    const [other, fix] =
      cluster === undefined
        ? ["sentinel", "remove it; the Sentinels return the master's address"]
        : ["cluster", "move it to cluster.addrs; the nodes return the addresses of all others"];
    faults.push(fault(path, address, `must be absent if ${other} is set`, fix));
  }
  return faults;
}

/** In a cluster, all keys of a gateway or of a server's proxies are in one slot, by a hash tag around their prefix. */
function clusterKeys(document: Section): Fault[] {
  if (valueAt(document, [...SECTION, "cluster"]) === undefined) return [];
  const faults: Fault[] = [];
  const db = valueAt(document, [...SECTION, "db"]);
  if (typeof db === "number" && db > 0) {
    const rule = "must be 0 if cluster is set: a Redis Cluster has one database";
    faults.push(
      fault([...SECTION, "db"], db, rule, "remove it, and tell fleets apart by keyPrefix"),
    );
  }
  const prefix = valueAt(document, [...SECTION, "keyPrefix"]);
  if (typeof prefix === "string" && /[{}]|^:$/.test(prefix)) {
    const rule =
      "must be a name without braces if cluster is set: what comes before the colon is the hash tag";
    const fix = `set it to ${prefix.replaceAll(/[{}]|^:/g, "") || "mcp-fleet:"}`;
    faults.push(fault([...SECTION, "keyPrefix"], prefix, rule, fix));
  }
  return faults;
}
