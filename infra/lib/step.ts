// One step: its function and its API.

import { CfnOutput, RemovalPolicy, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';

import { bootstrap } from './bootstrap.ts';
import type { Cache } from './cache.ts';
import type { Database } from './database.ts';
import { readerUser } from './names.ts';
import type { Network } from './network.ts';
import { parameters } from './policies.ts';
import { RustFunction } from './rust-function.ts';
import type { Step, Workspace } from './workspace.ts';

export interface StepProps extends StackProps {
    readonly workspace: Workspace;
    readonly step: Step;
    /** Present if the manifest names any service. */
    readonly network: Network | undefined;
    /** Present if the manifest names it. */
    readonly database: Database | undefined;
    /** Present if the manifest names it. */
    readonly cache: Cache | undefined;
    /** Requests a second that the API lets through. */
    readonly rate: number;
    /** As of `RustFunctionProps`. */
    readonly extension: string | undefined;
}

/**
 * Requests at once, or after a while without any: what a measurement without pauses needs. What a stranger with the URL can run
 * up depends on the rate alone.
 */
const burst = 200;

/** A line for each request. Nothing about the client is in it. */
const accessLog = {
    requestId: '$context.requestId',
    time: '$context.requestTime',
    method: '$context.httpMethod',
    path: '$context.path',
    status: '$context.status',
    responseLatency: '$context.responseLatency',
    integrationLatency: '$context.integrationLatency',
    integrationError: '$context.integrationErrorMessage',
};

export class StepStack extends Stack {
    constructor(scope: Construct, id: string, props: StepProps) {
        super(scope, id, props);
        const { step, workspace, network, database, cache } = props;
        const rust = new RustFunction(this, 'Rust', {
            crate: step,
            bootstrap: bootstrap(workspace, step),
            functionName: this.stackName,
            description: step.title,
            variables: step.variables,
            network,
            statements: [
                ...(step.services.includes('parameters') ? [new PolicyStatement(parameters(this))] : []),
                ...(database ? [database.signInAs(readerUser)] : []),
            ],
            extension: props.extension,
        });
        // The function finds the cache through Parameter Store. The import keeps it from being deleted before the function.
        if (cache) Tags.of(rust.function).add('cache', cache.name);
        const api = new HttpApi(this, 'Api', { apiName: this.stackName, createDefaultStage: false });
        api.addRoutes({
            path: '/',
            methods: [HttpMethod.GET],
            integration: new HttpLambdaIntegration('Function', rust.function),
        });
        new HttpStage(this, 'Stage', {
            httpApi: api,
            stageName: '$default',
            autoDeploy: true,
            throttle: { rateLimit: props.rate, burstLimit: Math.max(burst, props.rate) },
            accessLogSettings: {
                destination: new LogGroupLogDestination(this.accessLogs()),
                format: AccessLogFormat.custom(JSON.stringify(accessLog)),
            },
        });
        this.addOutputs(step, `${api.apiEndpoint}/`, rust.function.functionName);
    }

    private accessLogs(): LogGroup {
        return new LogGroup(this, 'AccessLogs', {
            // Under this prefix API Gateway writes by one policy for all groups; one policy each would soon be too long.
            logGroupName: `/aws/vendedlogs/${this.stackName}`,
            retention: RetentionDays.ONE_DAY,
            removalPolicy: RemovalPolicy.DESTROY,
        });
    }

    /** What the lab reads to measure a deployed step; README.md describes it. */
    private addOutputs(step: Step, url: string, functionName: string): void {
        const outputs = {
            Step: step.name,
            Url: url,
            FunctionName: functionName,
            Architecture: step.architecture,
            Memory: String(step.memory),
            Region: this.region,
        };
        for (const [name, value] of Object.entries(outputs)) {
            new CfnOutput(this, name, { value });
        }
    }
}
