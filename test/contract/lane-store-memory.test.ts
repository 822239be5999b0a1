import { InMemoryLaneStore, LaneRows } from '../lib/delivery/in-memory-lane-store.ts';
import { laneStoreContract } from './lane-store.contract.ts';

laneStoreContract('memory', () => {
  const rows = new LaneRows();
  return {
    store: new InMemoryLaneStore({ rows }),
    killedAtWrite: (write) => new InMemoryLaneStore({ rows, diesAtWrite: write }),
    spoilPlace: async (lane, position, bytes) => rows.spoilPlace(lane, position, bytes),
    spoilLane: async (lane) => rows.spoilLane(lane),
  };
});
