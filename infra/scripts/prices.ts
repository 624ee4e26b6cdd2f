// `npm run prices [-- STEP...]`: what deploying them costs.

import { Prices, sharedStacks, table } from '../lib/prices.ts';
import { loadWorkspace, select } from '../lib/workspace.ts';
import { run } from './command-line.ts';

await run(async () => {
    const workspace = loadWorkspace();
    const names = process.argv.slice(2);
    const steps = names.length > 0 ? select(workspace, names) : workspace.steps;
    console.log(table(new Prices(workspace.root), sharedStacks(steps), steps));
});
