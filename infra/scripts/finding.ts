// What a check found: one of `npm run doctor`, or one of the smoke test.

export interface Finding {
    /** What was looked at. */
    readonly what: string;
    /** `look`: it may go on, and somebody should know. `stop`: it cannot work. */
    readonly state: 'ok' | 'look' | 'stop' | 'skipped';
    readonly found: string;
    /** What to do about it, a line each. */
    readonly help?: readonly string[];
}

export function line({ what, state, found, help }: Finding): string {
    return [`${state.padEnd(7)} ${what}: ${found}`, ...(help ?? []).map((it) => `        ${it}`)].join('\n');
}

export function ok(what: string, found: string): Finding {
    return { what, state: 'ok', found };
}

export function look(what: string, found: string, ...help: string[]): Finding {
    return { what, state: 'look', found, help };
}

export function stop(what: string, found: string, ...help: string[]): Finding {
    return { what, state: 'stop', found, help };
}
