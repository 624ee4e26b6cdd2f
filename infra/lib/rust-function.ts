// A crate as a Lambda function, with a role of its own and a log group that goes with it.

import { Annotations, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { type PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
    Architecture,
    Code,
    Function,
    ParamsAndSecretsLayerVersion,
    ParamsAndSecretsVersions,
    Runtime,
    Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

import type { Bootstrap } from './bootstrap.ts';
import { networkInterfaces, writeLogs } from './policies.ts';
import type { Crate } from './workspace.ts';

export interface RustFunctionProps {
    readonly crate: Crate;
    readonly bootstrap: Bootstrap;
    readonly functionName: string;
    readonly description: string;
    readonly variables?: Record<string, string>;
    /** Where its backing services are; without it, the function stays outside of any VPC. */
    readonly network?: { readonly vpc: IVpc; readonly functions: ISecurityGroup } | undefined;
    /** What it may do besides writing its logs and traces. */
    readonly statements: readonly PolicyStatement[];
    /** The layer of the Parameters and Secrets extension: its ARN, or the newest that CDK knows; none without it. */
    readonly extension?: string | 'newest known' | undefined;
}

export class RustFunction extends Construct {
    readonly function: Function;

    constructor(scope: Construct, id: string, props: RustFunctionProps) {
        super(scope, id);
        const { crate, bootstrap, network } = props;
        const stack = Stack.of(this);
        const logGroup = new LogGroup(this, 'Logs', {
            logGroupName: `/aws/lambda/${props.functionName}`,
            retention: RetentionDays.ONE_DAY,
            removalPolicy: RemovalPolicy.DESTROY,
        });
        const role = new Role(this, 'Role', {
            assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
        });
        const arn = stack.formatArn({ service: 'lambda', resource: `function:${props.functionName}` });
        const statements = [
            writeLogs(logGroup),
            ...(network ? networkInterfaces(stack, arn) : []),
            ...props.statements,
        ];
        statements.forEach((statement) => role.addToPolicy(statement));
        this.function = new Function(this, 'Function', {
            functionName: props.functionName,
            description: props.description,
            runtime: Runtime.PROVIDED_AL2023,
            handler: 'bootstrap',
            architecture: crate.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
            // A build with `--output-format zip` leaves a zip beside it.
            code: Code.fromAsset(bootstrap.path, { exclude: ['*', '!bootstrap'] }),
            memorySize: crate.memory,
            timeout: Duration.seconds(crate.timeout),
            // Adds the right to send traces to the role.
            tracing: crate.tracing ? Tracing.ACTIVE : Tracing.PASS_THROUGH,
            environment: { ...props.variables },
            role,
            logGroup,
            ...(network ? { vpc: network.vpc, securityGroups: [network.functions] } : {}),
            ...(props.extension !== undefined ? { paramsAndSecrets: extension(props.extension) } : {}),
        });
        if (bootstrap.problem !== undefined && this.node.tryGetContext('placeholders') === undefined) {
            Annotations.of(this).addError(bootstrap.problem);
        }
    }
}

/** The version that CDK is asked for where no ARN is given. It knows fewer Regions than have the layer: `npm run doctor` looks. */
export const extensionVersionName = ParamsAndSecretsVersions.V1_0_103;

function extension(layer: string): ParamsAndSecretsLayerVersion {
    return layer === 'newest known'
        ? ParamsAndSecretsLayerVersion.fromVersion(extensionVersionName)
        : ParamsAndSecretsLayerVersion.fromVersionArn(layer);
}
