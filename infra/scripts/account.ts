// The AWS account, through the AWS CLI: who is asking, what it allows, what is in it.

import { spawnSync } from 'node:child_process';

import { project } from '../lib/names.ts';
import { zoneCount } from '../lib/network.ts';
import { Failure } from './command-line.ts';

/** RDS Proxy does not exist in this zone of us-east-1. Its name differs from account to account, its id does not. */
const withoutProxy = 'use1-az3';

/** Runs the AWS CLI and returns what it answers; `help` is what to do when it fails. */
function aws<T>(command: string, help: string): T {
    const { status, stdout, stderr, error } = spawnSync('aws', [...command.split(' '), '--output', 'json'], {
        encoding: 'utf8',
    });
    if (error) throw new Failure(`the AWS CLI does not start (${error.message}): install it, version 2`);
    if (status !== 0) throw new Failure(`aws ${command}: ${stderr.trim()}\n${help}`);
    return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as T;
}

/** Says whose account it is and returns the workshop's stacks in it. Stops without an AWS CLI or credentials. */
export function introduce(): string[] {
    const { stdout } = spawnSync('aws', ['--version'], { encoding: 'utf8' });
    // A missing one is told by the first question to it.
    if (stdout?.startsWith('aws-cli/1')) console.warn('This is version 1 of the AWS CLI: it reads AWS_DEFAULT_REGION, and not AWS_REGION.');
    const number = account();
    const existing = existingStacks();
    console.log(`AWS account ${number}. Its stacks of this workshop: ${existing.join(', ') || 'none'}.`);
    return existing;
}

/** The account's number. */
function account(): string {
    const identity = aws<{ Account: string }>(
        'sts get-caller-identity',
        'No valid credentials: run `aws configure` or `aws sso login`, and set AWS_PROFILE if you use profiles.',
    );
    return identity.Account;
}

/** Stops if the CDK toolkit is missing in the account. */
export function checkToolkit(): void {
    aws(
        'ssm get-parameter --name /cdk-bootstrap/hnb659fds/version',
        'The CDK toolkit is missing in this account and Region: run `npx cdk bootstrap` in infra/, once.',
    );
}

/** How many environments all functions of the account may have at a time. */
export function concurrency(): number {
    const settings = aws<{ AccountLimit: { ConcurrentExecutions: number } }>(
        'lambda get-account-settings',
        'The quota of Lambda cannot be read: lambda:GetAccountSettings is needed.',
    );
    return settings.AccountLimit.ConcurrentExecutions;
}

/** The Availability Zones to use. */
export function zones(): string[] {
    const answer = aws<{ AvailabilityZones: { ZoneName: string; ZoneId: string }[] }>(
        'ec2 describe-availability-zones --filters Name=zone-type,Values=availability-zone',
        'The Availability Zones cannot be listed: ec2:DescribeAvailabilityZones is needed.',
    );
    const names = answer.AvailabilityZones.filter((it) => it.ZoneId !== withoutProxy).map((it) => it.ZoneName);
    return names.sort().slice(0, zoneCount);
}

/** The names of the workshop's stacks that exist. */
export function existingStacks(): string[] {
    const answer = aws<{ Stacks: { StackName: string }[] }>(
        'cloudformation describe-stacks',
        'The stacks cannot be listed: is there a Region (AWS_REGION), and is cloudformation:DescribeStacks allowed?',
    );
    return answer.Stacks.map((it) => it.StackName).filter((name) => name.startsWith(`${project}-`));
}
