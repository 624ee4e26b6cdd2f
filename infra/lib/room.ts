// What people who share an account may do: everything with the stacks that bear their name, and nothing with anybody else's.
//
// The roles that `cdk bootstrap` makes would not do: whoever may assume its deploy role hands any template to a role that may
// do everything. So each name gets a deploy role and a role that CloudFormation works with, and a policy to be attached to
// whoever it is, which assumes the first.

import { ArnFormat, DefaultStackSynthesizer, Stack, type StackProps } from 'aws-cdk-lib';
import {
    AccountRootPrincipal,
    type IManagedPolicy,
    ManagedPolicy,
    PolicyDocument,
    PolicyStatement,
    Role,
    ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

import { project, readerUser, stepStackName } from './names.ts';
import { describeActions, interfaceActions, parameters } from './policies.ts';

export interface RoomProps extends StackProps {
    readonly owners: readonly string[];
}

/** Another prefix than that of the stacks, so that nobody's rights to `Stadiums-NAME-*` reach their own rights. */
const prefix = `${project}Room`;

/** The most that the role of any function in a room may do. */
export const boundaryName = `${prefix}-boundary`;

/** The policy that is attached to the person. */
export const attendeePolicyName = (owner: string): string => `${prefix}-${owner}`;
const deployRoleName = (owner: string): string => `${prefix}-${owner}-deploy`;
const executionRoleName = (owner: string): string => `${prefix}-${owner}-execution`;

/** CDK's qualifier, in the names of what `cdk bootstrap` makes. */
const qualifier = DefaultStackSynthesizer.DEFAULT_QUALIFIER;

/** Deploys with the roles of `owner` instead of the CDK toolkit's. Zips and templates still go to the toolkit's bucket. */
export function attendeeSynthesizer(owner: string): DefaultStackSynthesizer {
    const arn = (name: string): string => `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:role/${name}`;
    return new DefaultStackSynthesizer({
        deployRoleArn: arn(deployRoleName(owner)),
        cloudFormationExecutionRole: arn(executionRoleName(owner)),
    });
}

export class Room extends Stack {
    constructor(scope: Construct, id: string, props: RoomProps) {
        super(scope, id, props);
        const boundary = new ManagedPolicy(this, 'Boundary', {
            managedPolicyName: boundaryName,
            description: 'The most that a function in the room may do',
            statements: boundaryStatements(this),
        });
        for (const owner of props.owners) new Attendee(this, owner, boundary);
    }
}

/** The two roles and the policy of one name. */
class Attendee extends Construct {
    constructor(scope: Stack, owner: string, boundary: IManagedPolicy) {
        super(scope, owner);
        const mine = new Mine(scope, owner);
        const execution = new Role(this, 'Execution', {
            roleName: executionRoleName(owner),
            assumedBy: new ServicePrincipal('cloudformation.amazonaws.com'),
            inlinePolicies: { Steps: new PolicyDocument({ statements: mine.execution(boundary.managedPolicyArn) }) },
        });
        const deploy = new Role(this, 'Deploy', {
            roleName: deployRoleName(owner),
            assumedBy: new AccountRootPrincipal(),
            inlinePolicies: { Stacks: new PolicyDocument({ statements: mine.deploy(execution.roleArn) }) },
        });
        new ManagedPolicy(this, 'Policy', {
            managedPolicyName: attendeePolicyName(owner),
            description: `Deploys, measures and reads what is called ${stepStackName('...', owner)}`,
            statements: mine.person(deploy.roleArn),
        });
    }
}

/** Statements about what bears an owner's name. */
class Mine {
    private readonly stack: Stack;
    private readonly owner: string;

    constructor(stack: Stack, owner: string) {
        this.stack = stack;
        this.owner = owner;
    }

    /** What CloudFormation may do with a template of this owner. */
    execution(boundaryArn: string): PolicyStatement[] {
        const stack = this.stack;
        const roles = [stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: `${this.pattern()}` })];
        const logGroups = [this.logGroup('/aws/lambda/'), this.logGroup('/aws/vendedlogs/')];
        const layer = { service: 'lambda', account: '*', resource: 'layer', arnFormat: ArnFormat.COLON_RESOURCE_NAME };
        return [
            allow([this.functionArn()], 'lambda', functionActions),
            allow([stack.formatArn({ ...layer, resourceName: 'AWS-Parameters-and-Secrets-Lambda-Extension*' })], 'lambda', [
                'GetLayerVersion',
            ]),
            // A role is made and filled only with the boundary around it.
            new PolicyStatement({
                actions: ['iam:CreateRole', 'iam:PutRolePolicy', 'iam:DeleteRolePolicy'],
                resources: roles,
                conditions: { StringEquals: { 'iam:PermissionsBoundary': boundaryArn } },
            }),
            allow(roles, 'iam', ['DeleteRole', 'GetRole', 'GetRolePolicy', 'TagRole', 'UntagRole']),
            new PolicyStatement({
                actions: ['iam:PassRole'],
                resources: roles,
                conditions: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
            }),
            allow(logGroups, 'logs', logGroupActions),
            allow(['*'], 'logs', deliveryActions),
            allow(apis(stack), 'apigateway', ['DELETE', 'GET', 'PATCH', 'POST', 'PUT']),
            allow(['*'], 'ec2', ['DescribeSecurityGroups', 'DescribeSubnets', 'DescribeVpcs']),
            new PolicyStatement(parameters(stack)),
            allow([toolkitVersion(stack)], 'ssm', ['GetParameters']),
            allow([assets(stack)], 's3', ['GetObject']),
        ];
    }

    /** What the CDK CLI does with the owner's stacks. */
    deploy(executionRoleArn: string): PolicyStatement[] {
        const arn = this.stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: `${this.pattern()}/*` });
        return [
            allow([arn], 'cloudformation', stackActions),
            allow([executionRoleArn], 'iam', ['PassRole']),
            allow([assets(this.stack)], 's3', ['GetObject']),
            allow([toolkitVersion(this.stack)], 'ssm', ['GetParameter']),
        ];
    }

    /** What the person does: deploys through the roles, calls, measures, reads logs and traces. */
    person(deployRoleArn: string): PolicyStatement[] {
        const stack = this.stack;
        const publishing = `cdk-${qualifier}-file-publishing-role-${stack.account}-${stack.region}`;
        const role = stack.formatArn({ service: 'iam', region: '', resource: 'role', resourceName: publishing });
        return [
            allow([deployRoleArn, role], 'sts', ['AssumeRole']),
            allow([this.functionArn()], 'lambda', [
                'GetFunction',
                'GetFunctionConfiguration',
                'InvokeFunction',
                'UpdateFunctionConfiguration',
            ]),
            allow([this.logGroup('/aws/lambda/'), this.logGroup('/aws/vendedlogs/')], 'logs', ['FilterLogEvents']),
            allow(['*'], 'cloudformation', ['ListStacks']),
            allow(['*'], 'ec2', ['DescribeSubnets']),
            allow(['*'], 'lambda', ['GetAccountSettings']),
            allow(['*'], 'xray', ['BatchGetTraces', 'GetTraceSummaries']),
            allow([toolkitVersion(stack)], 'ssm', ['GetParameter']),
        ];
    }

    private pattern(): string {
        return stepStackName('*', this.owner);
    }

    private functionArn(): string {
        return this.stack.formatArn({ service: 'lambda', resource: `function:${this.pattern()}` });
    }

    private logGroup(before: string): string {
        return this.stack.formatArn({ service: 'logs', resource: `log-group:${before}${this.pattern()}` });
    }
}

/** For a function in a room, whoever's it is. */
function boundaryStatements(stack: Stack): PolicyStatement[] {
    const anyInterface = stack.formatArn({ service: 'ec2', resource: '*', resourceName: '*' });
    const reader = { service: 'rds-db', resource: 'dbuser', arnFormat: ArnFormat.COLON_RESOURCE_NAME };
    return [
        allow([stack.formatArn({ service: 'logs', resource: `log-group:/aws/lambda/${project}-*` })], 'logs', [
            'CreateLogStream',
            'PutLogEvents',
        ]),
        allow(['*'], 'xray', ['PutTelemetryRecords', 'PutTraceSegments']),
        new PolicyStatement({ actions: interfaceActions, resources: [anyInterface] }),
        new PolicyStatement({ actions: describeActions, resources: ['*'] }),
        new PolicyStatement(parameters(stack)),
        allow([stack.formatArn({ ...reader, resourceName: `prx-*/${readerUser}` })], 'rds-db', ['connect']),
    ];
}

function allow(resources: string[], service: string, actions: readonly string[]): PolicyStatement {
    return new PolicyStatement({ actions: actions.map((it) => `${service}:${it}`), resources });
}

/** HTTP APIs have no names in their ARNs, only ids that nobody knows before: a room is trusted not to touch its neighbours'. */
function apis(stack: Stack): string[] {
    return ['/apis', '/apis/*', '/tags/*'].map((path) => `arn:${stack.partition}:apigateway:${stack.region}::${path}`);
}

function assets(stack: Stack): string {
    return `arn:${stack.partition}:s3:::cdk-${qualifier}-assets-${stack.account}-${stack.region}/*`;
}

function toolkitVersion(stack: Stack): string {
    return stack.formatArn({ service: 'ssm', resource: 'parameter', resourceName: `cdk-bootstrap/${qualifier}/version` });
}

const functionActions = [
    'AddPermission',
    'CreateFunction',
    'DeleteFunction',
    'GetFunction',
    'GetFunctionCodeSigningConfig',
    'GetFunctionConfiguration',
    'GetFunctionRecursionConfig',
    'GetPolicy',
    'GetRuntimeManagementConfig',
    'ListTags',
    'RemovePermission',
    'TagResource',
    'UntagResource',
    'UpdateFunctionCode',
    'UpdateFunctionConfiguration',
];

const logGroupActions = [
    'CreateLogGroup',
    'DeleteLogGroup',
    'DescribeLogGroups',
    'ListTagsForResource',
    'PutRetentionPolicy',
    'TagResource',
    'UntagResource',
];

/** What API Gateway asks for of whoever gives a stage an access log (its developer guide, "Permissions for CloudWatch logging"). */
const deliveryActions = [
    'CreateLogDelivery',
    'DeleteLogDelivery',
    'DescribeResourcePolicies',
    'GetLogDelivery',
    'ListLogDeliveries',
    'PutResourcePolicy',
    'UpdateLogDelivery',
];

/** What the deploy role of the CDK toolkit may do with stacks. */
const stackActions = [
    'ContinueUpdateRollback',
    'CreateChangeSet',
    'CreateStack',
    'DeleteChangeSet',
    'DeleteStack',
    'DescribeChangeSet',
    'DescribeEvents',
    'DescribeStackEvents',
    'DescribeStacks',
    'ExecuteChangeSet',
    'GetTemplate',
    'GetTemplateSummary',
    'RollbackStack',
    'UpdateStack',
    'UpdateTerminationProtection',
];

