// `SEED` for the tests that make up their input with fast-check, which without it takes another one in each run.
const { SEED } = process.env;
if (SEED !== undefined && SEED !== "") {
  const { configureGlobal } = await import("fast-check");
  configureGlobal({ seed: Number(SEED) });
}

export {};
