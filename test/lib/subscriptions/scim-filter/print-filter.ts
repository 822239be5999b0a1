import type { Filter } from '#lib/subscriptions/scim-filter/filter.ts';

/** A filter as text, with parentheses wherever one filter stands in another. */
export function printFilter(filter: Filter): string {
  switch (filter.kind) {
    case 'and':
    case 'or':
      return filter.terms
        .map((term) => (term.kind === 'and' || term.kind === 'or' ? `(${printFilter(term)})` : printFilter(term)))
        .join(` ${filter.kind} `);
    case 'not':
      return `not (${printFilter(filter.term)})`;
    case 'present':
      return `${filter.path.join('.')} pr`;
    case 'compare':
      return `${filter.path.join('.')} ${filter.operator} ${JSON.stringify(filter.value)}`;
    case 'some':
      return `${filter.path.join('.')}[${printFilter(filter.element)}]`;
  }
}
