// `npm run deploy -- STEP... [-c KEY=VALUE]... [--yes]`: checks, price, build, deployment.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildCommand } from '../lib/bootstrap.ts';
import { Prices, sharedStacks, table } from '../lib/prices.ts';
import { loadWorkspace, select, type Step, type Workspace } from '../lib/workspace.ts';
import { account, checkToolkit, concurrency, existingStacks, zones } from './account.ts';
import { cdk, confirm, execute, Failure, parse, run } from './command-line.ts';
import { addOutputs, readOutputs } from './outputs.ts';

const usage = 'npm run deploy -- STEP... [-c owner=NAME] [-c budget=USD -c email=ADDRESS] [-c power-tuning=true] [--yes]';

await run(async () => {
    const { names, context, yes } = parse(usage);
    const workspace = loadWorkspace();
    const steps = select(workspace, names);
    const prices = new Prices(workspace.root);

    checkTools();
    console.log(`AWS account ${account()}. Its stacks of this workshop: ${existingStacks().join(', ') || 'none'}.`);
    checkToolkit();
    console.log(quota(prices, concurrency()));
    console.log(`\n${table(prices, sharedStacks(steps), steps)}\n`);
    await confirm('Build and deploy?', yes);

    build(workspace, steps);
    deploy(steps, context.some((it) => it.startsWith('zones=')) ? context : [...context, `zones=${zones().join(',')}`]);
});

function checkTools(): void {
    const { status } = spawnSync('cargo', ['lambda', '--version'], { stdio: 'ignore' });
    if (status !== 0) throw new Failure('cargo-lambda is missing: `pip install cargo-lambda` brings it and its linker');
}

function quota(prices: Prices, environments: number): string {
    const perEnvironment = prices.requestsPerEnvironment();
    const rate = environments * perEnvironment;
    return (
        `Lambda's concurrency quota: ${environments} environments, all functions of the account together. ` +
        `Each counts for ${perEnvironment} requests/s at most, so ${rate} requests/s is the ceiling` +
        (environments < 100 ? '; new accounts begin so low, and Service Quotas raises it on request.' : '.')
    );
}

function build(workspace: Workspace, steps: readonly Step[]): void {
    const populate = steps.some((it) => it.services.includes('database')) ? [workspace.populate] : [];
    for (const crate of [...populate, ...steps]) execute(buildCommand(crate), workspace.root);
}

function deploy(steps: readonly Step[], context: readonly string[]): void {
    const folder = mkdtempSync(join(tmpdir(), 'outputs-'));
    const file = join(folder, 'outputs.json');
    const optional = [
        ...(context.some((it) => it.startsWith('budget=')) ? ['Budget'] : []),
        ...(context.includes('power-tuning=true') ? ['PowerTuning'] : []),
    ];
    try {
        // The price was the question; who says yes to it says yes to the roles as well.
        const options = ['--require-approval', 'never', '--outputs-file', file];
        cdk(['deploy', ...steps.map((it) => it.id), ...optional, ...options], context);
        for (const { Step, Url } of Object.values(addOutputs(readOutputs(file)))) console.log(`${Step}: ${Url}`);
    } finally {
        rmSync(folder, { recursive: true });
    }
}
