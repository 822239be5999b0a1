import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { signWebhook } from '#lib/webhooks/sign.ts';
import { changeDataSchema } from '#lib/identity/change.ts';
import { alwaysSent, attributePathProblem } from '#lib/subscriptions/attribute-projection.ts';
import { jwkOf, keyPairOf } from '#lib/subscriptions/ed25519-keys.ts';

const document = readFileSync(new URL('../../../docs/subscribers.md', import.meta.url), 'utf8');
const sectionOf = (title: string) => document.slice(document.indexOf(`## ${title}\n`)).split(/\n##? /)[0] ?? '';
const namesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

describe('docs/subscribers.md, on less than everything', () => {
  const text = sectionOf('Less than everything');
  const rows = [...text.matchAll(/^\| `(data[^`]*)` \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, of = '', always = '', asked = '']) => {
    const prefix = of === 'data' ? '' : `${of.slice('data.'.length)}.`;
    return { always: namesIn(always).map((name) => prefix + name), asked: namesIn(asked).map((name) => prefix + name) };
  });

  it('lists what is always sent, and nothing else', () => {
    expect(rows.flatMap(({ always }) => always).toSorted()).toEqual([...alwaysSent].toSorted());
  });

  it('lists every other member of the contract as one that can be asked for', () => {
    const asked = rows.flatMap(({ asked: names }) => names);
    for (const path of asked) expect({ path, problem: attributePathProblem(path) }).toEqual({ path, problem: undefined });
    const members = Object.entries(changeDataSchema.shape).flatMap(([name, schema]) => {
      const inner = 'unwrap' in schema ? schema.unwrap() : schema;
      return 'shape' in inner ? Object.keys(inner.shape).map((member) => `${name}.${member}`) : [name];
    });
    const listed = new Set([...asked, ...alwaysSent]);
    expect(members.filter((member) => !listed.has(member) && member !== 'okta.outcome')).toEqual([]);
  });

  it('names paths that can be asked for', () => {
    const examples = namesIn(/`data` inwards: ([^\n]+?)\. It stands/.exec(text)?.[1] ?? '');
    expect(examples.length).toBeGreaterThan(3);
    for (const path of examples) expect(attributePathProblem(path)).toBeUndefined();
  });
});

describe('docs/subscribers.md, on public keys', () => {
  it('shows code that verifies what we sign, and nothing that was altered', async () => {
    const text = document.slice(document.indexOf('### With a public key'));
    const code = /```js\n([\s\S]*?)```/.exec(text)?.[1] ?? '';
    const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(`${code}\nexport { isFromRelay };`)}`)) as {
      isFromRelay(keys: readonly JsonWebKey[], headers: Record<string, string>, body: Buffer): boolean;
    };
    const [mine, other] = [keyPairOf(Buffer.alloc(32, 1)), keyPairOf(Buffer.alloc(32, 2))];
    const keysOf = (...pairs: { publicKey: string }[]) => pairs.map(({ publicKey }) => jwkOf(publicKey) as JsonWebKey);
    const body = Buffer.from('{"displayName":"Žofie 🙂 Ito"}');
    const headers = signWebhook({ id: 'change-1', at: new Date(0), body, secrets: [`whsec_${Buffer.alloc(32).toString('base64')}`, mine.secret] }); // prettier-ignore
    expect(createPublicKey({ key: keysOf(mine)[0] ?? {}, format: 'jwk' }).asymmetricKeyType).toBe('ed25519');
    expect(module.isFromRelay(keysOf(other, mine), headers, body)).toBe(true);
    expect(module.isFromRelay(keysOf(other), headers, body)).toBe(false);
    expect(module.isFromRelay(keysOf(mine), { ...headers, 'webhook-timestamp': '1' }, body)).toBe(false);
    expect(module.isFromRelay(keysOf(mine), headers, Buffer.concat([body, Buffer.from(' ')]))).toBe(false);
  });
});
