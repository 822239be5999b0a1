import { describe, expect, it } from 'vitest';
import { parseJson } from '../../cli/okta-failure.ts';

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

describe("an answer's body", () => {
  it('is read as JSON', () => {
    expect(parseJson('{"id":"who1"}')).toEqual({ id: 'who1' });
  });

  it.each(['', '{', '<html>', nested(111), nested(50_000)])(
    'is nothing when it is no JSON or deeper than can be worked with (row %#)',
    (text) => {
      expect(parseJson(text)).toBeUndefined();
    },
  );
});
