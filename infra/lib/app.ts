// All stacks.

import { type App, type IStackSynthesizer, PermissionsBoundary, type StackProps, Tags } from 'aws-cdk-lib';

import { Budget } from './budget.ts';
import { Cache } from './cache.ts';
import { Database } from './database.ts';
import { Expiry } from './expiry.ts';
import { project, stepStackName } from './names.ts';
import { Network } from './network.ts';
import { Populate } from './populate.ts';
import { PowerTuning } from './power-tuning.ts';
import { attendeeSynthesizer, boundaryName, Room } from './room.ts';
import { type Settings, settings } from './settings.ts';
import { StepStack } from './step.ts';
import type { Workspace } from './workspace.ts';

/** Adds the stacks of `workspace` to `app`, whose context holds the settings. */
export function build(app: App, workspace: Workspace): void {
    const given = settings((name) => app.node.tryGetContext(name) as string | undefined);
    const { zones, owner, budget, powerTuning, debug, expiry, room } = given;
    const named = (name: string): { stackName: string } => ({ stackName: `${project}-${name}` });

    const network = new Network(app, 'Network', { ...named('Network'), ...(zones ? { zones } : {}) });
    const database = new Database(app, 'Database', { ...named('Database'), network, debug });
    const populate = new Populate(app, 'Populate', { ...named('Populate'), workspace, network, database });
    const cache = new Cache(app, 'Cache', { ...named('Cache'), network });
    const steps = workspace.steps.filter((it) => given.steps?.includes(it.id) ?? true);
    for (const one of room.length > 0 ? room : [owner]) {
        for (const step of steps) {
            const needs = (service: (typeof step.services)[number]): boolean => step.services.includes(service);
            const stack = new StepStack(app, room.length > 0 ? `${one}-${step.id}` : step.id, {
                ...roomProps(given),
                stackName: stepStackName(step.id, one),
                description: step.title,
                workspace,
                step,
                rate: given.rate,
                extension: step.extension ? (given.extension[step.architecture] ?? 'newest known') : undefined,
                network: step.services.length > 0 ? network : undefined,
                database: needs('database') ? database : undefined,
                cache: needs('cache') ? cache : undefined,
            });
            // The functions find the database through Parameter Store, so that no template says that it must be filled.
            if (needs('database')) stack.addStackDependency(populate);
        }
    }
    if (room.length > 0) new Room(app, 'Room', { ...named('Room'), owners: room });
    if (budget) new Budget(app, 'Budget', { ...named('Budget'), ...budget });
    if (powerTuning) new PowerTuning(app, 'PowerTuning', named('PowerTuning'));
    if (expiry) new Expiry(app, 'Expiry', { stackName: stepStackName('Expiry', owner), ...expiry });

    Tags.of(app).add('project', project);
}

/** In a room no role can become more than a step's function needs, whoever deploys it. */
function roomProps(given: Settings): StackProps {
    const synthesizer: IStackSynthesizer | undefined =
        given.attendee && given.owner !== undefined ? attendeeSynthesizer(given.owner) : undefined;
    const bounded = given.attendee || given.room.length > 0;
    return {
        ...(bounded ? { permissionsBoundary: PermissionsBoundary.fromName(boundaryName) } : {}),
        ...(synthesizer ? { synthesizer } : {}),
    };
}
