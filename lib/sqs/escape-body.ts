/**
 * UTF-16 units outside what SendMessage is sure to take: #x9, #xA, #xD, #x20-#xD7FF, #xE000-#xFFFD. Surrogates are among them
 * even in pairs: the API reference allows #x10000-#x10FFFF, the service's own error message leaves them out.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
 */
const doubtfulUnits = /[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g;

/**
 * The same JSON in characters that SQS takes, each other one as `\uXXXX`. In JSON text they can stand inside strings only, so the
 * value does not change. An emoji grows from 4 bytes to 12, so a change at its limit of 256 KiB stays below SQS's 1 MiB.
 */
export function escapeBody(json: string): string {
  return json.replace(doubtfulUnits, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
