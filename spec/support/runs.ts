const factor = Number(process.env.FC_RUNS_FACTOR ?? '1')

/**
 * How often a property runs: `count`, times the environment's FC_RUNS_FACTOR (default 1), at least once.
 * Use it wherever a property names its own `numRuns`.
 */
export const runs = (count: number): number => Math.max(1, Math.round(count * factor))
