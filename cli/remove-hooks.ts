import { isActive, sendsTo } from './event-hook.ts';
import type { OktaApi } from './okta-api.ts';
import { deleteHook, listHooks, moveHook } from './okta-hooks.ts';

/** Switches off and deletes the hooks that send to the URL, and no other. @throws CommandFailure */
export async function removeHooks(
  api: OktaApi,
  { url, dryRun }: { url: string; dryRun: boolean },
  print: (line: string) => void,
): Promise<void> {
  const hooks = (await listHooks(api)).filter((hook) => sendsTo(hook, url) === true);
  if (hooks.length === 0) print('No event hook sends there: nothing to do');
  for (const hook of hooks) {
    if (!dryRun) {
      if (isActive(hook)) await moveHook(api, hook, 'deactivate');
      await deleteHook(api, hook);
    }
    print(`"${hook.name}" (${hook.id}): ${dryRun ? 'would be deleted' : 'deleted'}, with ${hook.events.items.length} event types`);
  }
}
