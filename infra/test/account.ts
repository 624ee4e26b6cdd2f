// An AWS account for tests: the stand-in for the AWS CLI, and what it answers where all is well.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

import { repository } from '../lib/workspace.ts';

export interface Answer {
    /** How the command begins. */
    readonly when: string;
    readonly out?: unknown;
    readonly error?: string;
    readonly once?: boolean;
    readonly file?: string;
}

/** What the AWS CLI writes when the service refuses. */
export function refused(when: string, code: string, message: string): Answer {
    const operation = when.split(' ')[1]?.replaceAll(/(^|-)(\w)/g, (_, __, letter: string) => letter.toUpperCase());
    return { when, error: `An error occurred (${code}) when calling the ${operation} operation: ${message}` };
}

export function stacksAnswer(...stacks: readonly (readonly [name: string, status: string])[]): Answer {
    const summaries = stacks.map(([StackName, StackStatus]) => ({ StackName, StackStatus, CreationTime: '2026-11-28T09:00:00+00:00' }));
    return { when: 'cloudformation list-stacks', out: { StackSummaries: summaries } };
}

/** The shared stacks, as they are when somebody deployed 05. */
export const sharedThere = ['Network', 'Database', 'Populate', 'Cache'].map((it) => [`Stadiums-${it}`, 'CREATE_COMPLETE'] as const);

const zone = (letter: string): string => `us-east-1${letter}`;
const letters = ['a', 'b', 'c'];

/** An account in us-east-1 where nothing is in the way and nothing of the workshop exists. */
export const healthy: readonly Answer[] = [
    { when: 'configure get region', out: 'us-east-1\n' },
    { when: 'sts get-caller-identity', out: { Account: '123456789012', Arn: 'arn:aws:iam::123456789012:user/ada', UserId: 'AIDA' } },
    stacksAnswer(['Stadiums-Old', 'DELETE_COMPLETE'], ['Somebody-Else', 'CREATE_COMPLETE']),
    { when: 'ssm get-parameter --name /cdk-bootstrap/hnb659fds/version', out: { Parameter: { Value: '30' } } },
    { when: 'freetier get-account-plan-state --region us-east-1', out: { accountId: '123456789012', accountPlanType: 'PAID', accountPlanStatus: 'ACTIVE' } },
    refused('iam create-service-linked-role --aws-service-name rds', 'InvalidInput', 'Service role name AWSServiceRoleForRDS has been taken in this account, please try a different suffix.'),
    { when: 'iam create-service-linked-role --aws-service-name elasticache', out: { Role: { RoleName: 'AWSServiceRoleForElastiCache' } } },
    {
        when: 'rds describe-orderable-db-instance-options --engine aurora-postgresql --engine-version 17.6 --db-instance-class db.t4g.medium',
        out: { OrderableDBInstanceOptions: [{ EngineVersion: '17.6', AvailabilityZones: letters.map((it) => ({ Name: zone(it) })) }] },
    },
    {
        when: 'ec2 describe-availability-zones',
        out: { AvailabilityZones: letters.map((it, index) => ({ ZoneName: zone(it), ZoneId: `use1-az${index + 4}` })) },
    },
    { when: 'ec2 describe-vpc-endpoint-services --service-names com.amazonaws.us-east-1.ssm', out: { ServiceDetails: [{ AvailabilityZones: letters.map(zone) }] } },
    { when: 'ec2 describe-vpcs', out: { Vpcs: [{ VpcId: 'vpc-1' }] } },
    { when: 'service-quotas get-service-quota --service-code vpc --quota-code L-F678F1CE', out: { Quota: { Value: 5 } } },
    { when: 'logs describe-log-groups', out: { logGroups: [] } },
    { when: 'lambda get-account-settings', out: { AccountLimit: { ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 1000 } } },
];

/** How a script ended. */
export interface Ended {
    readonly status: number;
    readonly stdout: string;
    readonly stderr: string;
}

export class Account {
    readonly folder = mkdtempSync(join(tmpdir(), 'infra-account-'));
    private readonly environment: NodeJS.ProcessEnv;

    /** `answers` come before those of the healthy account. */
    constructor(...answers: readonly Answer[]) {
        after(() => rmSync(this.folder, { recursive: true, force: true }));
        mkdirSync(this.path('answers'));
        for (const [index, answer] of [...answers, ...healthy].entries()) this.write(String(index).padStart(3, '0'), answer);
        const { AWS_REGION: _region, AWS_DEFAULT_REGION: _default, AWS_ENDPOINT_URL: _url, ...rest } = process.env;
        const standIn = join(repository, 'infra/test/stand-in');
        this.environment = { ...rest, PATH: `${standIn}:${process.env['PATH']}`, STANDIN: this.folder, OUTPUTS: this.path('outputs.json'), TUNING: this.folder, ROOM: this.path('room'), POLL: '0' };
    }

    path(name: string): string {
        return join(this.folder, name);
    }

    private write(number: string, { when, out, error, once, file }: Answer): void {
        const put = (ending: string, text: string): void => writeFileSync(this.path(`answers/${number}.${ending}`), text);
        put('when', `${when}\n`);
        if (out !== undefined) put('out', typeof out === 'string' ? out : JSON.stringify(out));
        if (error !== undefined) put('error', `\n${error}\n`);
        if (file !== undefined) put('file', file);
        if (once) put('once', '');
    }

    /** Programs of this machine that do not work. */
    break(...programs: readonly string[]): this {
        writeFileSync(this.path('fails'), programs.join('\n'));
        return this;
    }

    /** Runs `npm run NAME -- REST` without the npm. */
    run(name: string, ...rest: readonly string[]): Promise<Ended> {
        const script = join(repository, `infra/scripts/${name}.ts`);
        const options = { cwd: join(repository, 'infra'), env: this.environment };
        return new Promise((resolve) => {
            const child = execFile(process.execPath, ['--import', 'tsx', script, ...rest], options, (error, stdout, stderr) => {
                resolve({ status: error ? Number(error.code) : 0, stdout, stderr });
            });
            child.stdin?.end();
        });
    }

    /** What the AWS CLI was asked. */
    calls(): string[] {
        return existsSync(this.path('calls')) ? readFileSync(this.path('calls'), 'utf8').trim().split('\n') : [];
    }

    /** Has this process ask the stand-in, and not a child. */
    enter(): void {
        Object.assign(process.env, this.environment);
        delete process.env['AWS_REGION'];
        delete process.env['AWS_DEFAULT_REGION'];
        delete process.env['AWS_ENDPOINT_URL'];
    }
}
