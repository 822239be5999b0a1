import { InMemoryOrgRegistry } from '../lib/orgs/in-memory-org-registry.ts';
import { orgRegistryContract } from './org-registry.contract.ts';

orgRegistryContract('memory', async () => ({ registry: new InMemoryOrgRegistry(), stop: async () => undefined }));
