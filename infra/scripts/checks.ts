// Everything that can be asked before the first resource that costs: of this machine, of the account, of the Region.

import { DefaultStackSynthesizer } from 'aws-cdk-lib';
import { RegionInfo } from 'aws-cdk-lib/region-info';

import { bootstrap } from '../lib/bootstrap.ts';
import { engine, instanceClass, proxyLogGroup } from '../lib/database.ts';
import { stepStackName } from '../lib/names.ts';
import type { Prices } from '../lib/prices.ts';
import { extensionVersionName } from '../lib/rust-function.ts';
import type { Settings } from '../lib/settings.ts';
import type { Architecture, Step, Workspace } from '../lib/workspace.ts';
import { type Stack, usable } from './account.ts';
import { aws, AwsError } from './aws.ts';
import { works } from './command-line.ts';
import { type Finding, look, ok, stop } from './finding.ts';
import { orderable, zoneFindings } from './zones.ts';

/** What is to be deployed, and what is there. */
export interface Subject {
    readonly workspace: Workspace;
    readonly prices: Prices;
    readonly region: string;
    readonly steps: readonly Step[];
    /** The shared stacks that the steps need, by ids. */
    readonly shared: readonly string[];
    /** What is deployed already. */
    readonly stacks: readonly Stack[];
    readonly settings: Settings;
    /** Nothing is built: what was built or downloaded before is deployed. */
    readonly prebuilt: boolean;
}

/** Whether the shared stack `id` is needed and has to be made. */
export function toMake(subject: Subject, id: string): boolean {
    const name = stepStackName(id);
    return subject.shared.includes(id) && !subject.stacks.some((it) => it.name === name && usable(it));
}

type Check = (subject: Subject) => Promise<Finding | readonly Finding[]> | Finding | readonly Finding[];

/** By what each looks at. */
const checks: Readonly<Record<string, Check>> = {
    'build tools': tools,
    'CDK toolkit': toolkit,
    stacks: states,
    'account plan': plan,
    'service-linked roles': linkedRoles,
    extension: extensions,
    database: engineVersion,
    'Availability Zones': async (subject) => (toMake(subject, 'Network') ? zoneFindings(subject) : []),
    VPCs: vpcs,
    'log group of RDS Proxy': leftLogGroup,
    concurrency,
    'Parameter Store': parameterStore,
};

/** Runs all checks next to each other. One that cannot look says so, and stops nothing. */
export async function examine(subject: Subject): Promise<Finding[]> {
    const found = await Promise.all(
        Object.entries(checks).map(async ([what, check]) => {
            try {
                return [await check(subject)].flat();
            } catch (error) {
                if (error instanceof AwsError) return [look(what, `could not be looked at: ${error.message}`)];
                throw error;
            }
        }),
    );
    return found.flat();
}

/** cargo-lambda links with zig, which it looks for as cargo-zigbuild does. */
function tools({ workspace, steps, shared, prebuilt }: Subject): Finding[] {
    if (prebuilt) {
        const crates = [...(shared.includes('Populate') ? [workspace.populate] : []), ...steps];
        const problems = crates.map((it) => bootstrap(workspace, it).problem).filter((it) => it !== undefined);
        return problems.map((it) => stop('functions', it, 'Or unpack a release: infra/README.md, Ready-made.'));
    }
    const environment = [
        'python3 -m venv ~/.cargo-lambda && ~/.cargo-lambda/bin/pip install cargo-lambda',
        'export PATH=~/.cargo-lambda/bin:$PATH',
    ];
    if (!works('cargo', 'lambda', '--version')) return [stop('build tools', 'cargo-lambda is missing:', ...environment)];
    const zig = process.env['CARGO_ZIGBUILD_ZIG_PATH'] !== undefined || works('zig', 'version') || works('python3', '-m', 'ziglang', 'version');
    if (zig) return [ok('build tools', 'cargo-lambda and its linker are here')];
    return [
        stop(
            'build tools',
            'cargo-lambda is here and does not find zig, its linker: `python3 -m ziglang version` fails, as it does after pipx. ' +
                'A virtual environment that is on the PATH has both:',
            ...environment,
        ),
    ];
}

/** The version that the templates ask for: CDK's `MIN_BOOTSTRAP_STACK_VERSION`. */
const toolkitVersion = 6;

async function toolkit(): Promise<Finding> {
    const what = 'CDK toolkit';
    const name = `/cdk-bootstrap/${DefaultStackSynthesizer.DEFAULT_QUALIFIER}/version`;
    const help = 'npx cdk bootstrap        in infra/, once in each account and Region';
    try {
        const { Parameter } = await aws<{ Parameter: { Value: string } }>('ssm', 'get-parameter', '--name', name);
        if (Number(Parameter.Value) >= toolkitVersion) return ok(what, `version ${Parameter.Value}`);
        return stop(what, `version ${Parameter.Value}, and at least ${toolkitVersion} is needed:`, help);
    } catch (error) {
        if (error instanceof AwsError && error.code === 'ParameterNotFound') {
            return stop(what, 'missing in this account and Region:', help);
        }
        throw error;
    }
}

/** Of the shared stacks and of those that are deployed now. */
function states({ stacks, shared, steps, settings }: Subject): Finding[] {
    const own = steps.map((it) => stepStackName(it.id, settings.owner));
    const relevant = stacks.filter((it) => shared.some((id) => it.name === stepStackName(id)) || own.includes(it.name));
    const findings = relevant
        .filter((it) => !usable(it))
        .map(({ name, status }): Finding => {
            if (status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS') {
                return stop(name, `${status}: somebody is at work on it. Wait until it is complete`);
            }
            if (settings.owner !== undefined && !own.includes(name)) {
                return stop(name, `${status}: whoever deployed the shared stacks has to mend it first`);
            }
            if (/DELETE_FAILED|ROLLBACK_FAILED/.test(status)) {
                return stop(name, `${status}: it has to go first:`, `aws cloudformation delete-stack --stack-name ${name}`);
            }
            return look(name, `${status}: the last attempt failed. It is made anew, or brought up to date`);
        });
    return findings.length > 0 ? findings : [ok('stacks', `${stacks.length} of this workshop exist, none is in the way`)];
}

/** The API answers in one Region for all (docs.aws.amazon.com, AWS Billing and Cost Management, GetAccountPlanState). */
async function plan(subject: Subject): Promise<Finding | []> {
    const what = 'account plan';
    if (!toMake(subject, 'Database')) return [];
    try {
        const found = await aws<{ accountPlanType: string }>('freetier', 'get-account-plan-state', '--region', 'us-east-1');
        if (found.accountPlanType !== 'FREE') return ok(what, found.accountPlanType);
        return stop(
            what,
            'FREE. There, Aurora is only made by its Express configuration, which has no VPC and no property in CloudFormation: ' +
                'Database would fail after Network was paid for.',
            'Upgrade the plan in the console, Billing and Cost Management (credits stay), or take a step without a database: floor',
        );
    } catch (error) {
        // An account from before the plans, July 2025, has none.
        if (error instanceof AwsError && error.code === 'ResourceNotFoundException') return ok(what, 'none, as before July 2025');
        throw error;
    }
}

/** On a fresh account the first stack races the creation of these roles by the services; "has been taken" is what it says of one that is there. */
async function linkedRoles(subject: Subject): Promise<Finding[]> {
    const services = { Database: 'rds', Cache: 'elasticache' };
    const needed = Object.entries(services).filter(([id]) => toMake(subject, id));
    return Promise.all(
        needed.map(async ([, service]) => {
            const what = `service-linked role of ${service}`;
            try {
                await aws('iam', 'create-service-linked-role', '--aws-service-name', `${service}.amazonaws.com`);
                return ok(what, 'made now: this is the first time that the account uses the service');
            } catch (error) {
                if (!(error instanceof AwsError)) throw error;
                if (error.said.includes('has been taken')) return ok(what, 'there');
                return look(
                    what,
                    `could not be made: ${error.said}`,
                    'On a fresh account the first deployment may fail for it, and the second one work.',
                );
            }
        }),
    );
}

/** CDK's map of the extension's layers has fewer Regions than have the layer. */
function extensions({ steps, region, settings }: Subject): Finding[] {
    const architectures = [...new Set(steps.filter((it) => it.extension).map((it) => it.architecture))];
    return architectures.map((architecture) => {
        const what = `extension for ${architecture}`;
        const given = settings.extension[architecture];
        const arn = given ?? extensionArn(region, architecture);
        if (arn !== undefined) return ok(what, arn);
        const suffix = architecture === 'arm64' ? '-Arm64' : '';
        return stop(
            what,
            `CDK knows no layer of the Parameters and Secrets extension in ${region}: take another Region, a step without the ` +
                'extension, or name the layer, whose account and version the Systems Manager user guide lists ("Using Parameter ' +
                'Store parameters in AWS Lambda functions"):',
            `-c extension-arn=arn:aws:lambda:${region}:ACCOUNT:layer:AWS-Parameters-and-Secrets-Lambda-Extension${suffix}:VERSION`,
        );
    });
}

function extensionArn(region: string, architecture: Architecture): string | undefined {
    return RegionInfo.get(region).paramsAndSecretsLambdaLayerArn(extensionVersionName, architecture);
}

async function engineVersion(subject: Subject): Promise<Finding | []> {
    if (!toMake(subject, 'Database')) return [];
    const { engineVersion } = engine;
    const offered = await orderable();
    if (offered.length > 0) return ok('database', `Aurora PostgreSQL ${engineVersion} on ${instanceClass} can be ordered`);
    return stop(
        'database',
        `Aurora PostgreSQL ${engineVersion} on ${instanceClass} cannot be ordered in ${subject.region}: take another Region, or a ` +
            'version of 17 that this lists in lib/database.ts:',
        `aws rds describe-orderable-db-instance-options --engine ${engine.engine} --db-instance-class ${instanceClass} ` +
            "--query 'OrderableDBInstanceOptions[].EngineVersion'",
    );
}

/** "VPCs per Region" in Service Quotas; five, unless somebody asked for more (docs.aws.amazon.com, VPC quotas). */
async function vpcs(subject: Subject): Promise<Finding | []> {
    if (!toMake(subject, 'Network')) return [];
    const [{ Vpcs }, { Quota }] = await Promise.all([
        aws<{ Vpcs: unknown[] }>('ec2', 'describe-vpcs'),
        aws<{ Quota: { Value: number } }>('service-quotas', 'get-service-quota', '--service-code', 'vpc', '--quota-code', 'L-F678F1CE'),
    ]);
    const found = `${Vpcs.length} of ${Quota.Value} that the quota allows`;
    return Vpcs.length < Quota.Value
        ? ok('VPCs', found)
        : stop('VPCs', `${found}: delete one, or raise the quota "VPCs per Region" in Service Quotas`);
}

/** The Database stack owns it, with an end, and cannot take over one that the proxy of an earlier time made by itself. */
async function leftLogGroup(subject: Subject): Promise<Finding | []> {
    if (!toMake(subject, 'Database')) return [];
    const prefix = ['--log-group-name-prefix', proxyLogGroup];
    const { logGroups } = await aws<{ logGroups: { logGroupName: string }[] }>('logs', 'describe-log-groups', ...prefix);
    if (!logGroups.some((it) => it.logGroupName === proxyLogGroup)) return [];
    return stop(
        'log group of RDS Proxy',
        `${proxyLogGroup} is there from before, and the stack that makes it would fail:`,
        `aws logs delete-log-group --log-group-name ${proxyLogGroup}`,
    );
}

/** Fewer environments than this say that the account is new; the usual quota is 1,000. */
const low = 100;

async function concurrency({ prices, settings }: Subject): Promise<Finding> {
    const what = 'concurrency';
    const { attendees } = settings;
    const answer = await aws<{ AccountLimit: { ConcurrentExecutions: number } }>('lambda', 'get-account-settings');
    const limit = answer.AccountLimit.ConcurrentExecutions;
    const each = Math.floor(limit / attendees);
    const rate = prices.requestsPerEnvironment();
    const shared = attendees > 1 ? `, ${each} for each of ${attendees} people` : '';
    const found = `${limit} environments, all functions of the account together${shared}; ${rate} requests/s each at most`;
    if (each < 1) return stop(what, `${found}: not one for everybody. Service Quotas raises it on request, which takes days`);
    if (limit >= low && (attendees === 1 || each >= 10)) return ok(what, found);
    return look(what, found, 'Enough to measure, too few for a load test. Service Quotas raises it on request, which takes days.');
}

/** A room's environments that start together meet one quota. */
function parameterStore({ settings, steps, prices }: Subject): Finding[] {
    const readers = steps.filter((it) => it.services.includes('parameters'));
    if (settings.attendees === 1 || readers.length === 0) return [];
    const quota = prices.parameterStoreQuota();
    return [
        look(
            'Parameter Store',
            `${quota} requests/s for the whole account and Region, and ${settings.attendees} people's environments that start together ` +
                'meet it: they answer 503. Either that is a lesson, or:',
            'npm run throughput -- on        higher throughput; it costs by the request. `-- off` when you are done',
        ),
    ];
}

