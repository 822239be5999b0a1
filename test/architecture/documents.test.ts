import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { errorCodes } from '#lib/errors.ts';
import { variables, type Variable } from '#lib/config/variables.ts';
import { failureSchedule, refusalSchedule } from '#lib/webhooks/retry-schedule.ts';
import { changeSchema } from '#lib/identity/change.ts';
import { changeTypes } from '#lib/identity/change-types.ts';
import { normalise } from '#lib/identity/normalise.ts';
import { readLogEvent } from '#lib/okta/log-event.ts';
import { orgSchema } from '#lib/okta/org.ts';
import { quarantineReasons } from '#lib/quarantine/quarantine.ts';
import { helpText, parseOptions } from '../../local/options.ts';
import { anchorOf, sectionsOf, tableWith, withoutTicks } from './markdown.ts';
import { listFiles, readJson, readText, repositoryRoot } from './repository.ts';

const defaultOf = (definition: Variable<unknown>): string => {
  if (!('fallback' in definition)) return 'required';
  return definition.fallback === undefined ? 'none' : JSON.stringify(definition.fallback).replaceAll('"', '');
};

describe('docs/configuration.md', () => {
  const document = readText('docs/configuration.md');

  it('names each variable with its default and example, and no other', () => {
    const rows = tablesRows('variable', document, 'ORGS_TABLE').map(([name, fallback, example]) =>
      [name, fallback, example].map((cell) => withoutTicks(cell ?? '')),
    );
    const expected = Object.entries<Variable<unknown>>(variables).map(([name, definition]) => [
      name,
      defaultOf(definition),
      definition.example,
    ]);
    expect(rows).toEqual(expected);
  });

  it('says which variables are secret', () => {
    const rows = tablesRows('variable', document, 'ORGS_TABLE');
    const secret = rows.filter((row) => row[3]?.startsWith('secret:')).map(([name]) => withoutTicks(name ?? ''));
    expect(secret).toEqual(Object.entries<Variable<unknown>>(variables).flatMap(([name, definition]) => (definition.secret ? [name] : [])));
  });

  it('names the flags of local mode that --help names, and no other', () => {
    const documented = tableWith(document, 'flag').rows.map(([flag]) => withoutTicks(flag ?? ''));
    const offered = [...helpText.matchAll(/^ {2}(--[a-z-]+(?: [A-Z]+)?) {2,}/gm)].map(([, flag]) => flag);
    expect(offered.length).toBeGreaterThan(0);
    expect(documented).toEqual(offered);
  });
});

describe('the file for orgs in docs/configuration.md', () => {
  const folder = mkdtempSync(join(tmpdir(), 'orgs-file-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('is one that local mode takes', () => {
    const example = /^```json\n([\s\S]*?)^```$/m.exec(readText('docs/configuration.md'))?.[1] ?? '';
    writeFileSync(join(folder, 'orgs.json'), example);
    expect(parseOptions(['--config', join(folder, 'orgs.json')])).toMatchObject({
      kind: 'options',
      options: { orgs: [{ kind: 'file', definition: { id: 'acme' } }] },
    });
  });
});

/** Two tables of the document begin with this column; the one with the given row is meant. */
function tablesRows(firstColumn: string, document: string, row: string): readonly (readonly string[])[] {
  const part = document.split(/^## /m).find((section) => section.includes(`| \`${row}\` |`));
  return tableWith(part ?? '', firstColumn).rows;
}

describe('docs/errors.md', () => {
  const document = readText('docs/errors.md');
  const sections = sectionsOf(document);

  it('has a row for each error code as the code table says, and no other', () => {
    const rows = tableWith(document, 'code').rows.map((row) => row.map(withoutTicks));
    expect(rows).toEqual(Object.entries(errorCodes).map(([code, row]) => [code, String(row.httpStatus), row.queueVerdict, row.blame]));
  });

  it('has under each code its own heading, which says what to do, and no other', () => {
    const entries = sections.filter(({ level }) => level === 3);
    expect(entries.map(({ heading }) => heading)).toEqual(Object.values(errorCodes).map(({ heading }) => heading));
    for (const [index, code] of Object.keys(errorCodes).entries())
      expect(entries[index]?.text).toMatch(new RegExp(`^\`${code}\`\\.[\\s\\S]*\\*\\*Do:\\*\\*`));
  });

  it('has a row for each quarantine reason, with what it means and what to do, and no other', () => {
    const { rows } = tableWith(document, 'reason');
    expect(rows.map(([reason]) => withoutTicks(reason ?? ''))).toEqual([...quarantineReasons]);
    expect(rows.filter((row) => row.length !== 3 || row.some((cell) => cell.length < 5))).toEqual([]);
  });
});

describe('docs/subscribers.md', () => {
  const document = readText('docs/subscribers.md');

  it('has the table of change types that the code has', () => {
    const rows = tableWith(document, 'Okta event type').rows.map((row) => row.map(withoutTicks));
    expect(rows).toEqual(changeTypes.map((row) => [row.eventType, row.type, row.stateKey ?? 'fact', row.scim?.operation ?? '–']));
  });

  it('shows a change that the schema accepts', () => {
    const example = /^```json\n([\s\S]*?)^```$/m.exec(document)?.[1] ?? '';
    expect(changeSchema.safeParse(JSON.parse(example)).error).toBeUndefined();
  });

  it('has the retry schedule that the code has', () => {
    const { header, rows } = tableWith(document, 'attempt');
    const units: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 };
    const waits = (rows[0] ?? []).slice(1).map((cell) => {
      const [amount, unit] = cell.split(' ');
      return cell === '–' ? 0 : Number(amount) * (units[unit ?? ''] ?? Number.NaN);
    });
    expect(header.slice(1)).toEqual(failureSchedule.map((_, index) => String(index + 1)));
    expect(waits).toEqual(failureSchedule);
  });

  it('keeps its word on answers that will not change: three attempts within 35 minutes', () => {
    expect(refusalSchedule.length).toBe(3);
    expect(refusalSchedule.reduce((sum, wait) => sum + wait, 0)).toBeLessThan(35 * 60_000);
  });
});

describe('README.md', () => {
  const document = readText('README.md');

  it('gives exactly two commands, and package.json has the scripts behind them', () => {
    const commands = [...document.matchAll(/^```sh\n(npm [^\n]+)\n```$/gm)].map(([, command]) => command);
    expect(commands).toEqual(['npm ci && npm start', 'npm ci && npm test']);
    expect(readJson('package.json').scripts).toMatchObject({
      start: expect.stringContaining('node local/main.ts'),
      test: expect.stringContaining('node scripts/test.ts'),
    });
  });

  it('is tested by CI with the same command', () => {
    expect(readText('.ci/run')).toContain('npm ci && npm test');
  });

  it('sends an event that the relay reads', () => {
    const command = /^curl -i [\s\S]*? -d '([\s\S]*?)'\n```$/m.exec(document)?.[1] ?? '';
    const body = command.replace(/'"\$\(node .*?\)"'/, 'e4f8').replace(/'"\$\(date .*?\)"'/, '2026-11-21T12:58:42.000Z');
    const [sent] = (JSON.parse(body) as { data: { events: unknown[] } }).data.events;
    const read = readLogEvent(sent);
    const org = orgSchema.parse({
      id: 'acme',
      hosts: ['acme.okta.com'],
      authentication: [{ kind: 'header', headerName: 'authorization', digests: ['0'.repeat(64)] }],
    });
    const change = read.kind === 'readable' ? normalise(read.event, { org, receivedAt: new Date(0), origin: 'hook' }) : undefined;
    expect(change?.type).toBe('identity.user.deactivated');
  });

  it('fits on one screen', () => {
    expect(document.split('\n').length).toBeLessThanOrEqual(60);
  });
});

describe('links', () => {
  const documents = listFiles(repositoryRoot, '{*.md,docs/**/*.md,lib/**/*.md,test/**/*.md}');

  it.each(documents)('of %s lead somewhere', (file) => {
    const text = readText(file).replaceAll(/^```[\s\S]*?^```/gm, '');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '').filter((target) => !/^[a-z]+:/.test(target));
    const dead = targets.filter((target) => {
      const [path = '', anchor] = target.split('#');
      const linked = path === '' ? file : normalize(join(dirname(file), path));
      if (!existsSync(join(repositoryRoot, linked))) return true;
      return anchor !== undefined && !sectionsOf(readText(linked)).some(({ heading }) => anchorOf(heading) === anchor);
    });
    expect(dead).toEqual([]);
  });
});

describe('docs/README.md', () => {
  it('lists every document', () => {
    const list = readText('docs/README.md');
    const documents = listFiles(repositoryRoot, 'docs/*.md').filter((file) => file !== 'docs/README.md');
    expect(documents.filter((file) => !list.includes(`(${file.slice('docs/'.length)})`))).toEqual([]);
  });
});

describe('docs/decisions', () => {
  const records = listFiles(repositoryRoot, 'docs/decisions/[0-9]*.md');

  it('are numbered without gaps, short, and listed', () => {
    expect(records.map((file) => Number(file.slice('docs/decisions/'.length).slice(0, 4)))).toEqual(records.map((_, index) => index + 1));
    expect(records.filter((file) => readText(file).split('\n').length > 26)).toEqual([]);
    const list = readText('docs/decisions/README.md');
    expect(records.filter((file) => !list.includes(`(${file.slice('docs/decisions/'.length)})`))).toEqual([]);
  });
});

describe('docs/architecture.md', () => {
  it('names every function', () => {
    const document = readText('docs/architecture.md');
    for (const name of readdirSync(join(repositoryRoot, 'functions'))) expect(document.includes(name), name).toBe(true);
  });
});
