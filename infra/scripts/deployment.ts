// What `npm run deploy` and `npm run room` share: checks, price, build, deployment, rows.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { buildCommand } from '../lib/bootstrap.ts';
import { stepStackName } from '../lib/names.ts';
import { table } from '../lib/prices.ts';
import { examine, type Subject, toMake } from './checks.ts';
import { cdk, confirm, execute, Failure } from './command-line.ts';
import { line } from './finding.ts';
import { ofSteps, type Outputs, readOutputs } from './outputs.ts';
import { populate } from './populate.ts';
import { chosenZones } from './zones.ts';

/** Stacks that are deployed side by side: Database and Cache, and a room's steps. */
const concurrency = 8;

/** What a command deploys, beyond what it is about. */
export interface Deployment {
    readonly subject: Subject;
    /** `-c` options, for CDK. */
    readonly context: readonly string[];
    /** The ids of the stacks, without the shared ones. */
    readonly ids: readonly string[];
    /** Their names, and those of the other stacks that shall go when the hours are over. */
    readonly names: readonly string[];
    readonly yes: boolean;
}

/** Prints what the checks find; stops if one of them says so. */
export async function mustBeWell(subject: Subject): Promise<void> {
    const findings = await examine(subject);
    for (const finding of findings) console.log(line(finding));
    if (findings.some((it) => it.state === 'stop')) throw new Failure('\nNothing was deployed.');
}

/** Deploys, and returns the outputs of the steps' stacks. */
export async function deploy({ subject, context, ids, names, yes }: Deployment): Promise<Outputs> {
    const { workspace, prices, shared, steps, settings, prebuilt } = subject;
    await mustBeWell(subject);
    console.log(`\n${table(prices, shared, steps, settings.rate)}\n`);
    await confirm(prebuilt ? 'Deploy?' : 'Build and deploy?', yes);

    // In a room, one person's deployment makes the shared stacks; the others' leave them alone.
    const alone = settings.owner !== undefined && shared.every((id) => !toMake(subject, id));
    const filling = shared.includes('Populate') && !alone;
    const crates = prebuilt ? [] : [...(filling ? [workspace.populate] : []), ...steps];
    for (const crate of crates) execute(buildCommand(crate), workspace.root);

    const standing = alone ? [] : shared.map((id) => stepStackName(id));
    const expiry = settings.hours === undefined ? [] : expiring(settings.hours, [...new Set([...standing, ...names])]);
    const zones = shared.includes('Network') && !settings.zones ? [`zones=${(await chosenZones(subject)).join(',')}`] : [];
    const outputs = cdkDeploy(
        [...ids, ...(expiry.length > 0 ? ['Expiry'] : []), ...(alone ? ['--exclusively'] : [])],
        [...context, ...zones, ...expiry],
    );
    if (filling) console.log(`The database has ${await populate()} rows.`);
    return outputs;
}

/** The context that has these stacks deleted so many hours from now. */
function expiring(hours: number, stacks: readonly string[]): string[] {
    const at = new Date(Date.now() + hours * 3_600_000).toISOString();
    console.log(`At ${at}: ${stacks.join(', ')} are deleted.`);
    return [`expires=${at}`, `expiring=${stacks.join(',')}`];
}

function cdkDeploy(stacks: readonly string[], context: readonly string[]): Outputs {
    const folder = mkdtempSync(join(tmpdir(), 'outputs-'));
    const file = join(folder, 'outputs.json');
    try {
        // The price was the question; who says yes to it says yes to the roles as well.
        const flags = ['--require-approval', 'never', '--concurrency', String(concurrency), '--outputs-file', file];
        cdk(['deploy', ...stacks, ...flags], context);
        return ofSteps(readOutputs(file));
    } finally {
        rmSync(folder, { recursive: true });
    }
}
