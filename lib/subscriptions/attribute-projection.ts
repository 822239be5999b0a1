import { changeDataSchema, changeSchema, type SequencedChange } from '../identity/change.ts';
import { placesOf, schemaAttribute } from './schema-attribute.ts';

export const attributeLimits = { paths: 50, pathLength: 200 } as const;

/**
 * What is sent whatever is asked for: without it a receiver could not tell whom a change is about, what happened, or whether it did.
 * Ids and words of Okta's and SCIM's vocabularies; no names and no addresses.
 */
export const alwaysSent: readonly string[] = [
  'org',
  'user.id',
  'group.id',
  'app.id',
  'app.userId',
  'actor.id',
  'scim.resourceType',
  'scim.id',
  'scim.operation',
  'okta.eventType',
  'okta.outcome.result',
  'okta.outcomeAssumed',
  'subscription.id',
  'reason',
];

/** What a path may begin with. */
export const attributeRoots: readonly string[] = Object.keys(changeDataSchema.shape);
/** CloudEvents attributes of our own contract: ids, types and times. One that is not in the contract is not known to be free of names. */
const eventAttributes: ReadonlySet<string> = new Set(Object.keys(changeSchema.shape).filter((name) => name !== 'data'));

const attributeName = /^\$?[A-Za-z][A-Za-z0-9_-]*$/;

/**
 * What is wrong with a path, in words for its author, or undefined. It is SCIM attribute notation (RFC 7644 §3.10): names joined by dots, from the
 * change's `data` inwards, or an attribute by its schema's URN. Why no value filters: docs/decisions/0018-what-an-attribute-path-is.md.
 */
export function attributePathProblem(path: string): string | undefined {
  if (path.length === 0 || path.length > attributeLimits.pathLength) return `must have 1 to ${attributeLimits.pathLength} characters`;
  if (/[[\]]/.test(path)) return 'cannot hold brackets: a path names members, and of a list it reaches every element';
  const qualified = path.includes(':') ? schemaAttribute(path) : undefined;
  if (qualified !== undefined && 'problem' in qualified) return qualified.problem;
  const names = qualified?.names ?? path.split('.');
  if (!names.every((name) => attributeName.test(name))) return 'must be names joined by dots, such as `user.userName`';
  if (qualified !== undefined) return undefined;
  const [root = '', inner, ...deeper] = names.map(folded);
  if (!attributeRoots.includes(root))
    return `begins with no member of a change's \`data\`; paths begin with one of ${attributeRoots.join(', ')}`;
  // A PatchOp without its operations' members is none: its parts mean nothing by themselves.
  return root === 'scim' && inner === 'patch' && deeper.length > 0 ? 'reaches into a PatchOp: ask for `scim.patch` as a whole' : undefined;
}

/**
 * The change with what is asked for and what is always sent; everything else is left out, members that nobody here has heard of
 * included. Total: a path that leads to nothing leaves nothing. It adds nothing, and does not touch its input.
 */
export function projected(change: SequencedChange, paths: readonly string[]): object {
  const wanted = treeOf([...alwaysSent, ...paths].flatMap((path) => namesOf(path, change.data.scim?.resourceType)));
  const data = Object.fromEntries(
    // The first name in its own spelling only, so that a stray member called `USER` is not taken for `user`.
    Object.entries(change.data).flatMap(([name, value]) => (attributeRoots.includes(name) ? kept(name, value, wanted) : [])),
  );
  return Object.fromEntries(
    Object.entries(change).flatMap(([name, value]): [string, unknown][] => {
      if (name === 'data') return [[name, data]];
      return eventAttributes.has(name) ? [[name, value]] : [];
    }),
  );
}

/** By folded name: what is wanted of a member, all of it or some of its own. */
type Tree = Map<string, Tree | 'whole'>;

/** What a path leads to, by names; a stored one that nobody would accept any more leads nowhere. */
function namesOf(path: string, resourceType: string | undefined): string[][] {
  if (!path.includes(':')) return [path.split('.')];
  const attribute = schemaAttribute(path);
  return 'problem' in attribute ? [] : placesOf(attribute, resourceType);
}

function treeOf(paths: readonly (readonly string[])[]): Tree {
  const tree: Tree = new Map();
  for (const names of paths) plant(tree, names.map(folded));
  return tree;
}

function plant(tree: Tree, [name = '', ...rest]: readonly string[]): void {
  const there = tree.get(name);
  if (there === 'whole') return;
  if (rest.length === 0) {
    tree.set(name, 'whole');
    return;
  }
  const below = there ?? new Map<string, Tree | 'whole'>();
  tree.set(name, below);
  plant(below, rest);
}

/** The member if something of it is wanted: as an entry, or nothing. */
function kept(name: string, value: unknown, tree: Tree): [string, unknown][] {
  const wanted = tree.get(folded(name));
  if (wanted === undefined) return [];
  const part = wanted === 'whole' ? value : partOf(value, wanted);
  return part === undefined ? [] : [[name, part]];
}

/** Undefined when nothing of it is wanted. As deep as the path at most, however deep the value. */
function partOf(value: unknown, tree: Tree): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (!Array.isArray(value)) {
    const entries = Object.entries(value).flatMap(([name, member]) => kept(name, member, tree));
    // `fromEntries` makes own members, of one called `__proto__` too.
    return entries.length === 0 ? undefined : Object.fromEntries(entries);
  }
  // A list stands for each of its elements; lists within lists are not looked into, as in filters.
  const parts = value.filter((element) => !Array.isArray(element)).map((element: unknown) => partOf(element, tree));
  const left = parts.filter((part) => part !== undefined);
  return left.length === 0 ? undefined : left;
}

/** SCIM names are ASCII and their case does not count. Other letters are left alone: some lower-case into ASCII. */
function folded(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
