import fc from 'fast-check';
import { expect, it } from 'vitest';
import { changeSchema, type SequencedChange } from '#lib/identity/change.ts';
import { alwaysSent, attributePathProblem, attributeRoots, projected } from '#lib/subscriptions/attribute-projection.ts';
import { scaled } from '../../support/scale.ts';
import { publishedSchemaErrors } from '../identity/change-rules.ts';
import { changeFixtures } from '../identity/fixtures.ts';

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const names = [
  'id',
  'userName',
  'displayName',
  'DISPLAYNAME',
  'value',
  'type',
  'constructor',
  'toString',
  '__proto__',
  'name',
  'patch',
  enterprise,
];
const json = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 4 }, fc.string({ maxLength: 8 }), fc.integer(), fc.constant(null), tie('object'), fc.array(tie('value'), { maxLength: 3 })),
  object: fc.array(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries) as unknown),
})); // prettier-ignore

/** A change of the fixtures, with members planted that no version of the contract knows. */
const change = fc
  .record({
    base: fc.constantFrom(...[...changeFixtures.values()].map(({ expected }) => expected)),
    planted: fc.dictionary(fc.constantFrom('user', 'group', 'app', 'actor', 'okta', 'extra', 'USER', 'reason'), json.object, {
      maxKeys: 4,
    }),
    resource: json.object,
    event: json.value,
    beside: json.value,
  })
  .map(({ base, planted, resource, event, beside }) => {
    const data = structuredClone(base.data) as Record<string, unknown>;
    for (const [name, value] of Object.entries(planted)) {
      // What the contract asks for stays as it is: planted members come beside it.
      if (['user', 'group', 'app', 'actor', 'okta'].includes(name) && typeof data[name] !== 'object') continue;
      data[name] = name === 'reason' ? 'failing' : { ...(value as object), ...(data[name] as object | undefined) };
    }
    if (typeof data['scim'] === 'object') data['scim'] = { ...data['scim'], resource };
    data['okta'] = { ...(data['okta'] as object), event };
    const text = JSON.stringify({ ...base, sequence: '1795265922340-0000000000000000042', data, beside });
    return JSON.parse(text) as SequencedChange;
  })
  .filter((candidate) => changeSchema.safeParse(candidate).success);

const simpleNames = names.filter((name) => name !== '__proto__' && name !== enterprise);
const dotted = fc
  .tuple(fc.constantFrom(...attributeRoots), fc.array(fc.constantFrom(...simpleNames, 'resource', 'event', 'eventType'), { maxLength: 3 }))
  .map(([root, rest]) => [root, ...rest].join('.')); // prettier-ignore
const coreUrns = { user: 'urn:ietf:params:scim:schemas:core:2.0:User', group: 'urn:ietf:params:scim:schemas:core:2.0:Group' };
const qualified = fc
  .tuple(fc.constantFrom(coreUrns.user, coreUrns.group, enterprise), fc.array(fc.constantFrom(...simpleNames), { minLength: 1, maxLength: 2 }))
  .map(([urn, attribute]) => `${urn}:${attribute.join('.')}`); // prettier-ignore
const path = fc.oneof(dotted, qualified).filter((text) => attributePathProblem(text) === undefined);

interface Leaf {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Every scalar and every empty thing, with the names that lead to it; elements of lists have the name of their list. */
function leaves(value: unknown, at: readonly string[] = []): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path: at, value }];
  const inner = Array.isArray(value) ? value.flatMap((element) => leaves(element, at)) : Object.entries(value).flatMap(([name, member]) => leaves(member, [...at, name])); // prettier-ignore
  return inner.length === 0 ? [{ path: at, value: Array.isArray(value) ? '[]' : '{}' }] : inner;
}

/** Whether all of `part` is in `whole`, in its place: members by name, elements in order. */
function isWithin(part: unknown, whole: unknown): boolean {
  if (typeof part !== 'object' || part === null || typeof whole !== 'object' || whole === null) return Object.is(part, whole);
  if (Array.isArray(part) !== Array.isArray(whole)) return false;
  if (Array.isArray(part)) {
    let next = 0;
    return part.every((element) => {
      const found = (whole as unknown[]).findIndex((candidate, index) => index >= next && isWithin(element, candidate));
      next = found + 1;
      return found !== -1;
    });
  }
  return Object.entries(part).every(([name, member]) => Object.hasOwn(whole, name) && isWithin(member, Reflect.get(whole, name)));
}

const lower = (text: string) => text.toLowerCase();
const isBelow = (leaf: Leaf, steps: readonly string[]): boolean =>
  steps.every((step, index) => lower(leaf.path[index] ?? '') === lower(step)) && leaf.path[0] === steps[0];

/** As docs/subscribers.md says it: where the attribute of a path is in a change with a SCIM resource of this type. */
function placesOf(wanted: string, resourceType: string | undefined): string[][] {
  if (wanted.startsWith(`${enterprise}:`)) return [['scim', 'resource', enterprise, ...wanted.slice(enterprise.length + 1).split('.')]];
  for (const [of, urn] of Object.entries(coreUrns)) {
    if (!wanted.startsWith(`${urn}:`)) continue;
    const attribute = wanted.slice(urn.length + 1).split('.');
    const shown = of === 'user' ? ['id', 'userName', 'displayName'] : ['id', 'displayName'];
    return [
      ...(shown.map(lower).includes(lower(attribute[0] ?? '')) ? [[of, ...attribute]] : []),
      ...(lower(resourceType ?? '') === of ? [['scim', 'resource', ...attribute]] : []),
    ];
  }
  return [wanted.split('.')];
}

const isAskedFor = (leaf: Leaf, paths: readonly string[], resourceType: string | undefined): boolean =>
  [...alwaysSent, ...paths].some((wanted) => placesOf(wanted, resourceType).some((steps) => isBelow(leaf, steps)));

const schemaErrors = publishedSchemaErrors();

it('is a part of the change, holds no value that was not asked for and every one that was, and is a change by the published schema', () => {
  let asked = 0;
  let askedByUrn = 0;
  fc.assert(
    fc.property(change, fc.array(path, { maxLength: 4 }), (whole, paths) => {
      const resourceType = whole.data.scim?.resourceType;
      const sent = JSON.parse(JSON.stringify(projected(whole, paths))) as SequencedChange;
      expect(isWithin(sent, whole)).toBe(true);
      expect(leaves(sent.data).filter((leaf) => !isAskedFor(leaf, paths, resourceType))).toEqual([]);
      expect(schemaErrors(sent)).toEqual([]);
      expect(changeSchema.safeParse(sent).error).toBeUndefined();
      // It is narrowed when it is queued and at each attempt.
      expect(JSON.parse(JSON.stringify(projected(sent, paths)))).toEqual(sent);

      // Lists within lists are not looked into, so only what they do not hide is sure to be there.
      const shown = new Set(leaves(sent.data).map(({ path: at, value }) => JSON.stringify([at, value])));
      const wanted = leaves(withoutInnerLists(whole.data)).filter(
        (leaf) => isAskedFor(leaf, paths, resourceType) && leaf.value !== '[]' && leaf.value !== '{}',
      );
      expect(wanted.filter(({ path: at, value }) => !shown.has(JSON.stringify([at, value])))).toEqual([]);
      asked += wanted.length;
      askedByUrn += wanted.filter(
        (leaf) =>
          !isAskedFor(
            leaf,
            paths.filter((one) => !one.includes(':')),
            resourceType,
          ),
      ).length;
    }),
    { numRuns: scaled(20_000, 1_000) },
  );
  expect(asked).toBeGreaterThan(1_000);
  expect(askedByUrn).toBeGreaterThan(20);
});

function withoutInnerLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((element) => !Array.isArray(element)).map(withoutInnerLists);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutInnerLists(member)]));
}
