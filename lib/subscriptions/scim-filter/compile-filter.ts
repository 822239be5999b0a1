import { changeDataSchema, type Change } from '../../identity/change.ts';
import { predicateOf } from './evaluate.ts';
import { unlimitedWork, type FilterWork } from './filter-work.ts';
import type { AttributePath, Filter } from './filter.ts';
import { nameInWords } from './name-in-words.ts';
import { isSameName } from './own-values.ts';
import { parseFilter } from './parser.ts';

export type CompiledFilter =
  /** `work`: what it may do, unlimited unless told; once it is negative the answer means nothing. */
  | { readonly kind: 'compiled'; readonly matches: (change: Change, work?: FilterWork) => boolean }
  /** `detail` is a sentence for the author of the filter. */
  | { readonly kind: 'invalid'; readonly detail: string };

/** CloudEvents attributes that a filter reaches by name, next to the members of `data`. */
const eventAttributes = ['id', 'source', 'type', 'subject', 'time', 'origin'] as const;

/** What a path may begin with. A name from nowhere would never match, in silence; so it is refused. */
export const filterRoots: readonly string[] = [...eventAttributes, ...Object.keys(changeDataSchema.shape)];

/** Parses the filter and ties it to changes. Answers `invalid` for whatever a filter's author can do wrong; never throws. */
export function compileFilter(text: string): CompiledFilter {
  const parsed = parseFilter(text);
  if (parsed.kind === 'invalid') return { kind: 'invalid', detail: `${parsed.detail} (at character ${parsed.position + 1})` };
  const unknown = rootsOf(parsed.filter).find((root) => canonicalRoot(root) === undefined);
  if (unknown !== undefined)
    return { kind: 'invalid', detail: `a change has no ${nameInWords(unknown)}; paths begin with one of ${filterRoots.join(', ')}` };
  const predicate = predicateOf(withCanonicalRoots(parsed.filter));
  return { kind: 'compiled', matches: (change, work = unlimitedWork()) => predicate(rootOf(change), work) };
}

/** Made once for a change, however many filters ask for it: with thousands of members in `data` it takes milliseconds. */
const roots = new WeakMap<Change, object>();

function rootOf(change: Change): object {
  const root = roots.get(change) ?? newRootOf(change);
  roots.set(change, root);
  return root;
}

/** The event's own attributes win over a member of `data` with the same name. */
function newRootOf(change: Change): object {
  const attributes = Object.fromEntries(eventAttributes.flatMap((name) => (change[name] === undefined ? [] : [[name, change[name]]])));
  return { ...change.data, ...attributes };
}

/** A path's first name in the change's own spelling, so that `USER.id` cannot be caught by another member that happens to be called `USER`. */
function canonicalRoot(name: string): string | undefined {
  return filterRoots.find((root) => isSameName(root, name));
}

function rootsOf(filter: Filter): string[] {
  if (filter.kind === 'and' || filter.kind === 'or') return filter.terms.flatMap(rootsOf);
  return filter.kind === 'not' ? rootsOf(filter.term) : [filter.path[0]];
}

function withCanonicalRoots(filter: Filter): Filter {
  if (filter.kind === 'and' || filter.kind === 'or') return { ...filter, terms: filter.terms.map(withCanonicalRoots) };
  if (filter.kind === 'not') return { ...filter, term: withCanonicalRoots(filter.term) };
  const [first, ...rest] = filter.path;
  const path: AttributePath = [canonicalRoot(first) ?? first, ...rest];
  return { ...filter, path };
}
