import { InMemoryChangeSpool } from '../lib/intake/spool-in-memory.ts';
import { changeSpoolContract } from './change-spool.contract.ts';

changeSpoolContract('memory', async () => {
  const spool = new InMemoryChangeSpool();
  return {
    spool,
    drain: async () => spool.messages.splice(0).map(({ body }) => body),
    breakDown: (how) => void (spool.health = how),
    stop: async () => undefined,
  };
});
