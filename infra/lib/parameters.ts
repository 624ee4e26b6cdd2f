// Values in Parameter Store.

import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';

/** Puts `values` under `prefix`. */
export function putParameters(scope: Construct, prefix: string, values: Record<string, string>): void {
    const parameters = new Construct(scope, 'Parameters');
    for (const [name, stringValue] of Object.entries(values)) {
        new StringParameter(parameters, name, { parameterName: `${prefix}/${name}`, stringValue });
    }
}
