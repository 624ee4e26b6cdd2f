// What a command is about: the steps that it names, the account that it is asked in, what is there.

import { Prices, sharedStacks } from '../lib/prices.ts';
import { loadWorkspace, select, type Workspace } from '../lib/workspace.ts';
import { account, region, stacks, usable } from './account.ts';
import type { Subject } from './checks.ts';
import { type Arguments, Failure } from './command-line.ts';

/** Asks cargo and AWS. Stops without an AWS CLI, credentials or a Region. */
export async function subjectOf(given: Arguments, workspace: Workspace = loadWorkspace()): Promise<Subject> {
    const steps = select(workspace, given.names);
    const here = region();
    if (here === undefined) throw new Failure('There is no Region: set AWS_REGION, or run `aws configure set region us-east-1`.');
    const number = await account();
    const existing = await stacks();
    const names = existing.map((it) => (usable(it) ? it.name : `${it.name} (${it.status})`));
    console.log(`AWS account ${number}, ${here}. Its stacks of this workshop: ${names.join(', ') || 'none'}.`);
    return {
        workspace,
        prices: new Prices(workspace.root),
        region: here,
        steps,
        shared: sharedStacks(steps),
        stacks: existing,
        settings: given.settings,
        prebuilt: given.prebuilt,
    };
}
