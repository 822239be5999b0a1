import type { OktaApi } from './okta-api.ts';
import { listHooks } from './okta-hooks.ts';

/** One line for each event hook of the org. @throws CommandFailure */
export async function showHooks(api: OktaApi, print: (line: string) => void): Promise<void> {
  const hooks = await listHooks(api);
  if (hooks.length === 0) print('The org has no event hooks');
  for (const { id, name, status, verificationStatus, events, channel } of hooks)
    print(
      [id, status, verificationStatus ?? 'UNKNOWN', `${events.items.length} types`, channel.config.uri ?? 'URL not shown', name].join('  '),
    );
}
