import type { Fault } from "../fleet.ts";

/** The stack is declared for more sessions, by `pulumi up`: everything gets another size but the server's pods, which have room. */
export function growth(sessions: number, title: string): Fault {
  return {
    title,
    isPlanned: true,
    async bring({ stack }) {
      await stack.up({ sessions });
      return [];
    },
  };
}
