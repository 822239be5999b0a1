import { describe, expect, it } from 'vitest';
import { readAdvisories } from '../../scripts/supply-chain/advisories.ts';

const lock = {
  lockfileVersion: 3,
  packages: {
    'node_modules/served': { version: '1.0.0' },
    'node_modules/tool': { version: '1.0.0', dev: true },
    'node_modules/tool/node_modules/deep': { version: '1.0.0', dev: true },
    'node_modules/deep': { version: '2.0.0' },
  },
};
const flaw = (name: string) => ({
  source: 1,
  name,
  dependency: name,
  title: `A flaw of ${name}`,
  url: `https://github.com/advisories/GHSA-${name}`,
  severity: 'high',
  range: '<2.0.0',
});
const printed = (vulnerabilities: object) => JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: {} });
const read = (vulnerabilities: object) => readAdvisories(printed(vulnerabilities), lock);

describe('what npm audit prints', () => {
  it('is no advisory where there is none', () => {
    expect(read({})).toEqual({ kind: 'report', advisories: [] });
  });

  it('tells what is shipped from what is a tool, by every place a package is at', () => {
    const report = read({
      served: { nodes: ['node_modules/served'], via: [flaw('served')] },
      tool: { nodes: ['node_modules/tool'], via: [flaw('tool')] },
      deep: { nodes: ['node_modules/tool/node_modules/deep', 'node_modules/deep'], via: [flaw('deep')] },
    });
    expect(report).toMatchObject({
      advisories: [
        { name: 'served', isShipped: true, severity: 'high', range: '<2.0.0', url: 'https://github.com/advisories/GHSA-served' },
        { name: 'tool', isShipped: false },
        { name: 'deep', isShipped: true },
      ],
    });
  });

  it('counts a place that the lock file does not have as shipped', () => {
    expect(read({ odd: { nodes: ['node_modules/odd'], via: [flaw('odd')] } })).toMatchObject({ advisories: [{ isShipped: true }] });
  });

  it('names a flaw once, at the package that has it', () => {
    const report = read({ served: { nodes: ['node_modules/served'], via: ['deep'] }, deep: { nodes: ['node_modules/deep'], via: [flaw('deep')] } }); // prettier-ignore
    expect(report).toMatchObject({ advisories: [{ name: 'deep' }] });
  });

  it.each([
    [
      'an answer of the registry that is none',
      '{"message":"405 Method Not Allowed","error":{"summary":"","detail":""}}',
      '405 Method Not Allowed',
    ],
    ['no network', '{"error":{"code":"ENOTFOUND","summary":"getaddrinfo ENOTFOUND","detail":""}}', 'getaddrinfo ENOTFOUND'],
    ['nothing at all', '', 'no JSON'],
    ['another version', '{"auditReportVersion":1,"advisories":{}}', 'no report of a version'],
    ['a report without its list', '{"auditReportVersion":2}', 'no report of a version'],
  ])('is no report after %s: that is said, and never that there are none', (_, text, reason) => {
    expect(readAdvisories(text, lock)).toEqual({ kind: 'unreachable', reason: expect.stringContaining(reason) as string });
  });
});
