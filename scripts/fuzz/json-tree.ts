/** JSON as a tree that can hold what no JavaScript value can: a key twice, `__proto__` as a key, numbers out of range, tokens that are no JSON. */
export type JsonNode = { readonly kind: 'raw'; readonly text: string } | JsonContainer;

export interface JsonContainer {
  kind: 'array' | 'object';
  readonly entries: JsonEntry[];
}
export interface JsonEntry {
  /** Not printed in arrays. */
  readonly key: string;
  readonly value: JsonNode;
}

/** The tree of a JSON text, or undefined for any other text. Meant for seeds: it recurses. */
export function readTree(text: string): JsonNode | undefined {
  try {
    return treeOf(JSON.parse(text));
  } catch {
    // A seed that is no JSON is mutated as bytes.
    return undefined;
  }
}

function treeOf(value: unknown): JsonNode {
  if (typeof value !== 'object' || value === null) return { kind: 'raw', text: JSON.stringify(value) };
  const entries = Object.entries(value).map(([key, inner]) => ({ key, value: treeOf(inner) }));
  return { kind: Array.isArray(value) ? 'array' : 'object', entries };
}

export function printTree(node: JsonNode): string {
  if (node.kind === 'raw') return node.text;
  if (node.kind === 'array') return `[${node.entries.map(({ value }) => printTree(value)).join(',')}]`;
  return `{${node.entries.map(({ key, value }) => `${JSON.stringify(key)}:${printTree(value)}`).join(',')}}`;
}

/** Every array and object of the tree, the root first. */
export function containersOf(node: JsonNode): JsonContainer[] {
  if (node.kind === 'raw') return [];
  return [node, ...node.entries.flatMap(({ value }) => containersOf(value))];
}
