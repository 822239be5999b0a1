/** Imported first by every entrance: says so when it runs under a Node that is too old, instead of failing somewhere inside. */
const least = 24;
const running = Number(process.versions.node.split('.')[0]);

if (running < least) {
  console.error(`This needs Node ${least} or newer and runs under ${process.versions.node}.`);
  console.error('`npm ci` brings the right one: start scripts through npm (`npm start`, `npm test`), which finds it by itself.');
  process.exit(1);
}
