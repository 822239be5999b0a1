/** Just enough of Markdown to hold tables against the code. */
export interface MarkdownTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Every table of a document, cells trimmed. A `\|` inside a cell is a bar. */
export function tablesOf(markdown: string): MarkdownTable[] {
  const tables: MarkdownTable[] = [];
  let block: string[][] = [];
  const close = (): void => {
    const [header, , ...rows] = block;
    if (header !== undefined) tables.push({ header, rows });
    block = [];
  };
  for (const line of markdown.split('\n')) {
    if (line.startsWith('|')) block.push(cellsOf(line));
    else close();
  }
  close();
  return tables;
}

function cellsOf(line: string): string[] {
  return line
    .trim()
    .replace(/^\||\|$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replaceAll('\\|', '|').trim());
}

/** The one table with this first column title. */
export function tableWith(markdown: string, firstColumn: string): MarkdownTable {
  const found = tablesOf(markdown).filter((table) => table.header[0] === firstColumn);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} tables begin with the column "${firstColumn}"`);
  return found[0];
}

export const withoutTicks = (cell: string): string => cell.replaceAll('`', '');

/** Headings with their level and the text below them up to the next heading. */
export function sectionsOf(markdown: string): { level: number; heading: string; text: string }[] {
  return markdown
    .replaceAll(/^```[\s\S]*?^```/gm, '')
    .split(/^(?=#{1,6} )/m)
    .flatMap((part) => {
      const [, marks, heading] = /^(#{1,6}) (.+)/.exec(part) ?? [];
      return marks === undefined || heading === undefined
        ? []
        : [{ level: marks.length, heading, text: part.slice(part.indexOf('\n') + 1).trim() }];
    });
}

/** The anchor that the usual renderers give a heading. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\- ]/gu, '')
    .replaceAll(' ', '-');
}
