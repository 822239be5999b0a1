import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';

const reportSchema = z.object({
  pluginReports: z.array(
    z.object({
      pluginName: z.string(),
      conclusion: z.string(),
      violations: z.array(
        z.object({
          ruleName: z.string(),
          description: z.string(),
          violatingConstructs: z.array(z.object({ constructPath: z.string().optional() })),
        }),
      ),
    }),
  ),
});

/**
 * What CDK's validation said about a cloud assembly, warnings as well as errors; what is acknowledged in the code is not among it.
 * A validation that did not run is a finding.
 */
export function findings(outdir: string): string[] {
  const file = join(outdir, 'validation-report.json');
  if (!existsSync(file)) return ['The templates were not validated (is CDK_VALIDATION=false set?)'];
  const { pluginReports } = reportSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const violations = pluginReports.flatMap(({ violations }) => violations);
  const said = violations.map(({ ruleName, description, violatingConstructs }) => {
    const places = violatingConstructs.map(({ constructPath }) => constructPath ?? 'somewhere').join(', ');
    return `${ruleName} ${description} (${places})`;
  });
  const silent = pluginReports.filter(({ conclusion, violations }) => conclusion !== 'success' && violations.length === 0);
  return [...said, ...silent.map(({ pluginName }) => `${pluginName} failed without saying why`)];
}
