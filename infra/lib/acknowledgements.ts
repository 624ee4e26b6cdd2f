// What cdk-nag finds and this workshop does on purpose. A finding that is not in here stops `cdk synth`.

import { type App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

import { parameterPrefix } from './names.ts';

export interface Acknowledgement {
    /** The rule, and the finding where the rule has several. */
    readonly id: string;
    /** Ids of the stacks. */
    readonly stacks: RegExp;
    readonly reason: string;
}

const arn = (service: string, rest: string): string =>
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${rest}]`;

const functions = /^(Step.*|Populate)$/;

export const acknowledgements: readonly Acknowledgement[] = [
    {
        id: 'AwsSolutions-VPC7',
        stacks: /^Network$/,
        reason: 'Flow logs are billed by volume and tell nothing here: nothing in this VPC reaches the internet or is reached from it.',
    },
    {
        id: 'AwsSolutions-RDS10',
        stacks: /^Database$/,
        reason: 'Deletion protection would keep `npm run destroy` from ending the costs. The data are in the repository.',
    },
    {
        id: 'AwsSolutions-AEC4',
        stacks: /^Cache$/,
        reason: 'A second node doubles the price; when the cache is away, the functions answer from the database.',
    },
    {
        id: 'AwsSolutions-AEC6',
        stacks: /^Cache$/,
        reason: 'Public data that live for seconds. Only the security group of the functions reaches the node.',
    },
    {
        id: 'AwsSolutions-APIG4',
        stacks: /^Step/,
        reason: 'A public list of stadiums, throttled; anybody may read it, and load tools need no credentials.',
    },
    {
        id: 'AwsSolutions-IAM5[Resource::*]',
        stacks: functions,
        reason: 'AWS defines no ARN for sending traces to X-Ray and for describing network interfaces and subnets.',
    },
    {
        id: arn('ec2', '*/*'),
        stacks: functions,
        reason: 'The Lambda service refuses narrower ARNs for its network interfaces; a Deny keeps the function itself from using them.',
    },
    {
        id: arn('ssm', `parameter${parameterPrefix}/*`),
        stacks: /^Step/,
        reason: 'The prefix holds the parameters of this workshop and nothing else.',
    },
];

/** Has cdk-nag check all stacks of `app` as it is synthesised, with `known` as what it need not report. */
export function check(app: App, known = acknowledgements): void {
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    for (const stack of app.node.children.filter((it) => Stack.isStack(it))) {
        for (const { id, reason, stacks } of known) {
            if (stacks.test(stack.node.id)) Validations.of(stack).acknowledge({ id, reason });
        }
    }
}
