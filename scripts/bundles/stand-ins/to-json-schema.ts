/** Stands in a bundle for zod's JSON Schema, as json-schema-processors.ts does: every schema has two methods for it, nobody calls them. */
function left(): never {
  throw new Error('not in this bundle');
}

export {
  left as createToJSONSchemaMethod,
  left as createStandardJSONSchemaMethod,
  left as initializeContext,
  left as handleUnrepresentable,
  left as process,
  left as processSchema,
  left as extractDefs,
  left as finalize,
};
