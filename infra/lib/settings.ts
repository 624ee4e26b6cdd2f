// What can be given on the command line: `-c owner=ada`.

import type { Node } from 'constructs';

import { zoneCount } from './network.ts';

export interface Settings {
    /** A prefix for the step stacks, so that a room can share an account and its shared stacks. */
    readonly owner?: string;
    /** `zones`: Availability Zones to use, separated by commas. */
    readonly zones?: string[];
    /** `budget` (USD a month) and `email`. */
    readonly budget?: { readonly limit: number; readonly email: string };
    /** `power-tuning=true` */
    readonly powerTuning: boolean;
}

export function settings(app: { readonly node: Node }): Settings {
    const context = (name: string): string | undefined => app.node.tryGetContext(name) as string | undefined;
    const owner = context('owner');
    if (owner !== undefined && !/^[a-z][a-z0-9]{0,19}$/.test(owner)) {
        throw new Error(`owner is ${JSON.stringify(owner)}: give at most 20 lower-case letters and digits, a letter first`);
    }
    const zones = context('zones')?.split(',');
    if (zones !== undefined && zones.length !== zoneCount) {
        throw new Error(`zones is ${JSON.stringify(zones.join(','))}: name ${zoneCount}, separated by a comma`);
    }
    const limit = context('budget');
    const email = context('email');
    if ((limit === undefined) !== (email === undefined) || (limit !== undefined && !(Number(limit) > 0))) {
        throw new Error('a budget alarm needs both -c budget=USD and -c email=ADDRESS');
    }
    return {
        ...(owner !== undefined ? { owner } : {}),
        ...(zones !== undefined ? { zones } : {}),
        ...(limit !== undefined && email !== undefined ? { budget: { limit: Number(limit), email } } : {}),
        powerTuning: context('power-tuning') === 'true',
    };
}
