// The app that the CDK CLI runs.

import { App } from 'aws-cdk-lib';

import { check } from '../lib/acknowledgements.ts';
import { build } from '../lib/app.ts';
import { loadWorkspace } from '../lib/workspace.ts';

const app = new App();
build(app, loadWorkspace());
check(app);
app.synth();
