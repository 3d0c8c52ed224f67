import { join } from 'node:path';
import { main } from './cli/main';
import { processTerminal } from './cli/terminal';

// The bundles lie side by side in dist/.
void main(process.argv.slice(2), processTerminal(), {
  trainerPath: join(__dirname, 'trainer.js'),
  checkWorkerPath: join(__dirname, 'check-worker.js'),
  samplePath: join(__dirname, '..', 'media', 'sample'),
}).then((code) => {
  process.exitCode = code;
});
