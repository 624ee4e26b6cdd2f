// `npm run doctor` against a stand-in for the AWS CLI: where all is well, and each thing that may be wrong.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { loadWorkspace } from '../lib/workspace.ts';
import { examine } from '../scripts/checks.ts';
import { type Arguments } from '../scripts/command-line.ts';
import { type Finding, line } from '../scripts/finding.ts';
import { subjectOf } from '../scripts/subject.ts';
import { fromOptions } from '../lib/settings.ts';
import { Account, type Answer, refused, sharedThere, stacksAnswer } from './account.ts';

const workspace = loadWorkspace();

interface Case {
    readonly answers?: readonly Answer[];
    readonly names?: readonly string[];
    readonly context?: readonly string[];
    readonly prebuilt?: boolean;
    readonly broken?: readonly string[];
}

/** All findings for 05, or for `names`. */
async function findings(it: Case): Promise<Finding[]> {
    new Account(...(it.answers ?? [])).break(...(it.broken ?? [])).enter();
    const context = it.context ?? [];
    const given: Arguments = {
        names: it.names ?? ['05'],
        context,
        settings: fromOptions(context),
        yes: true,
        prebuilt: it.prebuilt ?? false,
        everyone: false,
        step: [],
        skip: '',
    };
    // Nothing is built here.
    return examine(await subjectOf(given, { ...workspace, target: '/nonexistent' }));
}

/** The one finding about `what`; nothing else stops the deployment. */
async function finding(what: string, it: Case): Promise<Finding> {
    const found = await findings(it);
    const [one, ...more] = found.filter((that) => that.what === what);
    assert.ok(one && more.length === 0, found.map(line).join('\n'));
    assert.deepEqual(found.filter((that) => that.state === 'stop' && that.what !== what), []);
    return one;
}

const orderable = 'rds describe-orderable-db-instance-options';
const offered = (...zones: string[]): Answer => ({
    when: orderable,
    out: { OrderableDBInstanceOptions: [{ AvailabilityZones: zones.map((Name) => ({ Name })) }] },
});

test('where all is well, every line is ok, and nothing is created but the roles', async () => {
    const account = new Account();
    const ended = await account.run('doctor', '05', '06');
    assert.equal(ended.status, 0, ended.stderr);
    const lines = ended.stdout.trim().split('\n');
    assert.match(lines[0] ?? '', /^AWS account 123456789012, us-east-1. Its stacks of this workshop: none.$/);
    assert.equal(lines.at(-1), 'Nothing of this stops a deployment.');
    const states = lines.slice(1, -2);
    assert.ok(states.length >= 11, ended.stdout);
    for (const state of states) assert.match(state, /^ok {6}\S/);
    const changing = account.calls().filter((it) => !/ (describe|get|list)-|configure get/.test(it));
    assert.deepEqual(changing.map((it) => it.split(' ')[1]), ['create-service-linked-role', 'create-service-linked-role']);
});

test('without credentials there is one sentence, and it says what to do', async () => {
    const said = 'Unable to locate credentials. You can configure credentials by running "aws login".';
    const ended = await new Account({ when: 'sts', error: said }).run('doctor', '05');
    assert.equal(ended.status, 1);
    assert.equal(ended.stdout, '');
    assert.match(ended.stderr, /^aws sts get-caller-identity: Unable to locate credentials.*\nNo valid credentials: run `aws configure` or `aws sso login`.*\n$/);
});

test('without a Region nothing is asked', async () => {
    const account = new Account({ when: 'configure get region', error: '' });
    const ended = await account.run('doctor', '05');
    assert.match(ended.stderr, /^There is no Region: set AWS_REGION/);
    assert.deepEqual(account.calls(), ['configure get region']);
});

interface Expected extends Case {
    readonly what: string;
    readonly state: Finding['state'];
    readonly says: RegExp;
}

const taken = 'has been taken in this account, please try a different suffix.';

const cases: Readonly<Record<string, Expected>> = {
    'a Free plan has no Aurora in a VPC': {
        answers: [{ when: 'freetier', out: { accountPlanType: 'FREE' } }],
        what: 'account plan',
        state: 'stop',
        says: /Express configuration.*Database would fail after Network was paid for.*Upgrade the plan/s,
    },
    'an account older than the plans has none': {
        answers: [refused('freetier', 'ResourceNotFoundException', 'Account plan not found')],
        what: 'account plan',
        state: 'ok',
        says: /none, as before July 2025/,
    },
    'a plan that may not be read stops nothing': {
        answers: [refused('freetier', 'AccessDeniedException', 'not authorized to perform: freetier:GetAccountPlanState')],
        what: 'account plan',
        state: 'look',
        says: /could not be looked at: .*freetier:GetAccountPlanState/,
    },
    'a role that has been taken is there': {
        answers: [refused('iam create-service-linked-role', 'InvalidInput', `Service role name AWSServiceRoleForElastiCache ${taken}`)],
        what: 'service-linked role of elasticache',
        state: 'ok',
        says: /there$/,
    },
    'a role that may not be made is told': {
        answers: [refused('iam create-service-linked-role', 'AccessDenied', 'not authorized to perform: iam:CreateServiceLinkedRole')],
        what: 'service-linked role of rds',
        state: 'look',
        says: /iam:CreateServiceLinkedRole.*the second one work/s,
    },
    'CDK knows no layer for arm64 in ap-northeast-3': {
        answers: [{ when: 'configure get region', out: 'ap-northeast-3\n' }, offered('us-east-1a', 'us-east-1b'), { when: 'ec2 describe-vpc-endpoint-services', out: { ServiceDetails: [{ AvailabilityZones: ['us-east-1a', 'us-east-1b'] }] } }],
        names: ['06'],
        what: 'extension for arm64',
        state: 'stop',
        says: /no layer .* in ap-northeast-3.*-c extension-arn=arn:aws:lambda:ap-northeast-3:ACCOUNT:layer:AWS-Parameters-and-Secrets-Lambda-Extension-Arm64:VERSION/s,
    },
    'a layer that is given is taken': {
        names: ['06'],
        context: ['extension-arn=arn:aws:lambda:me-central-1:123456789012:layer:AWS-Parameters-and-Secrets-Lambda-Extension-Arm64:27'],
        what: 'extension for arm64',
        state: 'ok',
        says: /Arm64:27$/,
    },
    'a version that cannot be ordered': {
        answers: [{ when: orderable, out: { OrderableDBInstanceOptions: [] } }],
        what: 'database',
        state: 'stop',
        says: /17.6 on db.t4g.medium cannot be ordered in us-east-1.*aws rds describe-orderable-db-instance-options/s,
    },
    'five VPCs': {
        answers: [{ when: 'ec2 describe-vpcs', out: { Vpcs: [1, 2, 3, 4, 5] } }],
        what: 'VPCs',
        state: 'stop',
        says: /5 of 5 that the quota allows: delete one, or raise/,
    },
    'the quota of a new account': {
        answers: [{ when: 'lambda get-account-settings', out: { AccountLimit: { ConcurrentExecutions: 10 } } }],
        what: 'concurrency',
        state: 'look',
        says: /^look    concurrency: 10 environments.*Service Quotas/s,
    },
    'the quota of a new account, and forty people': {
        answers: [{ when: 'lambda get-account-settings', out: { AccountLimit: { ConcurrentExecutions: 10 } } }],
        context: ['attendees=40'],
        what: 'concurrency',
        state: 'stop',
        says: /0 for each of 40 people.*not one for everybody/,
    },
    'forty people and Parameter Store': {
        context: ['attendees=40'],
        what: 'Parameter Store',
        state: 'look',
        says: /40 requests\/s for the whole account.*npm run throughput -- on/s,
    },
    'no CDK toolkit': {
        answers: [refused('ssm get-parameter', 'ParameterNotFound', '')],
        what: 'CDK toolkit',
        state: 'stop',
        says: /missing in this account and Region:\n.*npx cdk bootstrap/,
    },
    'an old CDK toolkit': {
        answers: [{ when: 'ssm get-parameter', out: { Parameter: { Value: '5' } } }],
        what: 'CDK toolkit',
        state: 'stop',
        says: /version 5, and at least 6 is needed/,
    },
    'zones without the proxy, the instance, the endpoint': {
        answers: [
            {
                when: 'ec2 describe-availability-zones',
                out: { AvailabilityZones: ['a', 'b', 'c', 'd', 'e'].map((it, index) => ({ ZoneName: `us-east-1${it}`, ZoneId: `use1-az${index + 3}` })) },
            },
            offered('us-east-1a', 'us-east-1c', 'us-east-1d', 'us-east-1e'),
            { when: 'ec2 describe-vpc-endpoint-services', out: { ServiceDetails: [{ AvailabilityZones: ['us-east-1a', 'us-east-1b', 'us-east-1d', 'us-east-1e'] }] } },
        ],
        what: 'Availability Zones',
        state: 'ok',
        says: /us-east-1d and us-east-1e; us-east-1a has no RDS Proxy, us-east-1b has no db.t4g.medium, us-east-1c has no endpoint of Parameter Store$/,
    },
    'one zone alone': {
        answers: [offered('us-east-1a')],
        what: 'Availability Zones',
        state: 'stop',
        says: /2 are needed, and us-east-1 has 1/,
    },
    'a zone that was asked for and has no instance': {
        answers: [offered('us-east-1a', 'us-east-1b')],
        context: ['zones=us-east-1a,us-east-1c'],
        what: 'Availability Zones',
        state: 'stop',
        says: /-c zones: us-east-1c will not do. us-east-1c has no db.t4g.medium/,
    },
    'no cargo-lambda': {
        broken: ['cargo-lambda'],
        what: 'build tools',
        state: 'stop',
        says: /cargo-lambda is missing:\n +python3 -m venv/,
    },
    'cargo-lambda without its linker': {
        broken: ['zig', 'python3'],
        what: 'build tools',
        state: 'stop',
        says: /does not find zig.*after pipx.*python3 -m venv.*export PATH=/s,
    },
    'a shared stack that somebody is making': {
        answers: [stacksAnswer(...sharedThere.slice(0, 1), ['Stadiums-Database', 'CREATE_IN_PROGRESS'])],
        context: ['owner=ada'],
        what: 'Stadiums-Database',
        state: 'stop',
        says: /CREATE_IN_PROGRESS: somebody is at work on it/,
    },
    'a shared stack that failed, for somebody who shares it': {
        answers: [stacksAnswer(...sharedThere.slice(0, 3), ['Stadiums-Cache', 'ROLLBACK_COMPLETE'])],
        context: ['owner=ada'],
        what: 'Stadiums-Cache',
        state: 'stop',
        says: /ROLLBACK_COMPLETE: whoever deployed the shared stacks/,
    },
    'a stack that could not be deleted': {
        answers: [stacksAnswer(['Stadiums-Network', 'DELETE_FAILED'])],
        what: 'Stadiums-Network',
        state: 'stop',
        says: /aws cloudformation delete-stack --stack-name Stadiums-Network/,
    },
    'a stack whose last attempt failed': {
        answers: [stacksAnswer(...sharedThere, ['Stadiums-Step05', 'ROLLBACK_COMPLETE'])],
        what: 'Stadiums-Step05',
        state: 'look',
        says: /the last attempt failed/,
    },
    'a log group that an earlier proxy left': {
        answers: [{ when: 'logs describe-log-groups', out: { logGroups: [{ logGroupName: '/aws/rds/proxy/stadiums' }] } }],
        what: 'log group of RDS Proxy',
        state: 'stop',
        says: /aws logs delete-log-group --log-group-name \/aws\/rds\/proxy\/stadiums/,
    },
};

for (const [name, { what, state, says, ...rest }] of Object.entries(cases)) {
    test(name, async () => {
        const found = await finding(what, rest);
        assert.equal(found.state, state, line(found));
        assert.match(line(found), says);
    });
}

test('what is not built, with --prebuilt, is told for each function', async () => {
    const found = (await findings({ prebuilt: true })).filter((it) => it.state === 'stop');
    assert.deepEqual(found.map((it) => it.what), ['functions', 'functions']);
    assert.match(found.map(line).join('\n'), /populate is not built.*05-elasticache is not built/s);
});

test('of shared stacks that are there nothing is asked', async () => {
    const account = new Account(stacksAnswer(...sharedThere));
    const ended = await account.run('doctor', '05', '-c', 'owner=ada');
    assert.equal(ended.status, 0, ended.stderr);
    const asked = account.calls().join('\n');
    assert.doesNotMatch(asked, /freetier|create-service-linked-role|orderable|describe-vpcs|describe-availability-zones/);
});
