/** The program that keeps the sessions. Both speak the same protocol and run the same scripts. */
export const Engine = { Redis: "Redis", Valkey: "Valkey" } as const;
export type Engine = (typeof Engine)[keyof typeof Engine];
