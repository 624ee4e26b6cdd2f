// The end that `-c hours=4` gives to a deployment: schedules that delete its stacks, one each. A stack that others still
// need is left as it is by CloudFormation, so the schedules ask again until they all are gone; then this stack goes, too.

import { Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';

export interface ExpiryProps extends StackProps {
    /** When, as ISO 8601 in UTC. */
    readonly at: string;
    /** The names of the stacks to delete. */
    readonly stacks: readonly string[];
}

/** How long it is tried: network interfaces of functions are documented by others to hold a VPC for up to an hour. */
const triedHours = 6;

export class Expiry extends Stack {
    constructor(scope: Construct, id: string, props: ExpiryProps) {
        super(scope, id, props);
        const names = [...props.stacks, this.stackName];
        const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('scheduler.amazonaws.com') });
        const arn = (name: string): string =>
            this.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: `${name}/*` });
        // CloudFormation deletes with the role that it created the stack with: this one needs no right to anything in it.
        role.addToPolicy(new PolicyStatement({ actions: ['cloudformation:DeleteStack'], resources: names.map(arn) }));
        const begin = new Date(props.at);
        const end = new Date(begin.getTime() + triedHours * 3_600_000);
        for (const name of names) {
            const self = name === this.stackName;
            new CfnSchedule(this, `Delete-${name}`, {
                description: `Deletes the stack ${name}`,
                flexibleTimeWindow: { mode: 'OFF' },
                scheduleExpression: self ? `at(${seconds(end)})` : 'rate(15 minutes)',
                ...(self ? {} : { startDate: begin.toISOString(), endDate: end.toISOString() }),
                target: {
                    // https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
                    arn: `arn:${this.partition}:scheduler:::aws-sdk:cloudformation:deleteStack`,
                    roleArn: role.roleArn,
                    input: JSON.stringify({ StackName: name }),
                },
            });
        }
    }
}

/** `2026-11-28T21:00:00`, as `at()` wants it. */
function seconds(date: Date): string {
    return date.toISOString().slice(0, 19);
}
