import { CommandFailure } from './command-failure.ts';
import { isVerified, type EventHook, type HookChannel } from './event-hook.ts';
import type { OktaApi } from './okta-api.ts';
import { OktaRefusal } from './okta-failure.ts';
import { createHook, listHooks, moveHook, replaceHook } from './okta-hooks.ts';
import { planHooks, type HookStep, type WantedHooks } from './plan-hooks.ts';
import type { Surroundings } from './surroundings.ts';
import { tryChallenge } from './try-challenge.ts';

export interface HooksToRegister {
  readonly wanted: WantedHooks;
  /** Absent: nothing is changed, only said. */
  readonly secret: string | undefined;
}

/**
 * Brings the org's event hooks to what is wanted, and says what it did with each. Stopped anywhere, it goes on from there when it is run again.
 * @throws CommandFailure
 */
export async function registerHooks(api: OktaApi, { wanted, secret }: HooksToRegister, surroundings: Surroundings): Promise<void> {
  const plan = planHooks(await listHooks(api), wanted);
  if (plan.kind === 'name-taken')
    throw new CommandFailure('There are event hooks of this name that send elsewhere', [
      ...plan.hooks.map((hook) => `${title(hook)} sends to ${hook.channel.config.uri ?? 'an unknown place'}`),
      'Give --name another name, or --move to point these here.',
    ]);
  if (secret === undefined) surroundings.print('Nothing is changed; this is what would be done:');
  for (const step of plan.steps) {
    if (secret !== undefined) {
      const channel = { url: wanted.url, headerName: wanted.headerName, secret };
      const done = await takeStep(api, step, { channel, now: surroundings.now });
      surroundings.print(`${title(done)}: ${said(step)}${step.kind === 'create' || step.kind === 'change' ? '; verified' : ''}`);
    } else surroundings.print(`${step.kind === 'create' ? `"${step.name}"` : title(step.hook)}: ${said(step)}`);
    if (step.kind === 'leave') extraTypes(step.hook, wanted.types, surroundings.print);
  }
}

async function takeStep(api: OktaApi, step: HookStep, parts: { channel: HookChannel; now: () => number }): Promise<EventHook> {
  switch (step.kind) {
    case 'create':
      return verify(api, await createHook(api, { ...step, channel: parts.channel }), parts);
    case 'change': {
      const changed = await replaceHook(api, step.hook, { types: step.types, channel: parts.channel });
      if (changed.status !== 'ACTIVE') await moveHook(api, changed, 'activate');
      // Okta wants it after any change to where and how a hook sends, and sends nothing until then.
      return verify(api, changed, parts);
    }
    case 'deactivate':
      return moveHook(api, step.hook, 'deactivate');
    case 'leave':
      return step.hook;
  }
}

async function verify(api: OktaApi, hook: EventHook, { channel, now }: { channel: HookChannel; now: () => number }): Promise<EventHook> {
  const again = 'The hook is there but sends nothing until it is verified: put it right and run the command again.';
  try {
    const verified = await moveHook(api, hook, 'verify');
    if (isVerified(verified)) return verified;
  } catch (error) {
    if (!(error instanceof OktaRefusal) || error.status !== 400) throw error;
    throw new CommandFailure(`Okta could not verify ${title(hook)}`, [...error.advice, ...(await tryChallenge(channel, now)), again]);
  }
  throw new CommandFailure(`Okta took the verification of ${title(hook)} and still shows it as not verified`, [again]);
}

function title(hook: EventHook): string {
  return `"${hook.name}" (${hook.id})`;
}

function said(step: HookStep): string {
  switch (step.kind) {
    case 'create':
      return `new, with ${step.types.length} event ${step.types.length === 1 ? 'type' : 'types'}`;
    case 'change':
      return step.reasons.join(', ');
    case 'deactivate':
      return 'switched off: nothing it sends was asked for';
    case 'leave':
      return step.hook.status === 'ACTIVE' ? 'nothing to do' : 'switched off and not needed: left as it is';
  }
}

function extraTypes(hook: EventHook, wanted: readonly string[], print: (line: string) => void): void {
  const extra = hook.status === 'ACTIVE' ? hook.events.items.filter((type) => !wanted.includes(type)).length : 0;
  if (extra > 0) print(`  it also sends ${extra} event ${extra === 1 ? 'type' : 'types'} that nobody asked for; --exact takes them out`);
}
