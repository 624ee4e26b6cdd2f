// What a function may do. Where AWS knows an ARN for it, the statement names the ARN.

import { ArnFormat, type Stack } from 'aws-cdk-lib';
import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';

import { parameterPrefix } from './names.ts';

/** Actions and resources: the workshop's parameters, to read. */
export function parameters(stack: Stack): { actions: string[]; resources: string[] } {
    const resource = stack.formatArn({
        service: 'ssm',
        resource: 'parameter',
        resourceName: `${parameterPrefix.slice(1)}/*`,
    });
    // GetParameter is what the extension calls, GetParameters what the steps without it call.
    return { actions: ['ssm:GetParameter', 'ssm:GetParameters'], resources: [resource] };
}

/** Signing in to a database, or to the proxy before it, as one of `users`. `resourceId` begins with `cluster-` or `prx-`. */
export function signIn(stack: Stack, resourceId: string, users: readonly string[]): PolicyStatement {
    const resource = (user: string): string =>
        stack.formatArn({
            service: 'rds-db',
            resource: 'dbuser',
            resourceName: `${resourceId}/${user}`,
            arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        });
    return new PolicyStatement({ actions: ['rds-db:connect'], resources: users.map(resource) });
}

export function writeLogs(group: ILogGroup): PolicyStatement {
    return new PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [group.logGroupArn],
    });
}

export const interfaceActions = [
    'ec2:AssignPrivateIpAddresses',
    'ec2:CreateNetworkInterface',
    'ec2:DeleteNetworkInterface',
    'ec2:UnassignPrivateIpAddresses',
];
export const describeActions = ['ec2:DescribeNetworkInterfaces', 'ec2:DescribeSubnets'];

/**
 * The network interfaces through which a function reaches the VPC. The Lambda service creates them with the function's
 * role; the function's own code is denied the same. Both are as the Lambda developer guide has it, the page on VPCs: the
 * Describe actions know no ARN, and the service refuses a role whose ARNs for the others are narrower than this.
 */
export function networkInterfaces(stack: Stack, functionArn: string): PolicyStatement[] {
    const any = stack.formatArn({ service: 'ec2', resource: '*', resourceName: '*' });
    return [
        new PolicyStatement({ actions: interfaceActions, resources: [any] }),
        new PolicyStatement({ actions: describeActions, resources: ['*'] }),
        new PolicyStatement({
            effect: Effect.DENY,
            actions: [...interfaceActions, ...describeActions],
            resources: ['*'],
            conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
        }),
    ];
}
