// npm run --silent leadgate -- <noun> <verb>: the command line of the gateway. `npm run --silent leadgate -- --help` lists the commands.
import { main } from './steps/main.mjs';
import { runBuilt } from './steps/run-built.mjs';

await main(() => runBuilt('apps/cli/src/main.js'));
