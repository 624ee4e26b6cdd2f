// What cdk-nag finds and this workshop does on purpose. A finding that is not in here stops `cdk synth`.

import { type App, Stack, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';

import { parameterPrefix, project, readerUser, stepStackName } from './names.ts';
import { settings } from './settings.ts';

export interface Acknowledgement {
    /** The rule, and the finding where the rule has several. OWNER stands for each name of a room, STACK for each stack that expires. */
    readonly id: string;
    /** Ids of the stacks. */
    readonly stacks: RegExp;
    readonly reason: string;
}

const arn = (service: string, rest: string): string =>
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${rest}]`;

const steps = /^([a-z0-9]+-)?Step/;
const functions = /^([a-z0-9]+-)?(Step.*|Populate|Room)$/;

function room(reason: string, found: readonly string[]): Acknowledgement[] {
    return found.map((id) => ({ id, stacks: /^Room$/, reason }));
}

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
        stacks: steps,
        reason: 'A public list of stadiums, throttled; anybody may read it, and load tools need no credentials.',
    },
    {
        id: 'AwsSolutions-IAM5[Resource::*]',
        stacks: functions,
        reason:
            'AWS defines no ARN for sending and reading traces, for describing networks, for delivering access logs, for listing stacks ' +
            'and for the quotas of an account.',
    },
    {
        id: arn('ec2', '*/*'),
        stacks: functions,
        reason: 'The Lambda service refuses narrower ARNs for its network interfaces; a Deny keeps the function itself from using them.',
    },
    {
        id: arn('ssm', `parameter${parameterPrefix}/*`),
        stacks: /^Room$|^([a-z0-9]+-)?Step/,
        reason: 'The prefix holds the parameters of this workshop and nothing else.',
    },
    ...room('What bears the name of an attendee is the attendee\'s, and stacks, functions, roles and log groups of it are still unknown.', [
        arn('cloudformation', 'stack/Stadiums-OWNER-*/*'),
        arn('lambda', 'function:Stadiums-OWNER-*'),
        arn('logs', 'log-group:/aws/lambda/Stadiums-OWNER-*'),
        arn('logs', 'log-group:/aws/vendedlogs/Stadiums-OWNER-*'),
        `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:iam::<AWS::AccountId>:role/${project}-OWNER-*]`,
    ]),
    ...room('HTTP APIs have ids in their ARNs that nobody knows before.', [
        'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:apigateway:<AWS::Region>::/apis/*]',
        'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:apigateway:<AWS::Region>::/tags/*]',
    ]),
    ...room('AWS publishes the layer from another account in each Region.', [
        'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:lambda:<AWS::Region>:*:layer:AWS-Parameters-and-Secrets-Lambda-Extension*]',
    ]),
    ...room('A boundary holds for the functions of everybody in the room; each has its own role within it.', [
        arn('logs', `log-group:/aws/lambda/${project}-*`),
        arn('rds-db', `dbuser:prx-*/${readerUser}`),
    ]),
    ...room('Packages are named by the hash of what is in them.', [
        'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::cdk-hnb659fds-assets-<AWS::AccountId>-<AWS::Region>/*]',
    ]),
    {
        id: arn('cloudformation', 'stack/STACK/*'),
        stacks: /^Expiry$/,
        reason: 'The ARN of a stack ends with an id that it gets when it is created.',
    },
];

/** The context's names for OWNER and STACK. */
function names(app: App): Readonly<Record<string, readonly string[]>> {
    const { room, owner, expiry } = settings((name) => app.node.tryGetContext(name) as string | undefined);
    return { OWNER: room, STACK: [...(expiry?.stacks ?? []), stepStackName('Expiry', owner)] };
}

/** The ids that `id` means. */
export function ids(app: App, id: string): string[] {
    const [word, values] = Object.entries(names(app)).find(([it]) => id.includes(it)) ?? ['', []];
    return word === '' ? [id] : values.map((it) => id.replace(word, it));
}

/** Has cdk-nag check all stacks of `app` as it is synthesised, with `known` as what it need not report. */
export function check(app: App, known = acknowledgements): void {
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    for (const stack of app.node.children.filter((it) => Stack.isStack(it))) {
        for (const { id, reason, stacks } of known) {
            if (!stacks.test(stack.node.id)) continue;
            for (const one of ids(app, id)) Validations.of(stack).acknowledge({ id: one, reason });
        }
    }
}
