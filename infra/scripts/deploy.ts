// `npm run deploy -- STEP... [-c KEY=VALUE]... [--yes] [--prebuilt]`: checks, price, build, deployment.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildCommand } from '../lib/bootstrap.ts';
import { project } from '../lib/names.ts';
import { Prices, sharedStacks, table } from '../lib/prices.ts';
import { loadWorkspace, select } from '../lib/workspace.ts';
import { checkToolkit, concurrency, introduce, zones } from './account.ts';
import { cdk, confirm, execute, Failure, parse, run } from './command-line.ts';
import { addOutputs, readOutputs } from './outputs.ts';

const usage =
    'npm run deploy -- STEP... [-c owner=NAME] [-c budget=USD -c email=ADDRESS] [-c power-tuning=true] [--yes] [--prebuilt]';

await run(async () => {
    const { names, context, settings, yes, prebuilt } = parse(usage);
    const workspace = loadWorkspace();
    const steps = select(workspace, names);
    const shared = sharedStacks(steps);
    const prices = new Prices(workspace.root);

    if (!prebuilt) checkTools();
    const existing = introduce();
    checkToolkit();
    console.log(quota(prices, concurrency()));
    console.log(`\n${table(prices, shared, steps)}\n`);
    await confirm(prebuilt ? 'Deploy?' : 'Build and deploy?', yes);

    // In a room, one person's deployment makes the shared stacks; the others' leave them alone.
    const alone = settings.owner !== undefined && shared.every((id) => existing.includes(`${project}-${id}`));
    const populate = shared.includes('Populate') && !alone ? [workspace.populate] : [];
    const crates = prebuilt ? [] : [...populate, ...steps];
    for (const crate of crates) execute(buildCommand(crate), workspace.root);

    const stacks = [
        ...steps.map((it) => it.id),
        ...(settings.budget ? ['Budget'] : []),
        ...(settings.powerTuning ? ['PowerTuning'] : []),
    ];
    const inZones = settings.zones ? context : [...context, `zones=${zones().join(',')}`];
    deploy(alone ? [...stacks, '--exclusively'] : stacks, inZones);
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

/** Runs `cdk deploy` with these arguments and keeps what it puts out. */
function deploy(stacks: readonly string[], context: readonly string[]): void {
    const folder = mkdtempSync(join(tmpdir(), 'outputs-'));
    const file = join(folder, 'outputs.json');
    try {
        // The price was the question; who says yes to it says yes to the roles as well.
        cdk(['deploy', ...stacks, '--require-approval', 'never', '--outputs-file', file], context);
        for (const { Step, Url } of Object.values(addOutputs(readOutputs(file)))) console.log(`${Step}: ${Url}`);
    } finally {
        rmSync(folder, { recursive: true });
    }
}
