// All stacks.

import { type App, Tags } from 'aws-cdk-lib';

import { Budget } from './budget.ts';
import { Cache } from './cache.ts';
import { Database } from './database.ts';
import { project } from './names.ts';
import { Network } from './network.ts';
import { Populate } from './populate.ts';
import { PowerTuning } from './power-tuning.ts';
import { settings } from './settings.ts';
import { StepStack } from './step.ts';
import type { Workspace } from './workspace.ts';

/** Adds the stacks of `workspace` to `app`, whose context holds the settings. */
export function build(app: App, workspace: Workspace): void {
    const { zones, owner, budget, powerTuning } = settings((name) => app.node.tryGetContext(name) as string | undefined);
    const named = (name: string): { stackName: string } => ({ stackName: `${project}-${name}` });

    const network = new Network(app, 'Network', { ...named('Network'), ...(zones ? { zones } : {}) });
    const database = new Database(app, 'Database', { ...named('Database'), network });
    const populate = new Populate(app, 'Populate', { ...named('Populate'), workspace, network, database });
    const cache = new Cache(app, 'Cache', { ...named('Cache'), network });
    for (const step of workspace.steps) {
        const needs = (service: (typeof step.services)[number]): boolean => step.services.includes(service);
        const stack = new StepStack(app, step.id, {
            ...named(owner ? `${owner}-${step.id}` : step.id),
            description: step.title,
            workspace,
            step,
            network: step.services.length > 0 ? network : undefined,
            database: needs('database') ? database : undefined,
        });
        // The functions find both through Parameter Store, so that no template says it.
        if (needs('database')) stack.addStackDependency(populate);
        if (needs('cache')) stack.addStackDependency(cache);
    }
    if (budget) new Budget(app, 'Budget', { ...named('Budget'), ...budget });
    if (powerTuning) new PowerTuning(app, 'PowerTuning', named('PowerTuning'));

    Tags.of(app).add('project', project);
}
