import { InMemorySenders } from '../lib/intake/in-memory-senders.ts';
import { sendersContract } from './senders.contract.ts';

sendersContract('memory', async () => {
  const senders = new InMemorySenders();
  return { hooks: senders, heard: senders, accepted: senders, stop: async () => undefined };
});
