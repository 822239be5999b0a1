import { InMemoryStaleGuard } from '../lib/delivery/in-memory-stale-guard.ts';
import { staleGuardContract } from './stale-guard.contract.ts';

staleGuardContract('memory', () => new InMemoryStaleGuard());
