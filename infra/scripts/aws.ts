// The AWS CLI: one call, what it answers, and what went wrong.

import { execFile } from 'node:child_process';

import { Failure } from './command-line.ts';

/** What the AWS CLI said instead of an answer. */
export class AwsError extends Failure {
    /** The service's name for it, `AccessDenied`; empty where the CLI itself failed. */
    readonly code: string;
    readonly said: string;

    constructor(command: readonly string[], said: string) {
        const words = `aws ${command.slice(0, 2).join(' ')}`;
        super([`${words}: ${said}`, remedy(said)].filter(Boolean).join('\n'));
        this.said = said;
        this.code = /\((\w+)\) when calling/.exec(said)?.[1] ?? '';
    }
}

/** Signs in what the CLI says, in lower case, and what helps. */
const remedies: readonly [RegExp, string][] = [
    [/expired/, 'The session has expired: run `aws sso login`, or renew the credentials as you got them.'],
    [
        /unable to locate credentials|could not be found|invalidclienttokenid|unrecognizedclient|authfailure/,
        'No valid credentials: run `aws configure` or `aws sso login`, and set AWS_PROFILE if you use profiles.',
    ],
    [/must specify a region|noregion/, 'There is no Region: set AWS_REGION, or run `aws configure set region us-east-1`.'],
    [/could not connect|timed out/, 'AWS cannot be reached from here: look at the network, a proxy, AWS_ENDPOINT_URL.'],
];

function remedy(said: string): string {
    const text = said.toLowerCase();
    return remedies.find(([sign]) => sign.test(text))?.[1] ?? '';
}

/**
 * Runs the AWS CLI and reads its JSON. It repeats what is throttled, slower and slower: a room shares the quotas of its
 * account (the CLI's user guide, "AWS CLI retries").
 */
export function aws<T>(...command: readonly string[]): Promise<T> {
    const env = { AWS_RETRY_MODE: 'adaptive', AWS_MAX_ATTEMPTS: '8', ...process.env, AWS_PAGER: '' };
    const options = { env, maxBuffer: 1 << 26, encoding: 'utf8' } as const;
    return new Promise((resolve, reject) => {
        execFile('aws', [...command, '--output', 'json'], options, (error, stdout, stderr) => {
            if (error?.code === 'ENOENT') {
                reject(new Failure('the AWS CLI is missing: install version 2, https://docs.aws.amazon.com/cli/latest/userguide/'));
            } else if (error) {
                reject(new AwsError(command, stderr.trim() || error.message));
            } else {
                resolve((stdout.trim() === '' ? {} : JSON.parse(stdout)) as T);
            }
        });
    });
}

/** Waits; the unit is seconds. */
export function pause(seconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
