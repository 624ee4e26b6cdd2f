// AWS Lambda Power Tuning, from the Serverless Application Repository. A stack of its own: the application needs a macro
// (`Transform`) over the whole template that it stands in.

import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnApplication } from 'aws-cdk-lib/aws-sam';
import type { Construct } from 'constructs';

import { project } from './names.ts';

/** Memory sizes, MiB. */
export const powerValues = [128, 256, 512, 1024, 1769, 3008];

export class PowerTuning extends Stack {
    constructor(scope: Construct, id: string, props: StackProps) {
        super(scope, id, props);
        const application = new CfnApplication(this, 'Application', {
            location: {
                applicationId: 'arn:aws:serverlessrepo:us-east-1:451282441545:applications/aws-lambda-power-tuning',
                semanticVersion: '4.3.6',
            },
            parameters: {
                // By default it may invoke and change every function of the account.
                lambdaResource: this.formatArn({ service: 'lambda', resource: `function:${project}-*` }),
                PowerValues: powerValues.join(','),
            },
        });
        new CfnOutput(this, 'StateMachine', { value: application.getAtt('Outputs.StateMachineARN').toString() });
    }
}
