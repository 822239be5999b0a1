import { functionSettings } from '#lib/config/function-settings.ts';
import { templateOf } from '../../infra/template-of.ts';
import { variants } from '../../infra/variants.ts';
import { idleUsage } from './idle.ts';
import type { Usage } from './prices.ts';

/** Columns of the page, by the variant of the stack that they show. */
const shown = { dev: 'dev', prod: 'prod', 'prod-existing-ready': 'prod, your cluster', 'prod-everything': 'prod, every option' } as const;

/** What each of them uses in a month without traffic, from templates that are made for it. */
export function idleStages(): Record<string, Usage> {
  const all = variants();
  return Object.fromEntries(
    Object.entries(shown).map(([name, title]) => {
      const variant = all.find((known) => known.name === name);
      if (variant === undefined) throw new Error(`There is no variant ${name} in infra/variants.ts`);
      return [title, idleUsage(templateOf(variant.stage), { warmGb: functionSettings['receive-hook'].memoryMb / 1_024 })];
    }),
  );
}
