/**
 * Stands in a bundle for the part of zod that writes a schema as JSON Schema: nothing that is deployed does. zod asks for a writer
 * per kind of schema, and for what the checks of one add up to when somebody reads it off a schema (`schema.minLength`).
 */
function left(): never {
  throw new Error('not in this bundle');
}

export {
  left as aggregateChecks,
  left as toJSONSchema,
  left as stringProcessor,
  left as numberProcessor,
  left as booleanProcessor,
  left as bigintProcessor,
  left as symbolProcessor,
  left as nullProcessor,
  left as undefinedProcessor,
  left as voidProcessor,
  left as neverProcessor,
  left as anyProcessor,
  left as unknownProcessor,
  left as dateProcessor,
  left as enumProcessor,
  left as literalProcessor,
  left as nanProcessor,
  left as templateLiteralProcessor,
  left as fileProcessor,
  left as successProcessor,
  left as customProcessor,
  left as functionProcessor,
  left as transformProcessor,
  left as mapProcessor,
  left as setProcessor,
  left as arrayProcessor,
  left as objectProcessor,
  left as unionProcessor,
  left as intersectionProcessor,
  left as tupleProcessor,
  left as recordProcessor,
  left as nullableProcessor,
  left as nonoptionalProcessor,
  left as defaultProcessor,
  left as prefaultProcessor,
  left as catchProcessor,
  left as pipeProcessor,
  left as readonlyProcessor,
  left as promiseProcessor,
  left as optionalProcessor,
  left as lazyProcessor,
  left as allProcessors,
};
