import { dynamodbClient } from '#lib/dynamodb/client.ts';

/** `never-sent`: the request is lost. `answer-lost`: it is carried out, and its answer is lost. */
export type Fault = 'never-sent' | 'answer-lost';

export interface FaultyClient {
  readonly client: ReturnType<typeof dynamodbClient>;
  /** Asked for each request of the SDK's, with the operation's name: undefined lets it through. */
  inject(fault: (operation: string) => Fault | undefined): void;
  /** The answer to the next request of this operation (or the `which`th) is lost; the SDK then makes it again. */
  loseOneAnswer(operation: string, which?: number): void;
}

/** A client of the AWS SDK's whose connection breaks where a test says. */
export function faultyClient(endpoint: string): FaultyClient {
  const client = dynamodbClient({ region: 'us-east-1', endpoint });
  let faultOf: (operation: string) => Fault | undefined = () => undefined;
  const { requestHandler } = client.config;
  const handle = requestHandler.handle.bind(requestHandler);
  requestHandler.handle = async (request, options) => {
    const fault = faultOf(String(request.headers['x-amz-target']).split('.').at(-1) ?? '');
    const answer = fault === 'never-sent' ? undefined : await handle(request, options);
    if (answer !== undefined && fault === undefined) return answer;
    throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  };
  return {
    client,
    inject: (fault) => void (faultOf = fault),
    loseOneAnswer(operation, which = 1) {
      let requests = 0;
      faultOf = (called) => {
        if (called === operation) requests += 1;
        return called === operation && requests === which ? 'answer-lost' : undefined;
      };
    },
  };
}
