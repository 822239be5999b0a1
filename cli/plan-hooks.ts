import { isActive, isVerified, sendsTo, type EventHook } from './event-hook.ts';

/** Most event types of one hook. https://developer.okta.com/docs/concepts/event-hooks/#event-hook-limits */
const maxTypesPerHook = 300;

export interface WantedHooks {
  readonly types: readonly string[];
  readonly url: string;
  readonly headerName: string;
  /** Of a new hook; a second one is `name 2`. */
  readonly name: string;
  /** Types nobody asked for are taken out. */
  readonly exact: boolean;
  readonly setSecret: boolean;
  /** Hooks of that name that send elsewhere are pointed here. */
  readonly move: boolean;
}

export type HookStep =
  | { readonly kind: 'create'; readonly name: string; readonly types: readonly string[] }
  | { readonly kind: 'change'; readonly hook: EventHook; readonly types: readonly string[]; readonly reasons: readonly string[] }
  | { readonly kind: 'deactivate'; readonly hook: EventHook }
  | { readonly kind: 'leave'; readonly hook: EventHook };

export type HookPlan =
  | { readonly kind: 'steps'; readonly steps: readonly HookStep[] }
  /** These have the name and send elsewhere: perhaps another stage's. */
  | { readonly kind: 'name-taken'; readonly hooks: readonly EventHook[] };

/**
 * What makes the org's hooks send the wanted types to the URL, each by one of our hooks, none in more hooks than needed. Types stay in the hook
 * that sends them, so that after each step all is sent that was sent before and is wanted. Applied and planned again, there is nothing left to do.
 */
export function planHooks(present: readonly EventHook[], wanted: WantedHooks, limit = maxTypesPerHook): HookPlan {
  const named = (hook: EventHook): boolean => hook.name.startsWith(wanted.name) && /^( [0-9]+)?$/.test(hook.name.slice(wanted.name.length));
  const elsewhere = present.filter((hook) => sendsTo(hook, wanted.url) === false && named(hook));
  if (elsewhere.length > 0 && !wanted.move) return { kind: 'name-taken', hooks: elsewhere };
  const ours = present.filter((hook) => sendsTo(hook, wanted.url) ?? named(hook)).concat(elsewhere);

  const remaining = new Set(wanted.types);
  const isSending = (hook: EventHook): boolean => isVerified(hook) && sendsTo(hook, wanted.url) !== false;
  // A type that several have stays in one that sends it already, not in one that has yet to be verified.
  const active = ours
    .filter(isActive)
    .sort((one, other) => Number(isSending(other)) - Number(isSending(one)))
    .map((hook) => ({ hook, types: keptTypes(hook, remaining, wanted.exact) }));
  const steps = [
    ...active.map(({ hook, types }) => stepFor(hook, filledUp(types, remaining, limit), wanted)),
    ...ours.filter((hook) => !isActive(hook)).map((hook) => stepFor(hook, filledUp([], remaining, limit), wanted)),
  ];
  const taken = new Set(present.map(({ name }) => name));
  while (remaining.size > 0) steps.push({ kind: 'create', name: freeName(wanted.name, taken), types: filledUp([], remaining, limit) });
  return { kind: 'steps', steps };
}

/** What an active hook goes on sending. What it has is nobody else's any more. */
function keptTypes(hook: EventHook, remaining: Set<string>, exact: boolean): string[] {
  const kept = [...new Set(hook.events.items)].filter((type) => !exact || remaining.has(type));
  for (const type of kept) remaining.delete(type);
  return kept;
}

/** Takes out of `remaining` what there is room for. */
function filledUp(types: readonly string[], remaining: Set<string>, limit: number): string[] {
  const added = [...remaining].sort().slice(0, Math.max(0, limit - types.length));
  for (const type of added) remaining.delete(type);
  return [...types, ...added].sort();
}

function stepFor(hook: EventHook, types: readonly string[], wanted: WantedHooks): HookStep {
  if (types.length === 0) return isActive(hook) ? { kind: 'deactivate', hook } : { kind: 'leave', hook };
  const reasons = reasonsToChange(hook, types, wanted);
  return reasons.length === 0 ? { kind: 'leave', hook } : { kind: 'change', hook, types, reasons };
}

function reasonsToChange(hook: EventHook, types: readonly string[], wanted: WantedHooks): string[] {
  const added = types.filter((type) => !hook.events.items.includes(type)).length;
  const takenOut = hook.events.items.filter((type) => !types.includes(type)).length;
  const key = hook.channel.config.authScheme?.key ?? '';
  return [
    ...(added > 0 ? [`${added} event ${added === 1 ? 'type' : 'types'} added`] : []),
    ...(takenOut > 0 ? [`${takenOut} taken out`] : []),
    ...(sendsTo(hook, wanted.url) === false ? ['pointed here'] : []),
    ...(key.toLowerCase() === wanted.headerName.toLowerCase() ? [] : [`secret in ${wanted.headerName}`]),
    ...(isActive(hook) ? [] : ['switched on']),
    // Whatever keeps it from being verified, a wrong secret at Okta may be it, and nobody can see that one.
    ...(isVerified(hook) ? [] : ['was not verified']),
    ...(wanted.setSecret ? ['secret set'] : []),
  ];
}

function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name} ${number}`;
  taken.add(free);
  return free;
}
