// What must hold in every stack.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { only, type Resource, resources, synthesise } from './support.ts';

const here = synthesise({ 'power-tuning': 'true', budget: '20', email: 'nobody@example.com' });

interface Statement {
    readonly Action: string | readonly string[];
    readonly Effect: string;
    readonly Resource?: unknown;
}

function list<T>(value: T | readonly T[] | undefined): readonly T[] {
    return value === undefined ? [] : Array.isArray(value) ? value : [value as T];
}

function statements(): Statement[] {
    const documents = [
        ...resources(here, 'AWS::IAM::Policy').map((it) => it.Properties['PolicyDocument']),
        ...resources(here, 'AWS::IAM::Role').flatMap((it) => list(it.Properties['Policies']).map((p: any) => p.PolicyDocument)),
    ];
    return documents.flatMap((it) => list<Statement>(it.Statement)).filter((it) => it.Effect === 'Allow');
}

/** AWS's service authorization reference has no resource type for these. */
const withoutArn = new Set([
    'ec2:DescribeNetworkInterfaces',
    'ec2:DescribeSubnets',
    'xray:PutTelemetryRecords',
    'xray:PutTraceSegments',
]);

test('no role may do anything to everything where AWS knows an ARN', () => {
    const found = statements();
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
    assert.equal(cache['TransitEncryptionMode'], 'required');
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
    assert.equal(groups.length, here.workspace.steps.length * 2 + 1);
    for (const group of groups as (Resource & { DeletionPolicy?: string })[]) {
        assert.equal(group.Properties['RetentionInDays'], 1);
        assert.equal(group.DeletionPolicy, 'Delete');
    }
    const kept = [...here.templates.values()]
        .flatMap((it) => Object.values(it.Resources) as (Resource & { DeletionPolicy?: string })[])
        .filter((it) => it.DeletionPolicy === 'Retain' || it.DeletionPolicy === 'Snapshot');
    assert.deepEqual(kept, []);
});
