import { InMemoryLimitStore } from '../lib/pacing/in-memory-limit-store.ts';
import { limitStoreContract } from './limit-store.contract.ts';

limitStoreContract('memory', () => new InMemoryLimitStore());
