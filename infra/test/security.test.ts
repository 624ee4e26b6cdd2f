// What must hold in every stack.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { only, type Resource, resources, synthesise } from './support.ts';

const here = synthesise({ 'power-tuning': 'true', budget: '20', email: 'nobody@example.com' });

/** A room of two, and a deployment that ends by itself. */
const room = synthesise({ room: 'ada,ben', steps: 'Step05' });
const expiring = synthesise({ expires: '2026-11-28T22:00:00.000Z', expiring: 'Stadiums-Network,Stadiums-Step05' });

interface Statement {
    readonly Action: string | readonly string[];
    readonly Effect: string;
    readonly Resource?: unknown;
}

function list<T>(value: T | readonly T[] | undefined): readonly T[] {
    return value === undefined ? [] : Array.isArray(value) ? value : [value as T];
}

function statements(of = here): Statement[] {
    const documents = [
        ...['Policy', 'ManagedPolicy'].flatMap((it) => resources(of, `AWS::IAM::${it}`)).map((it) => it.Properties['PolicyDocument']),
        ...resources(of, 'AWS::IAM::Role').flatMap((it) => list(it.Properties['Policies']).map((p: any) => p.PolicyDocument)),
    ];
    return documents.flatMap((it) => list<Statement>(it.Statement)).filter((it) => it.Effect === 'Allow');
}

/** AWS's service authorization reference has no resource type for these. */
const withoutArn = new Set([
    'cloudformation:ListStacks',
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSecurityGroups',
    'ec2:DescribeSubnets',
    'ec2:DescribeVpcs',
    'lambda:GetAccountSettings',
    'logs:CreateLogDelivery',
    'logs:DeleteLogDelivery',
    'logs:DescribeResourcePolicies',
    'logs:GetLogDelivery',
    'logs:ListLogDeliveries',
    'logs:PutResourcePolicy',
    'logs:UpdateLogDelivery',
    'xray:BatchGetTraces',
    'xray:GetTraceSummaries',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
]);

test('no role may do anything to everything where AWS knows an ARN', () => {
    const found = [here, room, expiring].flatMap(statements);
    assert.ok(found.length > 20);
    for (const { Action, Resource } of found) {
        for (const action of list(Action)) {
            assert.doesNotMatch(action, /\*/);
            if (list(Resource).includes('*')) assert.ok(withoutArn.has(action), `${action} on *`);
        }
    }
});

test('a step reads the parameters of its prefix, signs in as the reader, and no more', () => {
    const policy = only(resources(here, 'AWS::IAM::Policy', 'Step05')).Properties['PolicyDocument'];
    const allowed = list<Statement>(policy.Statement).filter((it) => it.Effect === 'Allow');
    const services = new Set(allowed.flatMap((it) => list(it.Action)).map((it) => it.split(':')[0]));
    assert.deepEqual([...services].sort(), ['ec2', 'logs', 'rds-db', 'ssm', 'xray']);
    const text = (service: string): string =>
        JSON.stringify(allowed.filter((it) => list(it.Action)[0]?.startsWith(`${service}:`)).map((it) => it.Resource));
    assert.match(text('ssm'), /:parameter\/stadiums\/\*"/);
    assert.match(text('rds-db'), /"\/stadiums_reader"/);
    assert.doesNotMatch(text('rds-db'), /\*|admin/);
});

test('the floor has no backing services and no permission for any', () => {
    const policy = JSON.stringify(only(resources(here, 'AWS::IAM::Policy', 'StepFloor')).Properties);
    assert.doesNotMatch(policy, /ec2:|ssm:|rds-db:/);
    assert.equal(only(resources(here, 'AWS::Lambda::Function', 'StepFloor')).Properties['VpcConfig'], undefined);
});

test('nothing in the network leads out', () => {
    for (const type of ['InternetGateway', 'NatGateway', 'EIP']) {
        assert.deepEqual(resources(here, `AWS::EC2::${type}`), []);
    }
    for (const subnet of resources(here, 'AWS::EC2::Subnet')) {
        assert.equal(subnet.Properties['MapPublicIpOnLaunch'], false);
    }
    const rules = [
        ...resources(here, 'AWS::EC2::SecurityGroup').flatMap((it) => [
            ...list(it.Properties['SecurityGroupIngress']),
            ...list(it.Properties['SecurityGroupEgress']),
        ]),
        ...resources(here, 'AWS::EC2::SecurityGroupIngress').map((it) => it.Properties),
    ];
    assert.ok(rules.length > 5);
    assert.doesNotMatch(JSON.stringify(rules), /0\.0\.0\.0\/0|::\/0/);
});

test('the database is private, encrypted, and nobody has a password for it', () => {
    const cluster = only(resources(here, 'AWS::RDS::DBCluster')).Properties;
    assert.equal(only(resources(here, 'AWS::RDS::DBInstance')).Properties['PubliclyAccessible'], false);
    assert.equal(cluster['StorageEncrypted'], true);
    assert.equal(cluster['EnableIAMDatabaseAuthentication'], true);
    assert.equal(cluster['MasterUserAuthenticationType'], 'iam-db-auth');
    assert.equal(cluster['MasterUserPassword'], undefined);
    const proxy = only(resources(here, 'AWS::RDS::DBProxy')).Properties;
    assert.equal(proxy['DefaultAuthScheme'], 'IAM_AUTH');
    assert.equal(proxy['Auth'], undefined);
    assert.deepEqual(resources(here, 'AWS::SecretsManager::Secret'), []);
});

test('database, proxy and cache refuse connections without TLS', () => {
    const parameters = only(resources(here, 'AWS::RDS::DBClusterParameterGroup')).Properties;
    assert.equal(parameters['Parameters']['rds.force_ssl'], '1');
    assert.equal(only(resources(here, 'AWS::RDS::DBProxy')).Properties['RequireTLS'], true);
    const cache = only(resources(here, 'AWS::ElastiCache::ReplicationGroup')).Properties;
    assert.equal(cache['TransitEncryptionEnabled'], true);
});

test('the endpoint of Parameter Store passes on nothing but reading the prefix', () => {
    const endpoint = only(resources(here, 'AWS::EC2::VPCEndpoint')).Properties;
    const statement = only(list<Statement>(endpoint['PolicyDocument'].Statement));
    assert.deepEqual(statement.Action, ['ssm:GetParameter', 'ssm:GetParameters']);
    assert.match(JSON.stringify(statement.Resource), /:parameter\/stadiums\/\*"/);
});

test('the parameters are the ones that the functions read', () => {
    const names = resources(here, 'AWS::SSM::Parameter').map((it) => it.Properties['Name'] as string);
    const read = ['database/user', 'database/name', 'database/port', 'database/endpoint', 'cache/enabled', 'cache/endpoint', 'cache/port'];
    assert.deepEqual(names.sort(), read.map((it) => `/stadiums/${it}`).sort());
});

test('no log outlives its day, and nothing stays when a stack goes', () => {
    const groups = resources(here, 'AWS::Logs::LogGroup');
    assert.equal(groups.length, here.workspace.steps.length * 2 + 2);
    for (const group of groups as (Resource & { DeletionPolicy?: string })[]) {
        assert.equal(group.Properties['RetentionInDays'], 1);
        assert.equal(group.DeletionPolicy, 'Delete');
    }
    const kept = [...here.templates.values()]
        .flatMap((it) => Object.values(it.Resources) as (Resource & { DeletionPolicy?: string })[])
        .filter((it) => it.DeletionPolicy === 'Retain' || it.DeletionPolicy === 'Snapshot');
    assert.deepEqual(kept, []);
});

/** The policy of this name, as JSON with the pseudo parameters of CloudFormation as `*`-free text. */
function policy(name: string): string {
    const found = resources(room, 'AWS::IAM::ManagedPolicy').filter((it) => it.Properties['ManagedPolicyName'] === name);
    return JSON.stringify(only(found).Properties['PolicyDocument']);
}

test('an attendee\'s policy names the attendee\'s stacks alone, and no role that may do more', () => {
    const text = policy('StadiumsRoom-ada');
    assert.match(text, /function:Stadiums-ada-\*/);
    assert.match(text, /log-group:\/aws\/lambda\/Stadiums-ada-\*/);
    assert.doesNotMatch(text, /ben|Stadiums-\*|cfn-exec-role|cdk-hnb659fds-deploy-role/);
    const roles = [...text.matchAll(/role\/[^"]*/g)].map(([it]) => it);
    assert.deepEqual(roles, ['role/cdk-hnb659fds-file-publishing-role-']);
    const stars = (JSON.parse(text).Statement as Statement[]).filter((it) => it.Resource === '*').flatMap((it) => list(it.Action));
    assert.deepEqual(stars.filter((it) => !withoutArn.has(it)), []);
});

test('what deploys an attendee\'s stacks makes roles within the boundary alone, and touches its own stacks alone', () => {
    const roles = resources(room, 'AWS::IAM::Role', 'Room').filter((it) => it.Properties['RoleName']?.includes('-ada-'));
    const documents = roles.map((it) => JSON.stringify(it.Properties['Policies']));
    assert.equal(roles.length, 2);
    assert.doesNotMatch(documents.join(), /ben/);
    const making = roles.flatMap((it) => list<any>(it.Properties['Policies'])).flatMap((it) => it.PolicyDocument.Statement);
    for (const it of making.filter((that) => list<string>(that.Action).some((action) => /^iam:(Create|Put)/.test(action)))) {
        assert.ok(it.Condition.StringEquals['iam:PermissionsBoundary'], JSON.stringify(it));
    }
    for (const it of making.filter((that) => list(that.Action).includes('iam:PassRole'))) assert.notEqual(it.Resource, '*');
});

test('in a room every function\'s role has the boundary, whoever deploys it', () => {
    const attendee = synthesise({ owner: 'ada', attendee: 'true' });
    const found = [...resources(room, 'AWS::IAM::Role', 'ada-Step05'), ...resources(attendee, 'AWS::IAM::Role', 'Step05')];
    assert.equal(found.length, 2);
    for (const it of found) assert.match(JSON.stringify(it.Properties['PermissionsBoundary']), /policy\/StadiumsRoom-boundary/);
    assert.equal(resources(here, 'AWS::IAM::Role', 'Step05')[0]?.Properties['PermissionsBoundary'], undefined);
});

test('the hours end with a schedule for each stack, which may delete these and nothing else', () => {
    const schedules = resources(expiring, 'AWS::Scheduler::Schedule', 'Expiry').map((it) => it.Properties);
    const inputs = schedules.map((it) => JSON.parse(it['Target'].Input).StackName as string);
    assert.deepEqual(inputs, ['Stadiums-Network', 'Stadiums-Step05', 'Stadiums-Expiry']);
    assert.deepEqual(schedules.map((it) => it['StartDate']), ['2026-11-28T22:00:00.000Z', '2026-11-28T22:00:00.000Z', undefined]);
    assert.equal(schedules[2]?.['ScheduleExpression'], 'at(2026-11-29T04:00:00)');
    const [allowed] = list<Statement>(only(resources(expiring, 'AWS::IAM::Policy', 'Expiry')).Properties['PolicyDocument'].Statement);
    assert.equal(allowed?.Action, 'cloudformation:DeleteStack');
    assert.equal(list(allowed?.Resource).length, 3);
    assert.doesNotMatch(JSON.stringify(allowed?.Resource), /stack\/\*|Stadiums-\*/);
});

test('the logs of RDS Proxy and, for debugging, of refused sign-ins have an end', () => {
    const groups = (of: typeof here): string[] => resources(of, 'AWS::Logs::LogGroup', 'Database').map((it) => it.Properties['LogGroupName'] as string);
    assert.deepEqual(groups(here), ['/aws/rds/proxy/stadiums']);
    const debugging = synthesise({ debug: 'true' });
    assert.deepEqual(groups(debugging).sort(), ['/aws/rds/cluster/stadiums/iam-db-auth-error', '/aws/rds/proxy/stadiums']);
    assert.equal(only(resources(debugging, 'AWS::RDS::DBProxy')).Properties['DebugLogging'], true);
    assert.equal(only(resources(here, 'AWS::RDS::DBProxy')).Properties['DebugLogging'], false);
    assert.equal(only(resources(debugging, 'AWS::RDS::DBProxy')).Properties['DBProxyName'], 'stadiums');
});
