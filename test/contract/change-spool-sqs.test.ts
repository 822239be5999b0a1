import { startChangeSpoolQueue } from '../lib/sqs/change-spool-queue.ts';
import { changeSpoolContract } from './change-spool.contract.ts';

changeSpoolContract('sqs', () => startChangeSpoolQueue());
