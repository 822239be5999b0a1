import type { RemovalPolicy } from 'aws-cdk-lib';
import type { IRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { RelayKeys } from './keys.ts';
import { RelayTable } from './relay-table.ts';

/** Orgs, subscriptions, deliveries and delivered states, and who may do what with them. */
export class Stores extends Construct {
  readonly orgs: RelayTable;
  readonly senders: RelayTable;
  readonly subscriptions: RelayTable;
  readonly deliveries: RelayTable;
  readonly states: RelayTable;
  readonly replays: RelayTable;
  readonly lanes: RelayTable;
  readonly limits: RelayTable;
  readonly #keys: RelayKeys;

  constructor(scope: Construct, id: string, props: { readonly keys: RelayKeys; readonly removalPolicy: RemovalPolicy }) {
    super(scope, id);
    this.#keys = props.keys;
    this.orgs = new RelayTable(this, 'Orgs', { name: 'orgs', ...props });
    this.senders = new RelayTable(this, 'Senders', { name: 'senders', ...props });
    this.subscriptions = new RelayTable(this, 'Subscriptions', { name: 'subscriptions', ...props });
    this.deliveries = new RelayTable(this, 'Deliveries', { name: 'deliveries', ...props });
    this.states = new RelayTable(this, 'States', { name: 'states', ...props });
    this.replays = new RelayTable(this, 'Replays', { name: 'replays', ...props });
    this.lanes = new RelayTable(this, 'Lanes', { name: 'lanes', ...props });
    this.limits = new RelayTable(this, 'Limits', { name: 'limits', ...props });
  }

  get tables(): readonly RelayTable[] {
    return [this.orgs, this.senders, this.subscriptions, this.deliveries, this.states, this.replays, this.lanes, this.limits];
  }

  /** An org with what its hook requests are checked against, and what was seen of its senders. Nothing here changes an org. */
  grantCheckHooks(role: IRole): void {
    this.orgs.grant(role, 'GetItem');
    this.senders.grant(role, 'GetItem', 'PutItem');
    this.#keys.grantOpen(role, 'hook-secret');
  }

  /** All subscriptions, without opening a secret. */
  grantMatchSubscriptions(role: IRole): void {
    this.subscriptions.grant(role, 'Query');
  }

  /** A delivery, what its state has moved to, the subscription it goes to (a 410 disables that one) and the secret that signs it. */
  grantSettleDeliveries(role: IRole): void {
    this.deliveries.grant(role, 'GetItem', 'UpdateItem');
    this.states.grant(role, 'GetItem', 'UpdateItem');
    this.limits.grant(role, 'GetItem', 'UpdateItem');
    this.lanes.grant(role, 'GetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem');
    this.subscriptions.grant(role, 'GetItem', 'UpdateItem');
    this.#keys.grantOpen(role, 'signing-secret');
  }

  /** Lanes that are due, the dead letters that are sent again, and all subscriptions: some are moved on, deleted ones cleared up; when orgs spoke, and how long each may be silent. */
  grantSweep(role: IRole): void {
    this.senders.grant(role, 'Query');
    this.orgs.grant(role, 'GetItem');
    this.lanes.grant(role, 'GetItem', 'Query', 'UpdateItem');
    this.deliveries.grant(role, 'GetItem', 'BatchGetItem', 'Query');
    this.subscriptions.grant(role, 'GetItem', 'Query', 'UpdateItem', 'DeleteItem');
  }

  /** A replay and how far it is, and the subscription it is for, without opening a secret. */
  grantReplay(role: IRole): void {
    this.replays.grant(role, 'GetItem', 'UpdateItem');
    this.subscriptions.grant(role, 'GetItem');
  }

  /** What the admin API does: manage orgs and subscriptions, create and list replays, list deliveries and hasten parked ones (a deletion is a status; sweep clears up). It seals secrets and can open none. */
  grantAdminister(role: IRole): void {
    this.orgs.grant(role, 'GetItem', 'Scan', 'PutItem', 'DeleteItem');
    this.senders.grant(role, 'GetItem', 'Query', 'DeleteItem');
    this.#keys.grantSeal(role, 'hook-secret');
    this.subscriptions.grant(role, 'GetItem', 'Query', 'PutItem', 'UpdateItem');
    this.deliveries.grant(role, 'GetItem', 'BatchGetItem', 'Query');
    this.lanes.grant(role, 'GetItem', 'UpdateItem');
    this.replays.grant(role, 'GetItem', 'Query', 'PutItem');
    this.#keys.grantSeal(role, 'signing-secret');
  }
}
