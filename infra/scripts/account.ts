// The AWS account: who is asking, where, and which stacks of the workshop are in it.

import { spawnSync } from 'node:child_process';

import { project } from '../lib/names.ts';
import { aws } from './aws.ts';

/** A stack of the workshop, in whatever state. */
export interface Stack {
    readonly name: string;
    /** CloudFormation's: `CREATE_COMPLETE`. */
    readonly status: string;
    readonly created: string;
}

/** Whether something can be deployed into it or read from it: neither under way, nor failed, nor rolled back. */
export function usable(stack: Stack): boolean {
    return stack.status.endsWith('_COMPLETE') && !/ROLLBACK|DELETE/.test(stack.status);
}

/** The Region that the AWS CLI uses; undefined where it has none. */
export function region(): string | undefined {
    const configured = (): string => spawnSync('aws', ['configure', 'get', 'region'], { encoding: 'utf8' }).stdout?.trim();
    return process.env['AWS_REGION'] || process.env['AWS_DEFAULT_REGION'] || configured() || undefined;
}

/** The account's number. Stops without an AWS CLI or credentials. */
export async function account(): Promise<string> {
    return (await aws<{ Account: string }>('sts', 'get-caller-identity')).Account;
}

/**
 * The workshop's stacks that exist. ListStacks needs no right to describe strangers' stacks, and also lists, for 90 days,
 * those that are gone.
 */
export async function stacks(): Promise<Stack[]> {
    const answer = await aws<{ StackSummaries: { StackName: string; StackStatus: string; CreationTime: string; ParentId?: string }[] }>(
        'cloudformation',
        'list-stacks',
    );
    return answer.StackSummaries.filter(
        (it) => it.StackName.startsWith(`${project}-`) && it.StackStatus !== 'DELETE_COMPLETE' && it.ParentId === undefined,
    ).map((it) => ({ name: it.StackName, status: it.StackStatus, created: it.CreationTime }));
}
