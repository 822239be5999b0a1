import { digestOf } from '#lib/okta/secret-digest.ts';
import { orgSchema, type Authentication, type Org } from '#lib/okta/org.ts';
import type { SecretBox } from '#lib/sealing/secret-box.ts';
import { demoOrg } from './options.ts';
import type { LocalOrg } from './org-file.ts';

export interface SeededOrg {
  readonly org: Org;
  /** What the Authorization header must hold; absent for orgs of the configuration file, whose schemes differ. */
  readonly hookSecret: { readonly value: string; readonly given: boolean } | undefined;
}

/** Turns the orgs of flags and configuration file, and the demonstration's, into what receive-hook reads: digests and sealed keys. */
export async function localOrgs(orgs: readonly LocalOrg[], box: SecretBox, derive: (purpose: string) => string): Promise<SeededOrg[]> {
  const demo: LocalOrg = { kind: 'flag', id: demoOrg, host: 'demo.okta.com', secret: undefined };
  return Promise.all([demo, ...orgs].map(async (org) => (org.kind === 'flag' ? flagOrg(org, derive) : fileOrg(org, box))));
}

function flagOrg(org: LocalOrg & { kind: 'flag' }, derive: (purpose: string) => string): SeededOrg {
  const value = org.secret ?? derive(`hook secret of ${org.id}`);
  return {
    org: orgSchema.parse({
      id: org.id,
      hosts: [org.host],
      authentication: [{ kind: 'header', headerName: 'authorization', digests: [digestOf(value)] }],
    }),
    hookSecret: { value, given: org.secret !== undefined },
  };
}

async function fileOrg({ definition }: LocalOrg & { kind: 'file' }, box: SecretBox): Promise<SeededOrg> {
  const authentication = definition.authentication.map(async (scheme): Promise<Authentication> => {
    switch (scheme.kind) {
      case 'header':
        return { kind: 'header', headerName: scheme.headerName.toLowerCase(), digests: scheme.secrets.map(digestOf) };
      case 'basic':
        return { kind: 'basic', digests: scheme.credentials.map(digestOf) };
      case 'hmac':
        return {
          kind: 'hmac',
          secrets: await Promise.all(scheme.secrets.map((secret) => box.seal(secret, { purpose: 'hook-secret', owner: definition.id }))),
        };
    }
  });
  return {
    org: orgSchema.parse({ id: definition.id, hosts: definition.hosts, authentication: await Promise.all(authentication) }),
    hookSecret: undefined,
  };
}
