import { inMemoryReplayStore } from '../lib/replay/in-memory-replay-store.ts';
import { replayStoreContract } from './replay-store.contract.ts';

replayStoreContract('memory', () => Promise.resolve({ store: inMemoryReplayStore(), stop: () => Promise.resolve() }));
