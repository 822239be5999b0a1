import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { orgIdSchema } from '#lib/okta/org.ts';

export const secretSchema = z.string('is a text').min(8, 'has at least 8 characters');
const twoSecrets = z.array(secretSchema, 'is a list of one or two texts').min(1, 'holds one or two').max(2, 'holds one or two');
const credentials = z.string('is a text').regex(/^[^:]+:.{8,}$/, 'is user:password, the password of 8 characters or more');

const orgInFileSchema = z.strictObject(
  {
    id: orgIdSchema,
    hosts: z.array(z.hostname('is a host name'), 'is a list of host names').min(1, 'names at least one'),
    authentication: z
      .array(
        z.discriminatedUnion(
          'kind',
          [
            z.strictObject({
              kind: z.literal('header'),
              headerName: z.string('is a text').regex(/^[A-Za-z0-9-]+$/, 'is a header name'),
              secrets: twoSecrets,
            }),
            z.strictObject({
              kind: z.literal('basic'),
              credentials: z.array(credentials, 'is a list of one or two texts').min(1, 'holds one or two').max(2, 'holds one or two'),
            }),
            z.strictObject({ kind: z.literal('hmac'), secrets: twoSecrets }),
          ],
          'is one of header, basic, hmac',
        ),
        'is a list of schemes',
      )
      .min(1, 'holds at least one scheme'),
  },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? `does not know ${issue.keys.join(', ')}` : 'is an org') },
);
type OrgInFile = z.infer<typeof orgInFileSchema>;
/** An org as local mode is told of it, secrets in the clear. `secret` absent: one is derived from the local key. */
export type LocalOrg =
  | { readonly kind: 'flag'; readonly id: string; readonly host: string; readonly secret: string | undefined }
  | { readonly kind: 'file'; readonly definition: OrgInFile };

const fileSchema = z.strictObject(
  { orgs: z.array(orgInFileSchema, 'is a list of orgs').min(1, 'names at least one') },
  { error: (issue) => (issue.code === 'unrecognized_keys' ? `does not know ${issue.keys.join(', ')}` : 'holds an object with orgs') },
);

/** What each member looks like, by its name. */
const examples: Record<string, string> = {
  orgs: '"orgs": [{ "id": "acme", "hosts": ["acme.okta.com"], "authentication": [{ "kind": "header", "headerName": "Authorization", "secrets": ["a long random word"] }] }]',
  id: '"id": "acme"',
  hosts: '"hosts": ["acme.okta.com"]',
  authentication: '"authentication": [{ "kind": "header", "headerName": "Authorization", "secrets": ["a long random word"] }]',
  kind: '"kind": "header"',
  headerName: '"headerName": "Authorization"',
  secrets: '"secrets": ["a long random word"]',
  credentials: '"credentials": ["okta:a long random word"]',
};

/** The orgs of a configuration file (docs/configuration.md). What is wrong with it becomes problems, none of which repeats a secret. */
export function orgsInFile(file: string | undefined, problems: string[]): LocalOrg[] {
  if (file === undefined) return [];
  const content = readJson(file, problems);
  if (content === undefined) return [];
  const parsed = fileSchema.safeParse(content);
  if (parsed.success) return parsed.data.orgs.map((definition) => ({ kind: 'file', definition }));
  for (const { path, message } of parsed.error.issues) {
    const member = path.findLast((part) => typeof part === 'string' && part in examples);
    problems.push(`--config ${file}: ${path.join('.') || 'the file'} ${message} (e.g. ${examples[String(member ?? 'orgs')] ?? ''})`);
  }
  return [];
}

/** Undefined with a problem: no JSON is undefined. */
function readJson(file: string, problems: string[]): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown reason' } = error as { code?: string };
    problems.push(
      `--config ${file}: ${code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`} (e.g. --config orgs.json)`,
    );
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // The parser quotes what stands around some errors, which may be a secret: up to the comma it names one character.
    const said = (error as Error).message.replace(/, [\s\S]*is not valid JSON$/, '');
    problems.push(`--config ${file}: is not JSON: ${said} (e.g. { ${examples['orgs'] ?? ''} })`);
    return undefined;
  }
}
