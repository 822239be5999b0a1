/** Prints lines that may repeat: the same text at most once in `quietMs`, so that an outage is seen and not a flood of it. */
export function printOnce(print: (line: string) => void, quietMs: number, now: () => number): (line: string) => void {
  const lastMs = new Map<string, number>();
  return (line) => {
    const nowMs = now();
    if (nowMs - (lastMs.get(line) ?? -Infinity) < quietMs) return;
    if (lastMs.size > 100) lastMs.clear();
    lastMs.set(line, nowMs);
    print(line);
  };
}
