import type { Facts } from './wide-line.ts';

interface WithHeaders {
  readonly headers: readonly { readonly name: string; readonly value: Uint8Array }[];
}

/** A line names so many traces at most: a batch may be of hundreds, and a line is to stay a line. */
const maxTraces = 20;
/** Longer than any version of a traceparent that there is: nothing to read. */
const maxBytes = 128;
/** https://www.w3.org/TR/trace-context/#traceparent-header */
const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-|$)/;
/** As a member of JSON. Within a string of it the quotes would have backslashes. */
const member = /"traceparent":"([0-9a-f-]{55,128})"/g;

/** For the wide line: the first twenty trace ids of records of the change log, each once; nothing when there are none. */
export function tracesOfRecords(records: readonly WithHeaders[]): Pick<Facts, 'traces'> {
  return firstOf(inHeaders(records));
}

/** The same of messages of a queue, deliveries or spooled records, by their bodies: of what is unreadable too. */
export function tracesOfBodies(bodies: readonly string[]): Pick<Facts, 'traces'> {
  return firstOf(inBodies(bodies));
}

function* inHeaders(records: readonly WithHeaders[]): Generator<string> {
  for (const { headers } of records)
    for (const { name, value } of headers)
      if (name === 'traceparent' && value.length <= maxBytes) yield Buffer.from(value).toString('latin1');
}

function* inBodies(bodies: readonly string[]): Generator<string> {
  for (const body of bodies) for (const [, traceparent = ''] of body.matchAll(member)) yield traceparent;
}

function firstOf(traceparents: Iterable<string>): Pick<Facts, 'traces'> {
  const traces = new Set<string>();
  for (const traceparent of traceparents) {
    const id = form.exec(traceparent)?.[1];
    if (id !== undefined) traces.add(id);
    if (traces.size === maxTraces) break;
  }
  return traces.size === 0 ? {} : { traces: [...traces] };
}
