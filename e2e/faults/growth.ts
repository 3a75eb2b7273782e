import type { Fault } from "../fleet.ts";

/** The stack is declared for more sessions, by `pulumi up`: everything gets another size, the server's pods too. */
export function growth(sessions: number, title: string): Fault {
  return {
    title,
    isPlanned: true,
    async bring({ stack, pods }) {
      const servers = await pods.of("server");
      await stack.up({ sessions });
      return servers.map(({ name }) => name);
    },
  };
}
