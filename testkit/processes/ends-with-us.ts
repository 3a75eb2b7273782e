import type { ChildProcess } from "node:child_process";

const kills = new Set<() => void>();

process.once("exit", () => {
  for (const kill of kills) kill();
});

/** A process that ends with this one at the latest, by `kill`. Default: SIGKILL. */
export function endsWithUs<Child extends ChildProcess>(
  child: Child,
  kill: () => void = () => child.kill("SIGKILL"),
): Child {
  kills.add(kill);
  child.once("exit", () => kills.delete(kill));
  return child;
}
