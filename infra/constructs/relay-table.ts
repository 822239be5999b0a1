import { RemovalPolicy } from 'aws-cdk-lib';
import { type Attribute, AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { type TableDefinition, tables, type TableName } from '#lib/dynamodb/tables.ts';
import type { RelayKeys } from './keys.ts';

/** What a function may do with the items of a table. */
type Use = 'GetItem' | 'BatchGetItem' | 'Query' | 'Scan' | 'PutItem' | 'UpdateItem' | 'DeleteItem';

const key = (name: string): Attribute => ({ name, type: AttributeType.STRING });
const changesItems: readonly Use[] = ['PutItem', 'UpdateItem', 'DeleteItem'];

/** A table as lib/dynamodb/tables.ts has it: paid by request, restorable to any second of the last 35 days, encrypted with our key. */
export class RelayTable extends Construct {
  readonly table: Table;
  readonly #keys: RelayKeys;
  readonly #definition: TableDefinition;

  constructor(
    scope: Construct,
    id: string,
    props: { readonly name: TableName; readonly keys: RelayKeys; readonly removalPolicy: RemovalPolicy },
  ) {
    super(scope, id);
    const definition: TableDefinition = tables[props.name];
    this.#keys = props.keys;
    this.#definition = definition;
    this.table = new Table(this, 'Table', {
      partitionKey: key(definition.partitionKey),
      ...(definition.sortKey === undefined ? {} : { sortKey: key(definition.sortKey) }),
      ...(definition.ttlAttribute === undefined ? {} : { timeToLiveAttribute: definition.ttlAttribute }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: props.keys.data,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: props.removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy: props.removalPolicy,
    });
    for (const index of definition.indexes) {
      this.table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: key(index.partitionKey),
        sortKey: key(index.sortKey),
        projectionType: ProjectionType[index.projection],
        ...(index.attributes === undefined ? {} : { nonKeyAttributes: [...index.attributes] }),
      });
    }
  }

  /** Queries reach the table and each of its indexes; everything else the table alone. */
  grant(role: IRole, ...uses: readonly Use[]): void {
    const actions = (wanted: readonly Use[]): string[] => wanted.map((use) => `dynamodb:${use}`);
    const queries = uses.filter((use) => use === 'Query');
    const others = uses.filter((use) => use !== 'Query');
    const { tableArn } = this.table;
    const indexArns = this.#definition.indexes.map(({ name }) => `${tableArn}/index/${name}`);
    if (others.length > 0) role.addToPrincipalPolicy(new PolicyStatement({ actions: actions(others), resources: [tableArn] }));
    if (queries.length > 0)
      role.addToPrincipalPolicy(new PolicyStatement({ actions: actions(queries), resources: [tableArn, ...indexArns] }));
    if (uses.some((use) => changesItems.includes(use))) this.#keys.grantReadAndWrite(role, 'dynamodb');
    else this.#keys.grantRead(role, 'dynamodb');
  }
}
