import * as z from 'zod';
import type { LockFile } from './lock-file.ts';

export interface Advisory {
  /** The package that has it, and what it is about. */
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly severity: string;
  /** Versions that have it. */
  readonly range: string;
  /** Whether the package is needed to run or to deploy the relay: then it is a failure. */
  readonly isShipped: boolean;
}

export type AdvisoryReport =
  | { readonly kind: 'report'; readonly advisories: readonly Advisory[] }
  /** Nothing is known: neither that there are some nor that there are none. */
  | { readonly kind: 'unreachable'; readonly reason: string };

/** `npm audit --json`, version 2. `via` names another package where the flaw is that one's. https://docs.npmjs.com/cli/v11/commands/npm-audit */
const reportSchema = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(
    z.string(),
    z.object({
      nodes: z.array(z.string()),
      via: z.array(
        z.union([z.string(), z.object({ name: z.string(), title: z.string(), url: z.string(), severity: z.string(), range: z.string() })]),
      ),
    }),
  ),
});
const failureSchema = z.object({ message: z.string().optional(), error: z.object({ summary: z.string().optional() }).optional() });

/** What npm printed, by the lock file it was asked about. Total: whatever is no report is no answer. */
export function readAdvisories(printed: string, lock: LockFile): AdvisoryReport {
  let json: unknown;
  try {
    json = JSON.parse(printed);
  } catch {
    return { kind: 'unreachable', reason: 'npm printed no JSON' };
  }
  const report = reportSchema.safeParse(json);
  if (!report.success) return { kind: 'unreachable', reason: reasonIn(json) };
  const advisories = Object.values(report.data.vulnerabilities).flatMap(({ nodes, via }) => {
    const isShipped = nodes.some((path) => lock.packages[path]?.dev !== true);
    return via.flatMap((one) => (typeof one === 'string' ? [] : [{ ...one, isShipped }]));
  });
  return { kind: 'report', advisories };
}

function reasonIn(json: unknown): string {
  const { message, error } = failureSchema.safeParse(json).data ?? {};
  return [error?.summary, message].find((text) => text !== undefined && text !== '') ?? 'npm printed no report of a version that is known';
}
