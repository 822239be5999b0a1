/** An attribute by its schema's URN, as SCIM writes it (RFC 7644 §3.10): `urn:ietf:params:scim:schemas:core:2.0:User:userName`. */
export interface SchemaAttribute {
  /** Type of resource whose core attribute it is, in lower case; undefined for an extension, which keeps its attributes below its URN. */
  readonly core: CoreResource | undefined;
  readonly urn: string;
  /** From the outside in. Never empty, and not checked. */
  readonly names: readonly string[];
}

/** By core resource, in lower case: the members of a change's `data` of the same name that are attributes of it, beside those of `scim.resource`. */
const coreMembers = { user: ['id', 'username', 'displayname'], group: ['id', 'displayname'] } as const;
type CoreResource = keyof typeof coreMembers;

const corePattern = /^urn:ietf:params:scim:schemas:core:2\.0:(user|group)$/i;
/** SCIM's own extensions are of a resource; other URNs under its name are messages and descriptions of services. */
const scimPattern = /^urn:ietf:params:scim(?!:schemas:extension:[a-z0-9.-]+:2\.0:(?:user|group)$)/i;
const urnPattern = /^urn:[a-z0-9][a-z0-9-]{0,31}(?::[a-z0-9._-]+)+$/i;

/** The attribute that a path with a colon in it means, or what is wrong with it, in words for its author. */
export function schemaAttribute(path: string): SchemaAttribute | { readonly problem: string } {
  // Versions of schemas have dots in them, names of attributes no colon.
  const colon = path.lastIndexOf(':');
  const [urn, names] = [path.slice(0, colon), path.slice(colon + 1).split('.')];
  const core = corePattern.exec(urn)?.[1]?.toLowerCase() as CoreResource | undefined;
  if (core !== undefined) return { core, urn, names };
  if (!urnPattern.test(urn)) return { problem: 'holds a colon, and is not a schema URN, a colon and an attribute' };
  return scimPattern.test(urn)
    ? {
        problem:
          'holds a schema URN that no change has attributes of: it is the one of User, Group or an extension of them, with an attribute',
      }
    : { core: undefined, urn, names };
}

/**
 * Where a change whose SCIM resource is of this type has the attribute: paths by names, from `data` inwards. The resource's own only when it is
 * of that type, for a User's `displayName` is not a Group's.
 */
export function placesOf({ core, urn, names }: SchemaAttribute, resourceType: string | undefined): string[][] {
  const resource = ['scim', 'resource'];
  if (core === undefined) return [[...resource, urn, ...names]];
  const isMember = coreMembers[core].some((member) => member === names[0]?.toLowerCase());
  return [...(isMember ? [[core, ...names]] : []), ...(resourceType?.toLowerCase() === core ? [[...resource, ...names]] : [])];
}
