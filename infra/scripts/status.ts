// `npm run status`: what is deployed, since when, and what it has cost so far.

import { Prices } from '../lib/prices.ts';
import { stepStackName } from '../lib/names.ts';
import { loadWorkspace } from '../lib/workspace.ts';
import { account, stacks } from './account.ts';
import { run } from './command-line.ts';

await run(async () => {
    const prices = new Prices(loadWorkspace().root);
    const number = await account();
    const existing = await stacks();
    if (existing.length === 0) return console.log(`AWS account ${number}: no stack of this workshop is in it.`);
    console.log(`AWS account ${number}, in USD, us-east-1, without requests, logs and traces:\n`);
    const row = (...cells: string[]): string =>
        cells.map((it, index) => (index < 2 ? it.padEnd(index === 0 ? 34 : 24) : it.padStart(10))).join(' ').trimEnd();
    console.log(row('stack', 'state', 'hours', 'per hour', 'so far'));
    let total = 0;
    for (const { name, status, created } of existing.sort((a, b) => a.created.localeCompare(b.created))) {
        const hours = (Date.now() - Date.parse(created)) / 3_600_000;
        const standing = prices.standing().filter((it) => stepStackName(it.stack) === name);
        const hour = standing.reduce((sum, it) => sum + it.usdPerHour, 0);
        total += hour * hours;
        console.log(row(name, status, hours.toFixed(1), hour > 0 ? hour.toFixed(4) : '', hour > 0 ? (hour * hours).toFixed(2) : ''));
    }
    console.log(row('together', '', '', '', total.toFixed(2)));
    console.log('\nFrom each stack\'s creation on. The account\'s bill: Billing and Cost Management in the console.');
});
