const most = 4;

/**
 * The top of an error's stack, without its message: `at` and a place in a file each. A stack begins with the message, whose own lines can look
 * like frames. Where it is not found, nobody can tell where it ends: then there are none.
 */
export function stackFrames({ stack, message }: { readonly stack?: unknown; readonly message: unknown }): string[] {
  if (typeof stack !== 'string' || typeof message !== 'string') return [];
  const at = stack.indexOf(message);
  const frames = at === -1 ? '' : stack.slice(at + message.length);
  return frames
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, most)
    .map((line) => line.trim());
}
