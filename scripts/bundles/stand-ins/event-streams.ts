/**
 * Stands in a bundle for @smithy/core/event-streams: the SDK loads it for calls that answer with a stream of events (S3 Select,
 * Kinesis, transcription). None of the calls that the relay makes does.
 */
export function eventStreamSerdeProvider(): never {
  throw new Error('not in this bundle');
}

export class EventStreamSerde {
  readonly serializeEventStream = eventStreamSerdeProvider;
  readonly deserializeEventStream = eventStreamSerdeProvider;
}
