import { startDeliveriesQueue } from '../support/deliveries-queue.ts';
import { deliveryQueueContract } from './delivery-queue.contract.ts';

deliveryQueueContract('sqs', () => startDeliveriesQueue());
