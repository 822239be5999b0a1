import { InMemoryStaleGuard } from '../lib/lanes/in-memory-stale-guard.ts';
import { staleGuardContract } from './stale-guard.contract.ts';

staleGuardContract('memory', () => new InMemoryStaleGuard());
