/** The time that was given for something is over. */
export class DeadlinePassed extends Error {
  override readonly name = 'DeadlinePassed';
}

/** Milliseconds on a clock that never jumps; it measures and does not tell the time. */
export function monotonicMs(): number {
  return performance.now();
}

/**
 * What `work` answers, if it does within `limitMs`. Work that comes later goes on unheard, and its failure with it.
 * @throws DeadlinePassed
 */
export async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new DeadlinePassed(`Not done within ${Math.max(0, Math.round(limitMs))} ms`)), Math.max(0, limitMs));
  });
  try {
    return await Promise.race([work, end]);
  } finally {
    clearTimeout(timer);
  }
}
