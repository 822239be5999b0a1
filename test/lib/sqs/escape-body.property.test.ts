import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeBody } from '#lib/sqs/escape-body.ts';

/** What SendMessage's reference allows in a body, less what lies beyond the BMP. */
const allowed = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd]*$/;
/** Any UTF-16 unit, in any order: pairs, halves of pairs and noncharacters among them. */
const anyText = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.constantFrom(0x22, 0x5c, 0xd83e, 0xdee0, 0xfffe, 0xffff)))
  .map((units) => String.fromCharCode(...units));
const anyJson = fc.oneof(fc.jsonValue({ stringUnit: 'binary' }), fc.dictionary(anyText, fc.oneof(anyText, fc.array(anyText))));

describe('escapeBody', () => {
  it('leaves the value as it was, whatever JSON it is', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(JSON.parse(escapeBody(JSON.stringify(value)))).toStrictEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('leaves only characters that SQS takes', () => {
    fc.assert(
      fc.property(anyJson, (value) => {
        expect(escapeBody(JSON.stringify(value))).toMatch(allowed);
      }),
    );
  });

  it('also escapes what JSON allows and JSON.stringify leaves as it is', () => {
    expect(escapeBody('"\ufffe\uffff"')).toBe(String.raw`"\ufffe\uffff"`);
    expect(escapeBody('"\ud800x\udfff"')).toBe(String.raw`"\ud800x\udfff"`);
    expect(escapeBody('"🫠"')).toBe(String.raw`"\ud83e\udee0"`);
  });

  it('changes nothing in a body of ordinary text', () => {
    const body = JSON.stringify({ displayName: 'Ana Itō', note: 'tab\tline\n' });
    expect(escapeBody(body)).toBe(body);
  });
});
