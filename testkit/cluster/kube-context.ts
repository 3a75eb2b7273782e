import { spawnSync } from "node:child_process";

/** The current kube context, where its API server answers. */
export function currentContext(): string | undefined {
  const ask = (...command: string[]) => spawnSync("kubectl", command, { encoding: "utf8" });
  const name = ask("config", "current-context");
  if (name.status !== 0) return undefined;
  const ready = ask("get", "--raw", "/readyz", "--request-timeout=5s");
  return ready.status === 0 ? name.stdout.trim() : undefined;
}
