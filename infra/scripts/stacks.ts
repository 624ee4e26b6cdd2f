// Which stack is whose, and deleting stacks in their order. By name: a crate that is not in this workspace, and settings that
// a stack was deployed with, do not matter.

import { project, stepStackName } from '../lib/names.ts';
import { stacks } from './account.ts';
import { aws, pause } from './aws.ts';
import { Failure } from './command-line.ts';

/** Stacks in the order in which they can go: each waits for what comes before it. All others go first. */
const later: readonly (readonly string[])[] = [
    // Room holds the roles that CloudFormation deletes attendees' stacks with.
    ['Database', 'Cache', 'Room'],
    ['Network'],
];

const shared = ['Network', 'Database', 'Populate', 'Cache'].map((id) => stepStackName(id));

export function isShared(name: string): boolean {
    return shared.includes(name);
}

/** `ada` for `Stadiums-ada-Step05`; undefined for a stack without an owner. Ids begin with a capital, owners do not. */
export function ownerOf(name: string): string | undefined {
    return new RegExp(`^${project}-([a-z][a-z0-9]*)-`).exec(name)?.[1];
}

/** Groups of stacks that can go side by side, in their order. */
export function waves(names: readonly string[]): string[][] {
    const wanted = later.map((ids) => ids.map((id) => stepStackName(id)));
    const first = names.filter((it) => !wanted.flat().includes(it));
    return [first, ...wanted.map((wave) => wave.filter((it) => names.includes(it)))].filter((it) => it.length > 0);
}

/** How long and how often; seconds. */
export interface Patience {
    readonly poll: number;
    /** Before a stack that could not be deleted is tried again: others wait up to an hour for a function's network interfaces. */
    readonly again: number;
    readonly attempts: number;
}

const patience: Patience = { poll: Number(process.env['POLL'] ?? 10), again: 120, attempts: 15 };

/** Deletes these stacks, and waits until they are gone. */
export async function remove(names: readonly string[], { poll, again, attempts } = patience): Promise<void> {
    for (const wave of waves(names)) {
        let left: readonly string[] = wave;
        for (let attempt = 1; left.length > 0; attempt += 1) {
            console.log(`Deleting ${left.join(', ')} ...`);
            await Promise.all(left.map((it) => aws('cloudformation', 'delete-stack', '--stack-name', it)));
            left = await settled(left, poll);
            if (left.length === 0) break;
            const reasons = await Promise.all(left.map(async (it) => `${it}: ${await reason(it)}`));
            if (attempt === attempts) throw new Failure(`Not deleted, after ${attempts} attempts:\n${reasons.join('\n')}`);
            console.log(`${reasons.join('\n')}\nOnce more in ${again} s: network interfaces of functions take 20 to 60 minutes to go.`);
            await pause(again);
        }
    }
}

/** Waits until nothing is under way; returns what is still there. */
async function settled(names: readonly string[], poll: number): Promise<string[]> {
    for (;;) {
        await pause(poll);
        const left = (await stacks()).filter((it) => names.includes(it.name));
        if (!left.some((it) => it.status.endsWith('_IN_PROGRESS'))) return left.map((it) => it.name);
    }
}

/** Why CloudFormation did not delete a stack. */
async function reason(name: string): Promise<string> {
    const answer = await aws<{ StackEvents: { ResourceStatus: string; ResourceStatusReason?: string; LogicalResourceId: string }[] }>(
        ...['cloudformation', 'describe-stack-events', '--stack-name', name, '--max-items', '20'],
    );
    const failed = answer.StackEvents.filter((it) => it.ResourceStatus === 'DELETE_FAILED' || it.ResourceStatusReason?.includes('in use'));
    const lines = failed.map((it) => `${it.LogicalResourceId}: ${it.ResourceStatusReason ?? 'no reason given'}`);
    return lines.slice(0, 3).join('; ') || 'CloudFormation gives no reason';
}
