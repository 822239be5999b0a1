/**
 * Runs before every entrance, in plain JavaScript, so that a Node that is too old says so instead of failing somewhere inside.
 */
import console from 'node:console';
import process from 'node:process';

const least = 24;
const running = Number(process.versions.node.split('.')[0]);

if (running < least) {
  console.error(`This needs Node ${least} or newer and runs under ${process.versions.node}.`);
  console.error('Run `npm ci` first: it brings the right Node, and `npm start` and `npm test` then find it by themselves.');
  process.exit(1);
}
