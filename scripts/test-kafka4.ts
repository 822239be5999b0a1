import './node-version.mjs';
import { newestVersion } from './kafka/versions.ts';

/** `npm run test:kafka4`: every suite that needs a broker, on the newest Apache Kafka that was tried instead of the line MSK runs. */
console.log(`The Kafka suites, on Apache Kafka ${newestVersion}.`);
process.env['RELAY_TEST_KAFKA_VERSION'] = newestVersion;
process.env['REQUIRE_KAFKA'] = '1';
process.argv.push('kafka');
await import('./test.ts');
