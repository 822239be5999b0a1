/** How long to wait after so many failures in a row, in milliseconds. */
export type BackOff = (failures: number) => number;

const firstMs = 100;
const mostMs = 10_000;

/** 100 ms, doubled with each failure, ten seconds at most; it never says that it was enough. */
export const doublingBackOff: BackOff = (failures) => Math.min(mostMs, firstMs * 2 ** Math.max(0, failures - 1));
