import { InMemoryDeliveryStore } from '../lib/delivery/in-memory-delivery-store.ts';
import { deliveryStoreContract } from './delivery-store.contract.ts';

deliveryStoreContract('memory', (now) => new InMemoryDeliveryStore({ now }));
