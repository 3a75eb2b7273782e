/** The engine of the session store. Both speak the same protocol and run the same scripts. */
export const Engine = { Redis: "Redis", Valkey: "Valkey" } as const;
export type Engine = (typeof Engine)[keyof typeof Engine];
