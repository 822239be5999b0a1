import { openEmbeddedLog } from '../../../local/embedded-log/embedded-log.ts';

/**
 * Appends for ever, eight appends at a time, and prints a line for each that was acknowledged: `<key> <number> …`, the numbers
 * of a key counting up. Is killed in the middle of it. Arguments: folder, first number.
 */
const [dir = '', first = '0'] = process.argv.slice(2);
const log = await openEmbeddedLog({ dir, topic: 'identity.changes.v1', partitions: 4, segmentBytes: 32 * 1024 });
process.stdout.write('open\n');

async function appendForEver(key: string): Promise<never> {
  for (let next = Number(first); ; next += 3) {
    const numbers = [next, next + 1, next + 2];
    await log.append(
      numbers.map((number) => ({
        key,
        value: Buffer.from(`${number} ${'x'.repeat((number * 37) % 900)}`),
        headers: { ce_id: `${key}-${number}` },
      })),
      { budgetMs: 10_000 },
    );
    process.stdout.write(`${key} ${numbers.join(' ')}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, index) => appendForEver(`key-${index}`)));
