import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedLog } from '../../local/embedded-log/embedded-log.ts';
import { changeLogRangeContract } from './change-log-range.contract.ts';

changeLogRangeContract('embedded', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'relay-embedded-range-'));
  const log = await openEmbeddedLog({ dir, topic: 'identity.changes.v1', partitions: 12, segmentBytes: 512 });
  return {
    log,
    range: log.range,
    async close() {
      await log.close();
      rmSync(dir, { recursive: true });
    },
  };
});
