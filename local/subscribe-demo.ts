import type { DemoSubscriber } from './demo-subscriber.ts';
import { builtInName, demoOrg } from './options.ts';
import type { LocalOrg } from './org-file.ts';
import type { LocalRelay } from './relay.ts';

/** Registers the built-in subscriber through the admin API, as anyone would. Its registrations of earlier starts are gone already. */
export async function subscribeDemo(relay: LocalRelay, subscriber: DemoSubscriber, listensTo: readonly LocalOrg[]): Promise<void> {
  const orgs = [[demoOrg], ...(listensTo.length === 0 ? [] : [listensTo.map((org) => (org.kind === 'flag' ? org.id : org.definition.id))])];
  for (const names of orgs) {
    const response = await fetch(`${relay.url}/v1/subscriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${relay.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ name: builtInName, url: subscriber.url, types: ['*'], orgs: names }),
    });
    const answer = (await response.json()) as { secret?: string; detail?: string };
    if (response.status !== 201 || answer.secret === undefined)
      throw new Error(`the built-in subscriber could not register: ${response.status} ${answer.detail ?? ''}`);
    subscriber.trust(answer.secret);
  }
}
