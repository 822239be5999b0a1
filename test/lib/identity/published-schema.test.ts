import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { changeSchemaText } from '../../../scripts/generate-schemas.ts';
import { changeOf, eventWith } from './acme.ts';
import { publishedSchemaErrors } from './change-rules.ts';

describe('docs/schemas/identity-change.v1.json', () => {
  it('is what the zod schema says', () => {
    const published = readFileSync(new URL('../../../docs/schemas/identity-change.v1.json', import.meta.url), 'utf8');
    expect(published).toBe(changeSchemaText());
  });

  it('refuses what is not a change', () => {
    const errors = publishedSchemaErrors();
    const change = changeOf(eventWith({}));
    expect(errors(change)).toEqual([]);
    expect(errors({ ...change, somethingNew: 1 })).toEqual([]);
    for (const broken of [
      { id: '' },
      { time: 'today' },
      { sequence: '1-1' },
      { source: 'acme' },
      { origin: 'fax' },
      { data: {} },
      { specversion: '0.1' },
    ]) {
      expect(errors({ ...change, ...broken })).not.toEqual([]);
    }
  });
});
