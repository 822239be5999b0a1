/**
 * Writes docs/schemas/*.json from the zod schemas they publish. With `--check` it writes nothing and ends with exit code 1
 * when a file is not what would be written.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { changeSchema } from '#lib/identity/change.ts';

const changeSchemaFile = fileURLToPath(new URL('../docs/schemas/identity-change.v1.json', import.meta.url));

/** The published text of the change schema: JSON Schema 2020-12, two spaces, one line feed at the end. */
export function changeSchemaText(): string {
  const { $schema, ...schema } = z.toJSONSchema(changeSchema, { target: 'draft-2020-12', io: 'input' });
  const published = {
    $schema,
    $id: 'urn:okta-event-relay:schema:identity-change:v1',
    title: 'Identity change, version 1',
    description:
      'One identity change of an Okta org: a CloudEvents 1.0 event in JSON format whose data uses SCIM 2.0 vocabulary. Members that are not named here may be added within version 1 and are to be ignored.',
    ...schema,
  };
  return `${JSON.stringify(published, null, 2)}\n`;
}

if (import.meta.main) {
  const text = changeSchemaText();
  if (!process.argv.includes('--check')) writeFileSync(changeSchemaFile, text);
  else if (readFileSync(changeSchemaFile, 'utf8') !== text) {
    process.stderr.write('docs/schemas/identity-change.v1.json is not what lib/identity/change.ts says. Run: npm run schemas\n');
    process.exitCode = 1;
  }
}
