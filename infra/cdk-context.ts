import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { repositoryRoot } from './bundling.ts';

const cdkFileSchema = z.object({ context: z.record(z.string(), z.unknown()) });

/** The feature flags of cdk.json, which the cdk command hands over and plain `node` does not: one template, whoever runs it. */
export function readCdkContext(): Record<string, unknown> {
  return cdkFileSchema.parse(JSON.parse(readFileSync(join(repositoryRoot, 'cdk.json'), 'utf8'))).context;
}
