import { InMemorySubscriptionStore } from '../lib/subscriptions/in-memory-subscription-store.ts';
import { circuitStoreContract } from './circuit-store.contract.ts';
import { subscriptionStoreContract } from './subscription-store.contract.ts';

const start = () => {
  const store = new InMemorySubscriptionStore();
  const clear = () => {
    store.clear();
    return Promise.resolve();
  };
  return Promise.resolve({ store, clear, stop: () => Promise.resolve() });
};

subscriptionStoreContract('memory', start);
circuitStoreContract('memory', start);
