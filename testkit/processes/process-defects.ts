const DEFECT = /outcome="INTERNAL"|_defects_total [1-9]/;

/**
 * The lines of a process's metrics that say that it failed itself: a request as INTERNAL, also one whose client did not
 * wait, or something that no part of it handles.
 */
export async function defectsOf(adminUrl: string): Promise<string[]> {
  const metrics = await fetch(`${adminUrl}/metrics`, { headers: { connection: "close" } });
  return (await metrics.text()).split("\n").filter((line) => DEFECT.test(line));
}
