import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedLog } from '../../local/embedded-log/embedded-log.ts';
import { changeLogContract, type ChangeLogUnderTest } from './change-log.contract.ts';

changeLogContract('embedded', () => openIn(mkdtempSync(join(tmpdir(), 'relay-embedded-log-'))));

async function openIn(dir: string): Promise<ChangeLogUnderTest> {
  const log = await openEmbeddedLog({ dir, topic: 'identity.changes.v1', partitions: 12, backOff: () => 5, segmentBytes: 64 * 1024 });
  return {
    log,
    feed: log,
    async reopen() {
      await log.close();
      return openIn(dir);
    },
    async close() {
      await log.close();
      rmSync(dir, { recursive: true });
    },
  };
}
